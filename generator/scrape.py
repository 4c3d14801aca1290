"""Reads `user_actions_total` out of the service's /metrics text. Pure; it must not know who the people are."""

import re
from collections.abc import Container

_SAMPLE = re.compile(r'^user_actions_total\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\} +(\S+)', re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse_user_actions(text: str, users: Container[str]) -> dict[tuple[str, str], int]:
    """The counter by (user, action), for `users` only: the service may have thousands of others."""
    counts = {}
    for labels, value in _SAMPLE.findall(text):
        named = dict(_LABEL.findall(labels))
        if named.get("user") in users and "action" in named:
            counts[named["user"], named["action"]] = int(float(value))
    return counts
