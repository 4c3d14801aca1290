"""May this connection be made? Asked at every real connect, with the address that the system would connect to."""

from dataclasses import dataclass

from collector.probing.target import Where, read_where
from common.addresses import Allowed, judge, literal_address


@dataclass(frozen=True)
class Guard:
    """What an operator allowed, and where this house's own service is."""

    allowed: Allowed
    own: Where | None = None

    @classmethod
    def of(cls, allowed: Allowed, own_url: str | None = None) -> "Guard":
        """A guard that lets own probes through to `own_url`'s host and port."""
        return cls(allowed, read_where(own_url) if own_url else None)

    def refuse(self, address: str, port: int, where: Where, named: frozenset[str], *, is_own: bool) -> str | None:
        """Why not, or None. `named` are the addresses that the URL's host was resolved to by us.

        A name that is listed vouches for those addresses only: a URL that is read in two ways gains nothing by it.
        """
        if is_own:
            return None if self._is_own(where) and port == where.port and address in named else "not our own service"
        if port == where.port and address in named and self.allowed.names_host(where.host, where.port):
            return None
        return judge(address, port, self.allowed)

    def _is_own(self, where: Where) -> bool:
        return self.own is not None and (where.host, where.port) == (self.own.host, self.own.port)


def literal(host: str) -> str | None:
    """The address that a host spells, as the system would write it; None for a name."""
    found = literal_address(host)
    return None if found is None else str(found)
