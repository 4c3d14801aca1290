"""Logs as events: a constant `event` name and fields; JSON lines, or readable ones in a terminal.

Never log a password, token, PIN or a whole e-mail: `mask_email` keeps enough of one to recognise it.
"""

import logging
import sys
from typing import Any

import structlog


def configure(process: str, *, level: str = "INFO", form: str = "auto") -> None:
    """Send structlog and the standard library's logging to stderr in one form (`auto`, `json` or `plain`)."""
    plain = form == "plain" or (form == "auto" and sys.stderr.isatty())

    def name_process(_: Any, __: str, event: Any) -> Any:
        return {"process": process, **event}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.EventRenamer("event"),
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(event_key="event") if plain else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    logging.basicConfig(
        level=max(logging.getLevelNamesMapping()[level], logging.WARNING), handlers=[handler], force=True
    )


def mask_email(email: str) -> str:
    """`anna@example.com` as `a…@example.com`: enough to recognise it in a log, too little to use it."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"
