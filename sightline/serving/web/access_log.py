"""A line in the log for each request, where somebody asks for that."""

from sightline.serving.web.accounts import Account
from sightline.serving.web.noise import Noise
from sightline.stage import log

PROBES = ("live", "ready", "metrics")
MOST_REFUSED = 60
"""Lines a minute about refusals of one status: a client can make any number of them, cheaply."""


class AccessLog:
    """Writes what was asked and what became of it; no text of a client but its id."""

    def __init__(self) -> None:
        self._refused: dict[int, Noise] = {}

    def hear(self, account: Account) -> None:
        """Log a request; probes that are answered, and refusals beyond some a minute, are noise."""
        fields = {
            "request_id": account.request_id,
            "protocol": account.protocol,
            "call": account.call,
            "status": account.status,
            "milliseconds": round(1000 * account.seconds, 1),
            "images": account.images,
            "version": account.version or None,
            "bytes_in": account.bytes_in,
            "bytes_out": account.bytes_out,
        }
        if account.status >= 400:
            noise = self._refused.setdefault(account.status, Noise(most=MOST_REFUSED))
            noise.say("request", **fields, refused=account.refused or None)
        elif account.call not in PROBES:
            log.event("request", **fields)
