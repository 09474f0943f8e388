"""Who is live, who is challenger, who goes: every change of a model folder by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import (
    CHALLENGER_PREFIX,
    DAMAGED_PREFIX,
    REMOVING_PREFIX,
    ROLLED_BACK_PREFIX,
    UNDEPLOYED_PREFIX,
    FolderError,
)
from sightline.stage.clock import timestamp
from sightline.stage.registry.log import Action, LogEntry, served_by
from sightline.stage.registry.place import Place
from sightline.stage.registry.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a model folder."""

    live: int
    """The live version afterwards; 0 where there is none."""
    before: int | None
    """The live version before."""
    set_aside: tuple[int, ...] = ()
    """Versions that are out of service now; their files stay."""


def promote(place: Place, named: str) -> Change:
    """Make a version live, whatever its standing; newer ones are set aside.

    Raises:
        FolderError: there is no such version, it is live, or a cloud answers from the folder.
        DataError: its files have changed since it was deployed.
    """
    _require(place)
    with place.held():
        registry = Registry(place)
        expect_followed(registry)
        return _make_live(registry, choose_promoted(registry, named), "promote")


def choose_promoted(registry: Registry, named: str) -> int:
    """Return the version to make live.

    Raises:
        FolderError: there is no such version, or it is live.
    """
    number = registry.number_of(named)
    if registry.versions[:1] == [number]:
        raise FolderError(
            f"{registry.place.shown}: expected a version that is not live; version {number} is. "
            "There is nothing to do."
        )
    return number


def rollback(place: Place, to: int | None = None) -> Change:
    """Make the version before the live one, or version `to`, live again.

    Where a challenger shares the traffic and no version is named, it is taken back instead.

    Raises:
        FolderError: there is no such version to go back to, or a cloud answers from the folder.
        DataError: its files have changed since it was deployed.
    """
    _require(place)
    with place.held():
        registry = Registry(place)
        expect_followed(registry)
        challenger = registry.aliases.get("challenger")
        if to is None and challenger and registry.versions:
            take_back(registry, challenger, "It was rolled back by hand.", failed=True)
            live = registry.versions[0]
            return Change(live=live, before=live, set_aside=(challenger,))
        return _make_live(registry, choose_target(registry, to), "rollback")


def choose_target(registry: Registry, to: int | None) -> int:
    """Return the version to go back to.

    Raises:
        FolderError: there is none, or `to` is not older than the live one.
    """
    numbers, shown = registry.versions, registry.place.shown
    if not numbers:
        raise FolderError(f"{shown}: expected a live version, found none. Deploy one first.")
    live, earlier = numbers[0], numbers[1:]
    if to is None and not earlier:
        raise FolderError(
            f"{shown}: expected a version before the live one ({live}), found none. "
            "Deploy another bundle instead; a folder with one version has nothing to go back to."
        )
    if to is None:
        return earlier[0]
    choices = [number for number in registry.folders if number < live]
    if to not in choices:
        listed = ", ".join(map(str, choices)) or "there is none"
        raise FolderError(
            f"{shown}: expected --to to name a version before the live one ({live}): {listed}; "
            f"received {to}. A newer one goes live with sightline models promote."
        )
    return to


def expect_followed(registry: Registry) -> None:
    """Refuse to change who is live where a cloud answers that does not follow the folder.

    Raises:
        FolderError: one does.
    """
    if where := served_by(registry.log):
        raise FolderError(
            f"{registry.place.shown}: expected to move the requests of {where}, too; received a "
            "change of the folder alone. Say where it is deployed, in deploy.target or with "
            "--target, or end what answers there: sightline undeploy."
        )


def expect_whole(registry: Registry, number: int) -> str:
    """Return the digest of a version that may become live.

    Raises:
        DataError: its files have changed since it was deployed.
    """
    place, name = registry.place, registry.folders[number]
    if name.startswith(DAMAGED_PREFIX):
        raise DataError(
            f"{place.shown}: expected a version that is whole; version {number} was found "
            "damaged. Deploy its model again."
        )
    return place.check(name).digest


def put_first(registry: Registry, number: int) -> tuple[int, ...]:
    """Give a version the name of a live one; return newer ones, which are set aside.

    What `undeploy` took out of service before it is in service again, to go back to.
    """
    place, name = registry.place, registry.folders[number]
    if name != str(number):
        place.move(name, str(number))
    newer = tuple(one for one in registry.versions if one > number)
    set_aside(place, newer)
    for one in place.taken(UNDEPLOYED_PREFIX):
        if one < number:
            place.move(f"{UNDEPLOYED_PREFIX}{one}", str(one))
    return newer


def _make_live(registry: Registry, number: int, action: Action) -> Change:
    """Make a version live that is whole."""
    before = registry.versions
    # Looked at before anything moves: a damaged version must not become live.
    digest = expect_whole(registry, number)
    newer = put_first(registry, number)
    registry.note(
        LogEntry(
            time=timestamp(),
            action=action,
            live=number,
            replaced=before[0] if before else None,
            bundle_digest=digest,
            set_aside=newer,
        )
    )
    return Change(live=number, before=before[0] if before else None, set_aside=newer)


