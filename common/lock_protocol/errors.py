"""What is wrong with a message of the fleet."""


class ProtocolError(ValueError):
    """A message that breaks the protocol; its text says how, and holds nothing of the payload."""
