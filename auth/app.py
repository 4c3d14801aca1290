"""Puts the Flask app together: settings in, a WSGI application out. Everything it is made of is named here."""

import os
from datetime import timedelta
from time import monotonic
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask_jwt_extended import JWTManager

from auth.access import views as access
from auth.access.pins import Pins, pin_lane
from auth.accounts import views as accounts
from auth.accounts.hashing import Lane, Passwords, default_hasher
from auth.admin.rooms import ROOMS
from auth.analytics import views as analytics
from auth.books import views as books
from auth.cache import SharedCache
from auth.database import ENGINE, use_database
from auth.devices import command_views as device_commands
from auth.devices import share_views as device_shares
from auth.devices import views as devices
from auth.endpoints import views as endpoints
from auth.gate import Gate
from auth.health import views as health
from auth.home.rooms import ROOMS as HOME_ROOMS
from auth.hosts import views as hosts
from auth.house import KEY, Parts
from auth.http import problems
from auth.http.openapi import describe
from auth.http.paging import KeyConverter
from auth.http.route import Mounting
from auth.incidents import views as incidents
from auth.journal.addresses import show_by
from auth.journal.journal import Journal
from auth.journal.recording import Recorder
from auth.loans import views as loans
from auth.maintenance import views as maintenance
from auth.metrics import views as metrics
from auth.metrics.cache_counts import count_cache
from auth.metrics.exporter import count_requests
from auth.metrics.query_times import time_queries
from auth.monitors import views as monitors
from auth.pages import views as pages
from auth.pages.cookies import CookieSessions
from auth.pages.naming import named
from auth.pages.views import describe_with
from auth.probes import marks_of
from auth.request_log import views as request_log
from auth.resources import views as resources
from auth.security import views as security
from auth.settings import Settings
from auth.sign_in import COOKIE_NAME
from auth.status import views as status
from auth.status.keeper import Keeper
from auth.tokens import TokenReader
from auth.users import views as users
from common.asking import WaitingRoom
from common.journal import FOLDER
from sql.engine import driver_url, engine_options

VERSION = "0.1.0"
MEGABYTE = 1024 * 1024
BODY_BYTES = MEGABYTE
DOMAINS = (
    accounts.routes,
    users.routes,
    resources.routes,
    health.routes,
    status.routes,
    endpoints.routes,
    incidents.routes,
    maintenance.routes,
    hosts.routes,
    analytics.routes,
    request_log.routes,
    monitors.routes,
    devices.routes,
    device_commands.routes,
    device_shares.routes,
    access.routes,
    security.routes,
    books.routes,
    loans.routes,
    metrics.routes,
    pages.routes,
    *HOME_ROOMS,
    *ROOMS,
)


class House(Flask):
    """Flask, with what it does on every request for features that this house does not use left out."""

    def ensure_sync(self, func: Any) -> Any:
        """Views and hooks here are plain functions: nothing to look for, five times a request."""
        return func


def create_app(settings: Settings, hasher: PasswordHasher | None = None) -> Flask:
    """The application; nothing connects to anything before the first request."""
    app = House("auth", static_folder="static", template_folder="templates")
    app.config.update(_flask_settings(settings))
    app.session_interface = CookieSessions()
    app.url_map.merge_slashes = False
    app.url_map.converters["key"] = KeyConverter
    count_requests(app, settings.data)
    JWTManager(app)
    use_database(app)
    time_queries(app)
    count_cache(app)
    app.extensions["token_reader"] = TokenReader()
    app.extensions[KEY] = _furnish(app, settings, hasher or default_hasher())
    app.context_processor(lambda: {"is_demo": settings.is_demo})  # said on every page
    app.add_template_filter(named)
    problems.register(app)
    mounting = Mounting(settings)
    for routes in DOMAINS:
        mounting.mount(app, routes)
    describe_with(app, describe(DOMAINS, VERSION))
    marks = marks_of(app.extensions[ENGINE])
    recorder = Recorder(app.extensions[KEY].journal, show_by(settings.address_form, settings.secret_key))
    app.wsgi_app = Gate(app.wsgi_app, settings.trusted_proxies, marks.recognise, recorder.record)  # type: ignore[method-assign]  # as Flask's docs have it
    return app


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "JWT_SECRET_KEY": settings.secret_key,
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=settings.access_minutes),
        "JWT_COOKIE_CSRF_PROTECT": False,
        "JWT_ENCODE_NBF": False,
        "MAX_CONTENT_LENGTH": BODY_BYTES,
        "TRUSTED_HOSTS": None if "*" in settings.allowed_hosts else list(settings.allowed_hosts),
        "SESSION_COOKIE_NAME": COOKIE_NAME,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.public_url.startswith("https://"),
        "SQLALCHEMY_DATABASE_URI": driver_url(settings.database_url),
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(process="auth", pool_size=settings.threads),
    }


def _furnish(app: Flask, settings: Settings, hasher: PasswordHasher) -> Parts:
    quarter = max(1, settings.threads // 4)
    slots = max(1, (os.cpu_count() or 1) // 2)
    lane = Lane(settings.data / "locks", slots=slots, waiters=quarter)
    return Parts(
        settings=settings,
        passwords=Passwords(hasher, lane),
        pins=Pins(settings.pin_pepper, pin_lane(settings.data, slots=slots, waiters=quarter)),
        waiting_room=WaitingRoom(quarter),
        status=Keeper(settings.data / "status"),
        journal=Journal(settings.data / FOLDER, settings.journal_megabytes * MEGABYTE),
        cache=SharedCache(app, settings.data / "cache"),
        started_at=monotonic(),
    )
