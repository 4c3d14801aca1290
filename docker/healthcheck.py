"""The health check of our images: exit status 0 when the URL given answers with 2xx, 1 when not.

Runs every few seconds for ever in every container, so it imports little. Knows no service: the Dockerfile names one.
"""

import http.client
import sys
from urllib.parse import urlsplit

LIMIT_SECONDS = 3
SUCCESS = range(200, 300)


def is_healthy(url: str) -> bool:
    """Whether a GET of `url` is answered with 2xx in time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status in SUCCESS
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1]) else 1)
