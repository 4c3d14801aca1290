"""Reads a frozen dataclass of settings from an environment, strictly, and tells all faults at once.

A process declares its settings as a frozen dataclass whose fields are made by `setting()`; `read()` builds it.
Nothing here knows which settings there are. A secret may also come from the file that `NAME_FILE` names.
"""

import dataclasses
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Reader = Callable[[str], Any]
Record = TypeVar("Record")

SHORTEST_SECRET = 32


class SettingsError(Exception):
    """One or more settings are wrong; `faults` holds one line for each, by name."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def setting(
    name: str,
    read: Reader,
    help: str,
    *,
    default: Any = dataclasses.MISSING,
    demo: Any = dataclasses.MISSING,
    secret: bool = False,
) -> Any:
    """A field read from the variable `name`; `demo` is its default in a demo, `default` elsewhere.

    Without either it must be given. A secret may come from `name_FILE`, and outside a demo it must neither be
    the demo's value nor shorter than 32 bytes.
    """
    return dataclasses.field(
        metadata={
            "name": name,
            "read": read,
            "help": help,
            "default": default,
            "demo": demo,
            "secret": secret,
        }
    )


def read(record: type[Record], environment: Mapping[str, str]) -> Record:
    """Build `record` from `environment`.

    Raises SettingsError naming every fault there is, not only the first.
    """
    faults: list[str] = []
    demo = _read_demo(environment, faults)
    values = {}
    for field in dataclasses.fields(record):  # type: ignore[arg-type]  # a dataclass, by contract of `record`
        try:
            values[field.name] = _read_field(dict(field.metadata), environment, demo)
        except ValueError as fault:
            faults.append(f"{field.metadata['name']}: {fault}")
    if faults:
        raise SettingsError(faults)
    return record(**values)


def _read_demo(environment: Mapping[str, str], faults: list[str]) -> bool:
    try:
        return boolean(environment.get("WATCHHOUSE_DEMO", "0"))
    except ValueError as fault:
        faults.append(f"WATCHHOUSE_DEMO: {fault}")
        return False


def _read_field(field: dict[str, Any], environment: Mapping[str, str], demo: bool) -> Any:
    raw = _raw_value(field["name"], environment, secret=field["secret"])
    if raw is None:
        return _default_of(field, demo)
    if field["secret"] and not demo and field["demo"] is not dataclasses.MISSING:
        _refuse_weak(raw, field["demo"])
    return field["read"](raw)


def _raw_value(name: str, environment: Mapping[str, str], *, secret: bool) -> str | None:
    """What was given for `name`, or None; an empty value counts as not given."""
    direct, path = environment.get(name, ""), environment.get(f"{name}_FILE", "") if secret else ""
    if direct and path:
        raise ValueError(f"is given twice, also as {name}_FILE")
    if path:
        return _read_file(path)
    return direct or None


def _read_file(path: str) -> str:
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"its file cannot be read ({error.strerror})") from None
    if not content:
        raise ValueError("its file is empty")
    return content


def _default_of(field: dict[str, Any], demo: bool) -> Any:
    for value in ([field["demo"]] if demo else []) + [field["default"]]:
        if value is not dataclasses.MISSING:
            return field["read"](value) if isinstance(value, str) else value
    raise ValueError("is missing")


def _refuse_weak(value: str, known: str) -> None:
    """A URL is judged by the password in it, and by nothing where it holds none."""
    secret, demo = (_password_of(value), _password_of(known)) if "://" in value else (value, known)
    if secret is None:
        return
    if secret == demo:
        raise ValueError("is the demo's value, which everybody knows")
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ValueError(f"is shorter than {SHORTEST_SECRET} bytes")


def _password_of(url: str) -> str | None:
    return urlsplit(url).password


def text(raw: str) -> str:
    """The value as it stands."""
    return raw


def boolean(raw: str) -> bool:
    """1, true, yes, on; 0, false, no, off."""
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if raw.strip().lower() not in known:
        raise ValueError(f"must be on or off, not {raw!r}")
    return known[raw.strip().lower()]


def integer(low: int, high: int) -> Reader:
    """A reader of whole numbers from `low` to `high`."""

    def read_integer(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError(f"must be a whole number, not {raw!r}") from None
        if not low <= value <= high:
            raise ValueError(f"must be from {low} to {high}, not {value}")
        return value

    return read_integer


port = integer(1, 65535)


def number(above: float, most: float) -> Reader:
    """A reader of numbers over `above` and up to `most`, decimals allowed."""

    def read_number(raw: str) -> float:
        try:
            value = float(raw)
        except ValueError:
            raise ValueError(f"must be a number, not {raw!r}") from None
        if not above < value <= most:
            raise ValueError(f"must be over {above} and at most {most}, not {raw}")
        return value

    return read_number


def choice(*words: str) -> Reader:
    """A reader of one of `words`."""

    def read_choice(raw: str) -> str:
        if raw not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {raw!r}")
        return raw

    return read_choice


def words(raw: str) -> tuple[str, ...]:
    """Words parted by commas; blank ones are dropped."""
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def networks(raw: str) -> tuple[Network, ...]:
    """IP networks or addresses parted by commas; `none` for none."""
    if raw.strip() in ("", "none"):
        return ()
    found = []
    for word in words(raw) or ("",):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError:
            raise ValueError(f"{word!r} is no IP address or network") from None
    return tuple(found)


def optional_path(raw: str) -> Path | None:
    """A file's path, made absolute; none for an empty one."""
    return Path(raw).expanduser().absolute() if raw else None


def folder(raw: str) -> Path:
    """An absolute path; a relative one counts from where the process starts."""
    return Path(raw).expanduser().absolute()


def url(*schemes: str) -> Reader:
    """A reader of URLs with one of `schemes`; the fault never repeats the URL, which may hold a password."""

    def read_url(raw: str) -> str:
        scheme, separator, rest = raw.partition("://")
        if not separator or not rest or scheme not in schemes:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        if any(sign.isspace() or sign in '<>"' for sign in raw):
            raise ValueError("holds a space or a sign that no URL may hold")
        return raw

    return read_url
