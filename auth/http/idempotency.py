"""`Idempotency-Key`: a repeated POST gets the first one's answer and changes nothing.

The key's row is written in the transaction of the change, so the two are committed together or not at all. Answers
may hold what is shown only once; they are sealed under a key derived from the client's own, which is kept only as a
hash: the table alone opens none of them.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, request
from psycopg2.errors import LockNotAvailable

from auth.database import db, run_within
from auth.http.problems import Problem, bad_fields
from auth.http.responses import Later
from sql.statements import load

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
NONCE_BYTES = 12

statements = load("idempotency")


def repeat_key() -> str | None:
    """The request's key, or None. Raises Problem 422 for one that is empty, too long or not printable ASCII."""
    key = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise bad_fields({HEADER: [f"must have 1 to {LONGEST_KEY} printable ASCII characters"]})
    return key


class KeyVault:
    """Keeps answers for repeats; `secret` makes the sealing keys ours alone."""

    def __init__(self, secret: str) -> None:
        self._salt = sha256(b"idempotency:" + secret.encode()).digest()

    def once(self, user_id: UUID, path: str, key: str, act: Callable[[], Response | Later[Response]]) -> Response:
        """Answer with `act`, committed and kept, or with what it was answered before.

        Who repeats a request while its `Later` is waited for gets the answer for now. Raises Problem 409 while the
        first request runs, 422 when the key came with another body.
        """
        place: dict[str, Any] = {"user_id": user_id, "path": path, "key_hash": sha256(key.encode()).digest()}
        body_hash = sha256(request.get_data()).digest()
        if not self._claim(place, body_hash):
            return self._repeat(place, body_hash, key)
        answer = act()
        response = answer.now if isinstance(answer, Later) else answer
        if response.status_code >= 400:
            db.session.rollback()
            return response
        self._keep(place, key, response)
        if isinstance(answer, Later):
            response = answer.wait()
            self._keep(place, key, response)
        return response

    def _keep(self, place: dict[str, Any], key: str, response: Response) -> None:
        sealed = self._seal(key, place, response.get_data())
        run_within(statements.keep_answer, **place, status=response.status_code, answer=sealed)
        db.session.commit()

    def _claim(self, place: dict[str, Any], body_hash: bytes) -> bool:
        try:
            return bool(run_within(statements.claim_key, **place, body_hash=body_hash))
        except LockNotAvailable:
            db.session.rollback()
            raise Problem(
                409, "A request with this Idempotency-Key is still running", headers={"Retry-After": "1"}
            ) from None

    def _repeat(self, place: dict[str, Any], body_hash: bytes, key: str) -> Response:
        kept_hash, status, answer = run_within(statements.read_answer, **place)[0]
        if bytes(kept_hash) != body_hash:
            raise bad_fields({HEADER: ["was used with another body"]})
        body = self._open(key, place, bytes(answer))
        headers = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}  # it may hold what is shown only once
        return Response(body, status, headers, mimetype="application/json")

    def _sealing_key(self, key: str) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, self._salt, b"answer").derive(key.encode()))

    def _seal(self, key: str, place: dict[str, Any], answer: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._sealing_key(key).encrypt(nonce, answer, _bound_to(place))

    def _open(self, key: str, place: dict[str, Any], sealed: bytes) -> bytes:
        try:
            return self._sealing_key(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(place))
        except InvalidTag:  # SECRET_KEY was changed since: the change was made, its answer cannot be told again
            raise Problem(409, "This Idempotency-Key was used before; its answer is no longer readable") from None


def _bound_to(place: dict[str, Any]) -> bytes:
    """A kept answer opens only at its own user's and path's row."""
    return f"{place['user_id']} {place['path']}".encode()
