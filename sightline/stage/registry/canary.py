"""How deploy and the servers of a model folder talk about a challenger: files below `.canary`.

Whoever moves traffic writes an order: which version gets which share of the requests, until when.
Every server of the folder follows it, and writes what both versions did since.
"""

import json
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from pydantic import Field, TypeAdapter, ValidationError

from sightline.ground.models.model_folder import CANARY, CHALLENGER_PREFIX
from sightline.ground.storage.files import write_whole

SCHEMA, REPORT_SCHEMA = "sightline.canary", "sightline.canary_report"
VERSION = 1
ORDER_FILE = "order.json"
FRESH_SECONDS = 10.0
"""How old the word of a server may be that answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which share of the requests a challenger gets."""

    version: int
    share: Annotated[float, Field(ge=0, lt=1)]
    until: float | None = None
    """In seconds since 1970: after it the live version answers everything again; None is forever.

    A deployment that is killed gives no more orders.
    """
    id: str = field(default_factory=lambda: uuid4().hex)
    """Counts of servers begin anew with another one."""

    @property
    def holds(self) -> bool:
        """Tell whether it is to be followed now."""
        return self.until is None or time.time() < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one version did since the order, on one server."""

    version: int
    requests: int = 0
    errors: int = 0
    seconds: tuple[float, ...] = ()
    """How long its latest answers took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a server did since an order."""

    server: str
    order: str
    time: float
    """When it wrote this, in seconds since 1970."""
    loaded: bool
    """Whether the challenger has repeated its golden answers there."""
    problem: str = ""
    """Why it does not load."""
    live: Side
    challenger: Side
    compared: int = 0
    """Images that both versions answered."""
    agreed: int = 0


ORDERS, REPORTS = TypeAdapter(Order), TypeAdapter(Report)


def give_order(folder: Path, order: Order) -> None:
    """Have the servers of a folder follow an order."""
    place = folder / CANARY
    place.mkdir(exist_ok=True)
    _write(place / ORDER_FILE, SCHEMA, asdict(order))


def end_order(folder: Path) -> None:
    """Have the live version answer everything."""
    (folder / CANARY / ORDER_FILE).unlink(missing_ok=True)
    # A server may be about to write what nobody reads any more.
    shutil.rmtree(folder / CANARY, ignore_errors=True)


def end_old_order(folder: Path) -> None:
    """End an order whose time is over, or whose version is no challenger any more."""
    if not (folder / CANARY / ORDER_FILE).is_file():
        return
    order = order_of(folder)
    if order is None or not (folder / f"{CHALLENGER_PREFIX}{order.version}").is_dir():
        end_order(folder)


def order_of(folder: Path) -> Order | None:
    """Return the order that holds now; None where there is none, or one that nobody can read."""
    found = _read(folder / CANARY / ORDER_FILE, SCHEMA)
    try:
        order = ORDERS.validate_python(found) if found else None
    except ValidationError:
        return None
    return order if order and order.holds else None


def write_report(folder: Path, report: Report) -> None:
    """Say what a server did.

    Raises:
        OSError: the folder cannot be written.
    """
    place = folder / CANARY
    if place.is_dir():  # the order may have ended just now
        _write(place / f"{report.server}.json", REPORT_SCHEMA, asdict(report))


def reports_on(folder: Path, order: Order) -> Sequence[Report]:
    """Return what servers say that answer now and follow this order."""
    found = []
    for path in sorted((folder / CANARY).glob("*.json")):
        content = _read(path, REPORT_SCHEMA) if path.name != ORDER_FILE else None
        if content is None:
            continue
        with suppress(ValidationError):
            report = REPORTS.validate_python(content)
            if report.order == order.id and time.time() - report.time < FRESH_SECONDS:
                found.append(report)
    return found


def _write(path: Path, schema: str, content: dict[str, Any]) -> None:
    document = {"schema": schema, "schema_version": VERSION, **content}
    write_whole(path, json.dumps(document) + "\n")


def _read(path: Path, schema: str) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    marks = content.pop("schema", None), content.pop("schema_version", None)
    return content if marks == (schema, VERSION) else None
