"""A request as a line of the journal: the text form of PostgreSQL's COPY, columns as common/journal.py lists them.

Pure. It runs on every request, so what repeats is remembered: the text of the second, of user agents, of problems.
"""

from functools import lru_cache
from time import gmtime, strftime

from common.journal import LARGEST_AMOUNT, NULL, WRITERS

USER_AGENT_LETTERS = 256
DETAIL_LETTERS = 1024
SECOND = 1_000_000
REMEMBERED = 1024

# What COPY would take for the end of a field or line, and what no text in PostgreSQL can hold.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"})


def make_line(
    moment: int,
    writer: int,
    *,
    endpoint: str,
    method: str,
    status: int,
    duration_us: int,
    request_bytes: int,
    response_bytes: int,
    is_probe: bool,
    user_id: str | None,
    ip_address: str | None,
    user_agent: str | None,
    request_id: str | None,
    problem_title: str | None,
    problem_detail: str | None,
) -> bytes:
    """The line of a request that was answered at `moment`, in microseconds since 1970, by `writer`."""
    seconds, rest = divmod(moment, SECOND)
    return (
        f"{_second(seconds)}.{rest:06d}+00\t{field(endpoint)}\t{method}\t{status}\t{duration_us}\t{request_bytes}\t"
        f"{response_bytes}\t{'t' if is_probe else 'f'}\t{user_id or NULL}\t{moment * WRITERS + writer}\t"
        f"{ip_address or NULL}\t{field(user_agent)}\t{escape(request_id)}\t{field(problem_title)}\t"
        f"{field(problem_detail)}\n"
    ).encode("utf-8", "replace")


@lru_cache(4)
def _second(seconds: int) -> str:
    return strftime("%Y-%m-%d %H:%M:%S", gmtime(seconds))


def escape(text: str | None) -> str:
    """`text` so that COPY reads it back."""
    return NULL if text is None else text.translate(ESCAPES)


field = lru_cache(REMEMBERED)(escape)


@lru_cache(REMEMBERED)
def user_agent_of(header: str) -> str:
    """A user agent as its sender meant it: WSGI reads the bytes of UTF-8 as Latin-1."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")[:USER_AGENT_LETTERS]


def size_of(header: str) -> int:
    """The length that a request says its body has; 0 when it says none that could be stored."""
    try:
        return max(0, min(int(header), LARGEST_AMOUNT)) if header else 0
    except ValueError:
        return 0
