"""Whether fault tests run long, as `make faults` asks, or with short seeds beside all others."""

import os
from collections.abc import Callable

IS_LONG = os.environ.get("WATCHHOUSE_FAULTS") == "long"

Tell = Callable[[str, object], None]
