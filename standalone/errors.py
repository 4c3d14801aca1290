"""The one family of errors of this package: each says in a sentence what a user can do something about."""


class StandaloneError(Exception):
    """Something here could not start, or would not become ready."""


class NotReadyError(StandaloneError):
    """A condition did not come true within its limit."""
