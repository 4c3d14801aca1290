"""What libcurl's numbers mean in our words. Pure. Its own messages are kept only for TLS: others repeat the URL."""

import errno
import os

import pycurl

from collector.probing.outcome import Reason

TLS_ERRORS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_INVALIDCERTSTATUS,
    }
)
TOO_LARGE = 100  # CURLE_TOO_LARGE, which pycurl gives no name

KNOWN: dict[int, tuple[Reason, str]] = {
    pycurl.E_URL_MALFORMAT: ("url", "the URL cannot be read"),
    pycurl.E_COULDNT_RESOLVE_HOST: ("dns", "no such name"),
    pycurl.E_GOT_NOTHING: ("protocol", "closed without an answer"),
    pycurl.E_RECV_ERROR: ("protocol", "the connection broke while its answer was read"),
    pycurl.E_SEND_ERROR: ("protocol", "the connection broke while the request was sent"),
    pycurl.E_UNSUPPORTED_PROTOCOL: ("protocol", "what came is no answer of HTTP"),
    pycurl.E_FTP_WEIRD_SERVER_REPLY: ("protocol", "what came is no answer of HTTP"),
    pycurl.E_PARTIAL_FILE: ("protocol", "the body ended too early"),
    pycurl.E_ABORTED_BY_CALLBACK: ("internal", "given up by us"),
    TOO_LARGE: ("too_large", "its headers are longer than what is read"),
}
LONGEST_DETAIL = 200


def explain(number: int, message: str, system_error: int, stage: str) -> tuple[Reason, str]:
    """The reason and a short text for a failure in `stage` (`connect`, `tls`, `wait`, `transfer`)."""
    if number == pycurl.E_OPERATION_TIMEDOUT:
        return "timeout", f"no end of {STAGES[stage]} within the limit"
    if number in TLS_ERRORS:
        return "tls", message.removeprefix("SSL certificate problem: ")[:LONGEST_DETAIL] or "no trusted connection"
    if number == pycurl.E_COULDNT_CONNECT:
        return _explain_connect(system_error)
    if number in {pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING} and "header" in message.lower():
        return "too_large", "its headers are longer than what is read"
    return KNOWN.get(number, ("protocol", f"libcurl's error {number}"))


STAGES = {"connect": "connecting", "tls": "the TLS handshake", "wait": "waiting", "transfer": "reading"}


def _explain_connect(system_error: int) -> tuple[Reason, str]:
    if system_error == errno.ECONNREFUSED:
        return "refused", "nobody listens there"
    return "connect", os.strerror(system_error).lower() if system_error else "no connection"
