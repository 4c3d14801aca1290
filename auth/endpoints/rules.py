"""What makes the definition of an endpoint whole, beyond what each field alone can tell. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from common.addresses import Allowed, refuse_url

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
Faults = dict[str, list[str]]


def faults_of(definition: Mapping[str, Any], changed: Collection[str], allowed: Allowed) -> Faults:
    """What is wrong with the whole definition, by field. Only what was `changed` is judged.

    So an endpoint that the operator no longer allows can still be renamed or disabled.
    """
    faults: Faults = {}
    if "url" in changed and (reason := refuse_address(definition["url"], allowed)):
        faults["url"] = [reason]
    has_body = definition["body"] is not None
    if {"method", "body"} & set(changed) and has_body and definition["method"] not in METHODS_WITH_BODY:
        faults["body"] = [f"cannot be sent with {definition['method']}"]
    return faults


def refuse_address(url: str, allowed: Allowed) -> str | None:
    """Why `url` may not be watched, or None. A path is this house's own, and may always be."""
    if not url.startswith("/"):
        return refuse_url(url, allowed)
    if url.startswith("//") or not url.isascii() or not url.isprintable() or any(sign in url for sign in ' \\<>"'):
        return "must be a path like /health/ or an http or https URL, without spaces and special signs"
    return None
