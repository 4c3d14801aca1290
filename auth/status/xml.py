"""Text that others wrote, made fit to stand in XML."""

import re

from markupsafe import escape

UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 has no place for


def fit(text: str) -> str:
    """`text` escaped, for an element or an attribute, without the signs that would make the document broken."""
    return str(escape(UNFIT.sub("", text)))
