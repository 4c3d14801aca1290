"""Mosquitto's password file as text, an account a line; the names of the house's own accounts. Knows no lock, no file.

Whoever starts a broker writes the house's accounts; the collector writes the whole file once it knows the locks.
"""

import base64
import hashlib
from collections.abc import Iterable

from common.lock_protocol.topics import CHECKER, COLLECTOR

HOUSE = (COLLECTOR, CHECKER)
ITERATIONS = 101  # what mosquitto_passwd writes
KEY_ITERATIONS = 1  # a key of 256 random bits needs no slow hash; the broker makes one for each lock at every reload
SALT_BYTES = 12


def account_line(name: str, password: str, salt: bytes, iterations: int) -> str:
    """An account as Mosquitto 2 keeps it: PBKDF2 with SHA-512."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"{name}:$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def house_lines(password: str, salt: bytes) -> str:
    """The collector's accounts: one for its link, and one to knock with, which must not cut the link."""
    return "".join(account_line(name, password, salt, ITERATIONS) for name in HOUSE)


def other_lines(lines: Iterable[str]) -> str:
    """Those of a file's lines that are whole and not of the house."""
    return "".join(line for line in lines if line.endswith("\n") and line.partition(":")[0] not in HOUSE)
