"""Named statements: read from `queries/<owner>.sql`, prepared once per connection, run by name.

A file holds blocks of `-- name:`, `-- purpose:` (with the reason it is SQL and not the ORM), `-- params:` (name and
type, parted by commas) and the statement with `:name` where a value goes. Values never become part of the text:
they go to PostgreSQL as parameters of a prepared statement, which also saves its planning.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

from sqlalchemy.pool import PoolProxiedConnection

Row = tuple[Any, ...]

BLOCK = re.compile(r"^-- name: ", re.MULTILINE)
PLACEHOLDER_NUMBER = re.compile(r"\$(\d+)")
PLACEHOLDER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)\b")


@dataclass(frozen=True)
class Statement:
    """A statement with its parameters in order: `types` as PostgreSQL names them, `text` with $1, $2, …"""

    name: str
    purpose: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    text: str

    @property
    def prepare(self) -> str:
        """The PREPARE that makes it known to a connection."""
        signature = f"({', '.join(self.types)})" if self.types else ""
        return f"PREPARE {self.name}{signature} AS {self.text}"

    @property
    def execute(self) -> str:
        """The EXECUTE, in the driver's parameter style."""
        return f"EXECUTE {self.name}" + (f"({', '.join(['%s'] * len(self.names))})" if self.names else "")


@cache
def _execute_of(statement: Statement) -> str:
    return statement.execute


def run(connection: PoolProxiedConnection, statement: Statement, **values: Any) -> list[Row]:
    """Run `statement` on a pooled connection and return its rows (none for a statement that gives none).

    Raises the driver's errors; `sql.errors.translate` makes them ours. A missing value is a KeyError.
    """
    prepared: set[str] = connection.info.setdefault("prepared", set())
    with closing(connection.cursor()) as cursor:
        if statement.name not in prepared:
            cursor.execute(statement.prepare)
            prepared.add(statement.name)
        cursor.execute(_execute_of(statement), [values[name] for name in statement.names])
        return list(cursor.fetchall()) if cursor.description else []


def stream(connection: PoolProxiedConnection, statement: Statement, size: int, **values: Any) -> Iterator[list[str]]:
    """The first column of `statement`'s rows in lists of `size`, by a cursor that the server keeps open meanwhile.

    Must run in a transaction; ends by itself with it.
    """
    run_text = PLACEHOLDER_NUMBER.sub(
        lambda found: f"%({statement.names[int(found[1]) - 1]})s::{statement.types[int(found[1]) - 1]}",
        statement.text.replace("%", "%%"),
    )
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"DECLARE {statement.name} NO SCROLL CURSOR FOR {run_text}", values)
        while True:
            cursor.execute(f"FETCH {size} FROM {statement.name}")
            rows = cursor.fetchall()
            if not rows:
                return
            yield [row[0] for row in rows]


def load(owner: str) -> SimpleNamespace:
    """All statements of `queries/<owner>.sql`, as attributes by their names."""
    content = resources.files("sql").joinpath("queries", f"{owner}.sql").read_text(encoding="utf-8")
    return SimpleNamespace(**{statement.name: statement for statement in parse(content)})


def parse(content: str) -> Iterator[Statement]:
    """The statements of a file's content; raises ValueError where a block is not whole."""
    for block in BLOCK.split(content)[1:]:
        yield _parse_block(block)


def _parse_block(block: str) -> Statement:
    name, _, rest = block.partition("\n")
    header, lines = _split_header(rest)
    if not header.get("purpose"):
        raise ValueError(f"statement {name.strip()} states no purpose")
    declared = [part.strip().split(" ", 1) for part in header.get("params", "").split(",") if part.strip()]
    names = tuple(words[0] for words in declared)
    text = PLACEHOLDER.sub(lambda found: f"${names.index(found[1]) + 1}", lines.strip().removesuffix(";"))
    return Statement(name.strip(), header["purpose"], names, tuple(words[1] for words in declared), text)


def _split_header(block: str) -> tuple[Mapping[str, str], str]:
    """The `-- key: value` lines at a block's top, continued by `--   ` lines, and what follows them."""
    header: dict[str, str] = {}
    key, lines = "", block.split("\n")
    for position, line in enumerate(lines):
        if found := re.match(r"-- (purpose|params): (.*)", line):
            key = found[1]
            header[key] = found[2].strip()
        elif line.startswith("--   ") and key:
            header[key] += " " + line[5:].strip()
        else:
            return header, "\n".join(lines[position:])
    return header, ""
