"""PIN codes as server and lock check them: one verifier for both, argon2id over HMAC(code key, PIN).

Who steals the table has no key to try PINs with; who has the key too still pays argon2 for each try. The parameters are
the smallest of OWASP's Password Storage Cheat Sheet (7 MiB, five passes), since a lock has little memory.
"""

import hmac
from hashlib import sha256

from argon2 import PasswordHasher

PIN_HASHER = PasswordHasher(time_cost=5, memory_cost=7168, parallelism=1)
MOST_PINS = 30  # of a device: a wrong PIN costs a try at each
KEPT_PINS = 5  # of those, that open nothing any more: who still types one knew it, and is no guesser


def code_material(code_key: bytes, pin: str) -> str:
    """What argon2 is run over: HMAC-SHA256 of the PIN under the device's code key, in hexadecimal."""
    return hmac.digest(code_key, pin.encode(), "sha256").hex()


def table_hash(params: str) -> str:
    """What a lock calls the code table it has: SHA-256 of the `params` text that brought it, in hexadecimal."""
    return sha256(params.encode()).hexdigest()
