"""Access and refresh tokens: JWTs that say which sign-in (`sid`) they come from, and nothing about rights.

Verifying a signature is pure, so its result is kept for a while; whether the session and its account still stand is
read on every request, never kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from time import time
from uuid import UUID

import jwt
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from auth.http.problems import unauthorized

KEPT_VERIFICATIONS = 4096
LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token with a good signature says. `generation` is -1 for an access token."""

    user_id: str
    session_id: str
    kind: str
    generation: int
    expires_at: float


class TokenReader:
    """Verifies tokens, remembering the newest ones: half of a request's cost would be the same HMAC again."""

    def __init__(self) -> None:
        self._verify = lru_cache(KEPT_VERIFICATIONS)(_verify)

    def read(self, token: str, kind: str) -> Claims:
        """The claims of a token of `kind` (access, refresh). Raises Problem 401."""
        if len(token) > LONGEST_TOKEN:
            raise unauthorized("The token is not valid")
        try:
            claims = self._verify(token)
        except jwt.ExpiredSignatureError:
            raise unauthorized("The token has expired") from None
        except (jwt.InvalidTokenError, JWTExtendedException, KeyError, ValueError):
            raise unauthorized("The token is not valid") from None
        if claims.expires_at <= time():
            raise unauthorized("The token has expired")
        if claims.kind != kind:
            raise unauthorized("The token is not valid")
        return claims


def _verify(token: str) -> Claims:
    found = decode_token(token)
    return Claims(
        str(UUID(found["sub"])), str(UUID(found["sid"])), found["type"], int(found.get("gen", -1)), float(found["exp"])
    )


def make_access_token(user_id: UUID, session_id: UUID, life: timedelta) -> str:
    """A bearer token for one sign-in."""
    token: str = create_access_token(str(user_id), expires_delta=life, additional_claims={"sid": str(session_id)})
    return token


def make_refresh_token(user_id: UUID, session_id: UUID, generation: int, rotated_at: datetime, life: timedelta) -> str:
    """The refresh token of a family's `generation`: always the same one, so an honest retry can be given it again."""
    token: str = create_refresh_token(
        str(user_id),
        expires_delta=life,
        additional_claims={
            "sid": str(session_id),
            "gen": generation,
            "jti": sha256(f"{session_id}.{generation}".encode()).hexdigest()[:32],
            "iat": int(rotated_at.timestamp()),
            "exp": int((rotated_at + life).timestamp()),
        },
    )
    return token