def set_aside(place: Place, numbers: Sequence[int], prefix: str = ROLLED_BACK_PREFIX) -> None:
    """Take versions out of service, the live one last, so that no version between goes live."""
    for number in sorted(numbers):
        place.move(str(number), f"{prefix}{number}")


def take_back(registry: Registry, number: int, reason: str, *, failed: bool) -> None:
    """End what a challenger has of the traffic.

    One that failed is set aside as if it had been rolled back; another one stays challenger.
    """
    place = registry.place
    if failed:
        place.move(registry.folders[number], f"{ROLLED_BACK_PREFIX}{number}")
    registry.note_beside(
        "rollback" if failed else "withdraw",
        set_aside=(number,) if failed else (),
        about=number,
        text=reason,
    )


def challenger_gone(place: Place, number: int) -> str:
    """Say who ended what a challenger has of the requests; nothing where nobody did."""
    if number in place.taken(CHALLENGER_PREFIX):
        return ""
    done = "made it live" if number in place.versions()[:1] else "took it back"
    return (
        f"Version {number} is no challenger any more: somebody {done} by hand or with another "
        "deployment."
    )


def undeploy(registry: Registry) -> tuple[int, ...]:
    """Take all versions out of service, since nobody can ask them any more; return them."""
    numbers = tuple(registry.versions)
    if numbers:
        set_aside(registry.place, numbers, UNDEPLOYED_PREFIX)
        registry.note(
            LogEntry(
                time=timestamp(),
                action="undeploy",
                live=0,
                replaced=numbers[0],
                bundle_digest="",
                set_aside=numbers,
            )
        )
    return numbers


def challenge(place: Place, named: str) -> int:
    """Make a version the challenger; return its number.

    Raises:
        FolderError: there is no such version, it is live, or nothing is live.
        DataError: its files have changed since it was deployed.
    """
    _require(place)
    with place.held():
        registry = Registry(place)
        expect_followed(registry)
        number = registry.number_of(named)
        if not registry.versions or number == registry.versions[0]:
            raise FolderError(
                f"{place.shown}: expected a live version, and another one to challenge it; "
                f"received {number} of {', '.join(map(str, registry.versions)) or 'none'}."
            )
        info = place.check(registry.folders[number])
        make_room(registry, number)
        if registry.folders[number] != f"{CHALLENGER_PREFIX}{number}":
            place.move(registry.folders[number], f"{CHALLENGER_PREFIX}{number}")
        note_challenger(registry, number, info.digest)
    return number


def make_room(registry: Registry, number: int) -> None:
    """Set aside challengers other than this one: there is one at a time."""
    for other in registry.place.taken(CHALLENGER_PREFIX):
        if other != number:
            name = f"{CHALLENGER_PREFIX}{other}"
            registry.place.move(name, f"{ROLLED_BACK_PREFIX}{other}")


def note_challenger(
    registry: Registry, number: int, digest: str, tolerance: float | None = None
) -> None:
    """Write down that a version is challenger now."""
    registry.note_beside("challenge", tolerance=tolerance, about=number, about_digest=digest)


def delete(place: Place, named: Sequence[str]) -> tuple[int, ...]:
    """Remove versions with all their files; return their numbers.

    Raises:
        FolderError: there is no such version, or it is live or challenger.
    """
    _require(place)
    with place.held():
        registry = Registry(place)
        numbers = sorted({registry.number_of(one) for one in named})
        check_deletable(registry, numbers)
        for number in numbers:
            # A server must never see a version that is half removed.
            place.move(registry.folders[number], f"{REMOVING_PREFIX}{number}")
            place.remove(f"{REMOVING_PREFIX}{number}")
        registry.note_beside("delete", set_aside=tuple(numbers))
    return tuple(numbers)


def check_deletable(registry: Registry, numbers: Sequence[int]) -> None:
    """Refuse to delete what answers.

    Raises:
        FolderError: one of the versions is live or challenger.
    """
    aliases = registry.aliases
    for alias, word in (("champion", "live"), ("challenger", "the challenger")):
        if aliases.get(alias) in numbers:
            raise FolderError(
                f"{registry.place.shown}: expected versions that nobody asks; version "
                f"{aliases[alias]} is {word}. Promote another one, or roll back, first."
            )


def write_note(place: Place, named: str, text: str) -> int:
    """Keep a note about a version; return its number.

    Raises:
        FolderError: there is no such version.
    """
    _require(place)
    with place.held():
        registry = Registry(place)
        number = registry.number_of(named)
        registry.note_beside("note", about=number, text=text)
    return number


def _require(place: Place) -> None:
    if not place.exists():
        raise FolderError(
            f"{place.shown}: expected a model folder, found none. Name the folder that deploy "
            "wrote."
        )
