"""The Flask service's one database: the session for a request's transaction, and statements on their own."""

from typing import Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy

from sql.engine import run_once
from sql.models import Base
from sql.statements import Row, Statement, run

ENGINE = "engine"

db = SQLAlchemy(metadata=Base.metadata)


def use_database(app: Flask) -> None:
    """Give `app` its session, and its engine at hand: the look-up of the extension is not for every request."""
    db.init_app(app)
    with app.app_context():
        app.extensions[ENGINE] = db.engine


def run_alone(statement: Statement, **values: Any) -> list[Row]:
    """Run a statement as a transaction of its own, in one round trip."""
    return run_once(current_app.extensions[ENGINE], statement, **values)


def run_within(statement: Statement, **values: Any) -> list[Row]:
    """Run a statement in the request's transaction, which the route commits."""
    return run(db.session.connection().connection, statement, **values)
