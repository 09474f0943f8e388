"""Which hosts may be asked for images: a table from elsewhere must not look around in here."""

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sightline.ground.source.files import Files
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.storage.addresses import is_web

TableHosts = Literal["auto", "public", "any"]
PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """The web servers that may be asked."""

    is_open: bool
    """Whether every address may be, also those of this machine and its network."""
    trusted: str = ""
    """Host and port that may be asked wherever they are: the user named them."""

    def trusts(self, host: str | None, port: int | None) -> bool:
        """Tell whether a server may be asked whatever its address is."""
        return self.is_open or (self.trusted != "" and f"{host}:{port}" == self.trusted)


OPEN = Reach(is_open=True)


class ForbiddenHostError(OSError):
    """A server has an address that must not be asked.

    It is an OSError, as HTTP clients expect one where they cannot connect; the words are the same
    for each address of a host, since clients join others to one text.
    """

    def __init__(self) -> None:
        super().__init__("an address of this machine or of a private network")


def reach_of(files: Files, table_hosts: TableHosts) -> Reach:
    """Return which servers the images of a source may lie on.

    A table of one's own is trusted. One that came from a server or out of an archive was written
    by others: it reaches the server that it came from, and what everybody can reach.
    """
    if table_hosts == "any" or (table_hosts == "auto" and isinstance(files, LocalFiles)):
        return OPEN
    return reach_from(files.location)


def reach_of_source(source: str, table_hosts: TableHosts) -> Reach:
    """Return which servers may be asked for a source behind an address, redirects included."""
    return OPEN if table_hosts == "any" else reach_from(source)


def reach_from(address: str) -> Reach:
    """Return the reach of what lies behind an address: its own server, and public ones."""
    if not is_web(address):
        return Reach(is_open=False)
    parts = urlsplit(address)
    return Reach(False, f"{parts.hostname}:{parts.port or PORTS[parts.scheme.lower()]}")


def is_public(address: str) -> bool:
    """Tell whether everybody can reach an IP address: it is none of a private network."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if carried or ip in NAT64:
            return is_public(str(carried or ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


def forbidden_host(error: BaseException | None) -> ForbiddenHostError | None:
    """Return the refusal to connect that an HTTP client's exception carries, or None."""
    while error is not None:
        for one in (error, getattr(error, "os_error", None)):
            if isinstance(one, ForbiddenHostError):
                return one
        error = error.__cause__
    return None
