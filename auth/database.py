"""The Flask service's one database: the session for a request's transaction, and statements on their own."""

from typing import Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError

from sql.engine import run_once
from sql.models import Base
from sql.statements import Row, Statement, run

ENGINE = "engine"

db = SQLAlchemy(metadata=Base.metadata)


def use_database(app: Flask) -> None:
    """Give `app` its session, and its engine at hand: the look-up of the extension is not for every request."""
    db.init_app(app)
    app.teardown_appcontext(end_session)
    with app.app_context():
        app.extensions[ENGINE] = db.engine


def end_session(_: BaseException | None) -> None:
    """Give the request's connection back, before the extension does: it lets an answer fall that is ready to be sent,
    where the database went away with the transaction and there is nothing to roll back."""
    try:
        db.session.remove()
    except DBAPIError as error:
        db.session.registry.clear()
        if not error.connection_invalidated:
            raise


def run_alone(statement: Statement, **values: Any) -> list[Row]:
    """Run a statement as a transaction of its own, in one round trip."""
    return run_once(current_app.extensions[ENGINE], statement, **values)


def run_within(statement: Statement, **values: Any) -> list[Row]:
    """Run a statement in the request's transaction, which the route commits."""
    return run(db.session.connection().connection, statement, **values)
