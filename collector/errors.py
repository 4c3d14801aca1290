"""What can go wrong here, one family. Drivers' errors become these where the driver is called."""


class CollectorError(Exception):
    """The base of this package's errors; its text is for an operator."""


class BrokerError(CollectorError):
    """The broker did not let us in."""


class MailError(CollectorError):
    """A mail was not taken."""


class MailRefused(MailError):
    """Taken never: the recipient or the message itself was refused for good."""


class MailDelayed(MailError):
    """Not taken now; another try may succeed. Other messages may well go through."""


class MailServerAway(MailError):
    """The server itself cannot be reached or will not work with us: no message has a chance now."""
