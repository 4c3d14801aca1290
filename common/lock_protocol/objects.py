"""JSON objects as they come over the fleet's topics: bounded before they are read."""

from typing import Any

import orjson

from common.lock_protocol.errors import ProtocolError


def read_object(payload: bytes, most_bytes: int) -> dict[str, Any]:
    """The object in `payload`. Raises ProtocolError for what is too long, no JSON or no object."""
    if len(payload) > most_bytes:
        raise ProtocolError(f"longer than {most_bytes} bytes")
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise ProtocolError("is not JSON") from None
    if type(content) is not dict:
        raise ProtocolError("is not an object")
    return content
