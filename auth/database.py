"""The Flask service's one database: the session for a request's transaction, and statements on their own."""

from typing import Any

from flask_sqlalchemy import SQLAlchemy

from sql.engine import run_once
from sql.models import Base
from sql.statements import Row, Statement, run

db = SQLAlchemy(metadata=Base.metadata)


def run_alone(statement: Statement, **values: Any) -> list[Row]:
    """Run a statement as a transaction of its own, in one round trip."""
    return run_once(db.engine, statement, **values)


def run_within(statement: Statement, **values: Any) -> list[Row]:
    """Run a statement in the request's transaction, which the route commits."""
    return run(db.session.connection().connection, statement, **values)
