"""What is in a model folder: versions by number or alias, what they come from, what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import (
    CHALLENGER_PREFIX,
    DAMAGED_PREFIX,
    PREFIXES,
    ROLLED_BACK_PREFIX,
    UNDEPLOYED_PREFIX,
    FolderError,
)
from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo
from sightline.stage.registry.log import (
    LOG,
    Action,
    LogEntry,
    live_since,
    mentioned,
    parse_log,
    with_line,
)
from sightline.stage.registry.place import Place

CHAMPION, CHALLENGER, PREVIOUS = ALIASES = ("champion", "challenger", "previous")
Standing = Literal["live", "earlier", "challenger", "undeployed", "rolled back", "damaged"]
STANDINGS: dict[str, Standing] = {
    CHALLENGER_PREFIX: "challenger",
    UNDEPLOYED_PREFIX: "undeployed",
    ROLLED_BACK_PREFIX: "rolled back",
    DAMAGED_PREFIX: "damaged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person wrote about a version."""

    time: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version, whatever its standing."""

    number: int
    folder: str
    """Name of its folder."""
    standing: Standing
    alias: str
    """champion, challenger or previous; empty for any other."""
    since: str
    """When it last became live, or came here, ISO 8601 in UTC."""
    notes: tuple[Note, ...]
    info: BundleInfo | None
    """None where `problem` says why it cannot be read."""
    problem: str = ""


class Registry:
    """A model folder, looked at once: make another one after a change."""

    def __init__(self, place: Place) -> None:
        """Know where it lies; nothing is read yet."""
        self.place = place

    @cached_property
    def log(self) -> list[LogEntry]:
        """What happened, oldest first.

        Raises:
            DataError: the log is damaged.
        """
        return parse_log(self.place.read(LOG), f"{self.place.shown}/{LOG}")

    @cached_property
    def folders(self) -> dict[int, str]:
        """The folder of every version by number, newest first."""
        names: dict[int, str] = {}
        for prefix in reversed(PREFIXES):
            numbers = self.place.taken(prefix) if prefix else self.versions
            names |= {number: f"{prefix}{number}" for number in numbers}
        return dict(sorted(names.items(), reverse=True))

    @cached_property
    def versions(self) -> list[int]:
        """Those in service, newest first: the first is live."""
        return self.place.versions()

    @property
    def aliases(self) -> dict[str, int]:
        """Who has an alias now."""
        challengers = self.place.taken(CHALLENGER_PREFIX)
        found = zip((CHAMPION, PREVIOUS), self.versions, strict=False)
        return dict(found) | ({CHALLENGER: challengers[0]} if challengers else {})

    def number_of(self, named: str) -> int:
        """Return the version of a number or alias.

        Raises:
            FolderError: there is none.
        """
        if named in self.aliases:
            return self.aliases[named]
        number = int(named) if named.isascii() and named.isdigit() else 0
        if number not in self.folders:
            known = ", ".join([*map(str, self.folders), *self.aliases]) or "none; deploy one first"
            raise FolderError(
                f"{self.place.shown}: expected one of its versions ({known}); received {named!r}."
            )
        return number

    def entries(self) -> list[Entry]:
        """Return every version, newest first."""
        return [self.entry(number) for number in self.folders]

    def entry(self, number: int) -> Entry:
        """Return what is known about one version."""
        name = self.folders[number]
        standing = STANDINGS.get(name.removesuffix(str(number)), "earlier")
        aliases = {one: alias for alias, one in self.aliases.items()}
        info, problem = None, ""
        try:
            info = self.place.info(name)
        except DataError as error:
            problem = str(error)
        return Entry(
            number=number,
            folder=name,
            standing="live" if aliases.get(number) == CHAMPION else standing,
            alias=aliases.get(number, ""),
            since=live_since(self.log, number) or self.place.changed(name),
            notes=notes_of(self.log, number),
            info=info,
            problem=problem,
        )

    def next_number(self) -> int:
        """Return a number that no version here has ever had."""
        taken = [number for prefix in PREFIXES for number in self.place.taken(prefix)]
        return max([0, *taken, *mentioned(self.log)]) + 1

    def note(self, entry: LogEntry) -> None:
        """Write down what happened."""
        self.place.append(LOG, with_line(self.place.read(LOG), entry))

    def note_beside(
        self,
        action: Action,
        *,
        set_aside: tuple[int, ...] = (),
        tolerance: float | None = None,
        about: int | None = None,
        about_digest: str = "",
        text: str = "",
    ) -> None:
        """Write down what happened beside the live version, which stays."""
        live = self.versions[0] if self.versions else 0
        entry = LogEntry(
            time=timestamp(),
            action=action,
            live=live,
            replaced=live or None,
            bundle_digest=self._digest(live),
            set_aside=set_aside,
            tolerance=tolerance,
            about=about,
            about_digest=about_digest,
            text=text,
        )
        self.note(entry)

    def _digest(self, number: int) -> str:
        """Return the digest of the live version's bundle; empty where it cannot be read."""
        if not number:
            return ""
        try:
            return self.place.info(self.folders[number]).digest
        except DataError:
            return ""


def notes_of(log: Sequence[LogEntry], number: int) -> tuple[Note, ...]:
    """Return the notes about a version, oldest first."""
    return tuple(
        Note(time=entry.time, text=entry.text)
        for entry in log
        if entry.action == "note" and entry.about == number
    )
