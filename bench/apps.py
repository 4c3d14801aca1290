"""The applications that are compared: bare Flask, the stock way, and this house, under the same gunicorn."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt, jwt_required
from flask_sqlalchemy import SQLAlchemy
from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics
from sqlalchemy import select

import auth.app
from auth.http.route import Routes, SignIn
from auth.settings import read_settings
from sql.engine import driver_url, engine_options
from sql.models import Base, Resource, Session, User, UserActionTotal, usage_stats

ANSWER = {"message": "Token is valid"}


def bare() -> Flask:
    """Flask with one view and nothing else."""
    app = Flask("bare")
    app.add_url_rule("/plain", view_func=lambda: jsonify(ANSWER))
    return app


def bare_bytes() -> Flask:
    """Flask with one view that returns the bytes of a file, packed, and nothing else."""
    app = Flask("bare_bytes")
    content = Path(os.environ["BENCH_BYTES"]).read_bytes()
    app.add_url_rule("/bytes", view_func=lambda: Response(content, headers={"Content-Encoding": "gzip"}))
    return app


def stock() -> Flask:
    """The user's libraries as their own documentation uses them."""
    app = Flask("stock")
    settings = read_settings(os.environ)
    app.config["JWT_SECRET_KEY"] = settings.secret_key
    app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(process="stock", pool_size=settings.threads)
    JWTManager(app)
    GunicornInternalPrometheusMetrics(app)
    db = SQLAlchemy(app, metadata=Base.metadata)

    @app.get("/signed")
    @jwt_required()
    def signed() -> Any:
        return jsonify(ANSWER)

    @app.get("/actions/read")
    @jwt_required()
    def read() -> Any:
        session = db.session.get(Session, UUID(get_jwt()["sid"]))
        user = session and db.session.get(User, session.user_id)
        if (
            session is None
            or session.ended_at
            or session.expires_at < datetime.now(UTC)
            or not user
            or not user.is_active
        ):
            return jsonify({"message": "Session has ended"}), 401
        db.session.execute(usage_stats.insert().values(user_id=user.id, action="read"))
        total = db.session.get(UserActionTotal, (user.id, "read"))
        if total is None:
            total = UserActionTotal(user_id=user.id, action="read", total=0)
            db.session.add(total)
        total.total = UserActionTotal.total + 1
        limit = int(request.args["limit"])
        rows = db.session.scalars(select(Resource).order_by(Resource.id).limit(limit + 1)).all()
        columns = Resource.__table__.columns.keys()
        data = [{name: _plain(getattr(row, name)) for name in columns} for row in rows[:limit]]
        db.session.commit()
        return jsonify({"message": "Resources retrieved successfully", "data": data})

    return app


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def house() -> Flask:
    """This house, with one more route that needs a token and no database."""
    extra = Routes("bench")
    extra.add("GET", "/signed", sign_in=SignIn.TOKEN, answers={200: None})(lambda: dict(ANSWER))
    auth.app.DOMAINS = (*auth.app.DOMAINS, extra)
    return auth.app.create_app(read_settings(os.environ))
