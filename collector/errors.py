"""What can go wrong here, one family. Drivers' errors become these where the driver is called."""


class CollectorError(Exception):
    """The base of this package's errors; its text is for an operator."""


class BrokerError(CollectorError):
    """The broker did not let us in."""


class AuthError(CollectorError):
    """Auth did not answer, or not with what was asked for."""


class DeliveryError(CollectorError):
    """A message was not taken; its text holds no secret of where it went."""


class DeliveryRefused(DeliveryError):
    """Taken never: the recipient or the message itself was refused for good."""


class DeliveryDelayed(DeliveryError):
    """Not taken now; another try may succeed. Other messages may well go through."""


class MailServerAway(DeliveryError):
    """The server itself cannot be reached or will not work with us: no mail has a chance now."""
