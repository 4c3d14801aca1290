"""Hands letters to a mail server, or to the demo's mailbox. Knows nothing of the outbox or of when to try again."""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from collector.errors import DeliveryDelayed, DeliveryRefused, MailServerAway

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
STEP_SECONDS = 15.0  # a server's limit for one answer
PERMANENT = 500  # SMTP's answers from here on will be the same tomorrow


@dataclass(frozen=True)
class MailServer:
    """Where mail goes and how: the parts of SMTP_URL."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)


def mail_server(raw: str) -> MailServer:
    """A setting's reader: `scheme://user:password@host:port`. The fault never repeats what may hold a password."""
    try:
        parts = urlsplit(raw)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no URL with a host and a port") from None
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query:
        raise ValueError("must be smtp://, smtps:// or smtp+starttls://, then [user:password@]host[:port]")
    return MailServer(
        parts.scheme, host, port or PORTS[parts.scheme], unquote(parts.username or ""), unquote(parts.password or "")
    )


@dataclass(frozen=True)
class Letter:
    """A mail before it is written out; `key` is the same at every try."""

    key: UUID
    sender: str
    recipient: str
    subject: str
    body: str
    written_at: datetime


def write_out(letter: Letter) -> EmailMessage:
    """The mail with its headers; raises ValueError for a line break in a header."""
    message = EmailMessage(policy=SMTP)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = letter.written_at
    message["Message-ID"] = f"<{letter.key}@{parseaddr(letter.sender)[1].rpartition('@')[2]}>"
    message["X-Idempotency-Key"] = str(letter.key)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


class Carrier(Protocol):
    """Takes letters for as long as one round of sending lasts."""

    def send(self, letter: Letter) -> None:
        """Return once the letter is taken; raises a DeliveryError."""

    def close(self) -> None:
        """The round is over."""


class Mailbox:
    """The demo's: a letter lies in the outbox already, where the mailbox page shows it."""

    def send(self, letter: Letter) -> None:
        """Taken."""

    def close(self) -> None:
        """Nothing is open."""


class MailSession:
    """One connection to a mail server, opened by the first letter."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        """Return once the server has taken the letter; raises a DeliveryError."""
        try:
            message = write_out(letter)
        except ValueError as error:
            raise DeliveryRefused(f"cannot be written out: {error}") from None
        try:
            self._smtp = self._smtp or self._open()
            self._smtp.send_message(message, parseaddr(letter.sender)[1], [letter.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(*error.recipients[letter.recipient]) from None
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryRefused(str(error)) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise MailServerAway(f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Leave the server politely, or just leave."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()

    def _open(self) -> smtplib.SMTP:
        server = self._server
        # Our own name is given, since the library would ask the resolver for it and may wait long.
        name = socket.gethostname()
        if server.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=STEP_SECONDS, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=STEP_SECONDS)
        try:
            if server.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _refusal(code: int, answer: bytes | str) -> DeliveryRefused | DeliveryDelayed:
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return (DeliveryRefused if code >= PERMANENT else DeliveryDelayed)(f"{code} {words}")
