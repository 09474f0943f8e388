"""A challenger that shares the requests of the servers of its folder."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from components.deploy.target import Counts, Observation
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import CHALLENGER_PREFIX, FolderError
from sightline.stage.registry.canary import (
    Order,
    Report,
    Side,
    end_order,
    give_order,
    order_of,
    reports_on,
)
from sightline.stage.registry.changes import challenger_gone
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.place import Place

SERVER_SECONDS = 4.0
"""How long a server may take to say that it follows the folder; it looks every second."""
LEASE_SECONDS = 60.0
"""How long servers share requests without a word of the deployment."""
POLL_SECONDS = 0.1


class Sharing:
    """Orders to the servers of a folder, and what they answer."""

    def __init__(self, folder: Path, version: int) -> None:
        """Know who is about to share."""
        self._folder = folder
        self._order = Order(version=version, share=0.0, until=time.time() + LEASE_SECONDS)

    def nobody(self) -> str:
        """Show the challenger to all servers; say so where none answers."""
        give_order(self._folder, self._order)
        deadline = time.monotonic() + SERVER_SECONDS
        while time.monotonic() < deadline:
            if reports_on(self._folder, self._order):
                return ""
            time.sleep(POLL_SECONDS)
        self.end()
        return (
            f"no server of {self._folder} answers that could share its requests (sightline serve)."
        )

    def give(self, share: float) -> None:
        """Give the challenger this share of the requests; counts begin anew."""
        if self.taken_away():
            return  # somebody else's order may stand there; `observe` says what happened
        self._order = Order(
            version=self._order.version, share=share, until=time.time() + LEASE_SECONDS
        )
        give_order(self._folder, self._order)

    def end(self) -> None:
        """Have the live version answer everything, unless somebody has another one share by now."""
        standing = order_of(self._folder)
        if standing is None or standing.version == self._order.version:
            end_order(self._folder)

    def taken_away(self) -> str:
        """Say who ended what the challenger has of the traffic; nothing where nobody did."""
        return challenger_gone(LocalPlace(self._folder), self._order.version)

    def observe(self) -> Observation:
        """Add up what the servers say, and have them go on."""
        if text := self.taken_away():
            return Observation(live=Counts(), challenger=Counts(), problem=text)
        left = (self._order.until or 0.0) - time.time()
        if left < LEASE_SECONDS / 2:
            self._order = replace(self._order, until=time.time() + LEASE_SECONDS)
            give_order(self._folder, self._order)
        found = reports_on(self._folder, self._order)
        return Observation(
            live=_sum([one.live for one in found]),
            challenger=_sum([one.challenger for one in found]),
            compared=sum(one.compared for one in found),
            agreed=sum(one.agreed for one in found),
            problem=_problem(self._order.version, found),
        )


def _problem(version: int, found: Sequence[Report]) -> str:
    problem = next((one.problem for one in found if one.problem), "")
    return f"A server cannot load version {version}: {problem}" if problem else ""


def _sum(sides: Sequence[Side]) -> Counts:
    seconds = [second for one in sides for second in one.seconds]
    return Counts(
        requests=sum(one.requests for one in sides),
        errors=sum(one.errors for one in sides),
        seconds=statistics.median(seconds) if seconds else None,
    )


def no_sharing(place: Place, digest: str) -> None:
    """Refuse to begin while another deployment shares the requests of the folder's servers.

    Raises:
        FolderError: one does, of another bundle.
    """
    order = order_of(place.folder) if isinstance(place, LocalPlace) else None
    if order is None:
        return
    name = f"{CHALLENGER_PREFIX}{order.version}"
    try:
        if not place.has(f"{name}/bundle.json") or place.info(name).digest == digest:
            return
    except DataError:
        return
    raise FolderError(
        f"{place.shown}: expected no other version that shares the requests; version "
        f"{order.version} gets {order.share:.0%} of them. Wait for its deployment to end, or end "
        "it by hand: sightline rollback takes it back, sightline models promote makes it live."
    )
