"""Which version is live, challenger or gone: changes by hand, on files that are really moved."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError, live_number
from sightline.stage.registry.canary import Order, give_order, order_of
from sightline.stage.registry.changes import challenge, delete, promote, rollback, write_note
from sightline.stage.registry.lineage import facts_of
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.log import append_log, read_log, rolled_back_digests
from sightline.stage.registry.registry import Registry
from tests.bundles import add_version

LATER = "2100-01-01T00:00:00+00:00"


def folder_with(tmp_path: Path, *numbers: int) -> LocalPlace:
    for number in numbers:
        add_version(tmp_path, number)
    return LocalPlace(tmp_path)


def standings(place: LocalPlace) -> dict[int, str]:
    return {one.number: one.alias or one.standing for one in Registry(place).entries()}


def test_the_version_before_becomes_live_again(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)

    done = rollback(place)

    assert (done.before, done.live, done.set_aside) == (3, 2, (3,))
    assert standings(place) == {3: "rolled back", 2: "champion", 1: "previous"}
    assert (tmp_path / ".rolled-back-3" / "bundle.json").exists()


def test_rolling_back_further_sets_aside_all_that_came_later(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)

    done = rollback(place, to=1)

    assert done.set_aside == (3, 2)
    assert live_number(tmp_path) == 1
    assert Registry(place).next_number() == 4


def test_what_was_rolled_back_is_promoted_again(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place, to=1)

    done = promote(place, "3")

    assert (done.before, done.live, done.set_aside) == (1, 3, ())
    assert standings(place) == {3: "champion", 2: "rolled back", 1: "previous"}
    assert "bundle-3" not in rolled_back_digests(read_log(tmp_path))
    assert "bundle-2" in rolled_back_digests(read_log(tmp_path))


def test_what_a_later_rollback_made_live_again_counts_as_rolled_back_no_more(
    tmp_path: Path,
) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place, to=1)
    promote(place, "3")

    done = rollback(place, to=2)

    assert done.live == 2
    assert list(rolled_back_digests(read_log(tmp_path))) == ["bundle-3"]


def test_promoting_an_older_version_sets_newer_ones_aside(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place, to=2)
    promote(place, "3")

    promote(place, "1")

    assert standings(place) == {3: "rolled back", 2: "rolled back", 1: "champion"}


def test_a_version_that_was_rolled_back_lies_between_and_can_be_gone_back_to(
    tmp_path: Path,
) -> None:
    place = folder_with(tmp_path, 1, 2)
    rollback(place)
    add_version(tmp_path, 3)

    rollback(place, to=2)

    assert live_number(tmp_path) == 2


def test_the_live_version_cannot_be_promoted(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="There is nothing to do"):
        promote(folder_with(tmp_path, 1, 2), "champion")


@pytest.mark.parametrize("named", ["7", "challenger", "x", "٣", ""])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, named: str
) -> None:
    with pytest.raises(FolderError, match=r"versions \(2, 1, champion, previous\); received"):
        promote(folder_with(tmp_path, 1, 2), named)


def test_a_damaged_version_is_not_promoted(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2)
    rollback(place)
    (tmp_path / ".rolled-back-2/labels.txt").write_text("others")

    with pytest.raises(DataError, match=r"missing or changed: labels\.txt"):
        promote(place, "2")

    assert live_number(tmp_path) == 1


def test_a_version_that_deploy_found_damaged_is_not_promoted(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2)
    (tmp_path / "2").rename(tmp_path / ".damaged-2")

    with pytest.raises(DataError, match="version 2 was found damaged"):
        promote(place, "2")


def test_a_challenger_has_the_alias_and_is_not_live(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place)

    assert challenge(place, "3") == 3

    assert standings(place) == {3: "challenger", 2: "champion", 1: "previous"}
    assert live_number(tmp_path) == 2


def test_a_challenger_is_promoted_by_its_alias(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2)
    challenge(place, "previous")

    done = promote(place, "challenger")

    assert (done.live, done.set_aside) == (1, (2,))
    assert standings(place) == {2: "rolled back", 1: "champion"}


def test_a_rollback_takes_a_challenger_back_first(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place)
    challenge(place, "3")

    done = rollback(place)

    assert (done.before, done.live, done.set_aside) == (2, 2, (3,))
    assert standings(place) == {3: "rolled back", 2: "champion", 1: "previous"}
    assert "bundle-3" in rolled_back_digests(read_log(tmp_path))


@pytest.mark.parametrize("change", [promote, lambda place, _: rollback(place)])
def test_nothing_is_left_of_the_share_of_a_challenger_that_is_none_any_more(
    tmp_path: Path, change: Callable[[LocalPlace, str], object]
) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    challenge(place, "2")
    give_order(tmp_path, Order(version=2, share=0.2))
    write_note(place, "2", "It does well.")
    assert order_of(tmp_path)

    change(place, "2")

    assert not (tmp_path / ".canary").exists()


def test_there_is_one_challenger_at_a_time(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    challenge(place, "1")

    challenge(place, "2")

    assert standings(place) == {3: "champion", 2: "challenger", 1: "rolled back"}


def test_the_live_version_challenges_nobody(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a live version, and another one"):
        challenge(folder_with(tmp_path, 1, 2), "2")


def test_versions_are_deleted_with_their_files_and_their_numbers_stay_taken(
    tmp_path: Path,
) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place)

    assert delete(place, ["3", "1"]) == (1, 3)

    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["2"]
    assert Registry(place).next_number() == 4


@pytest.mark.parametrize(("named", "word"), [("2", "live"), ("1", "the challenger")])
def test_who_answers_is_not_deleted(tmp_path: Path, named: str, word: str) -> None:
    place = folder_with(tmp_path, 1, 2)
    challenge(place, "1")

    with pytest.raises(FolderError, match=f"version {named} is {word}"):
        delete(place, [named])

    assert standings(place) == {2: "champion", 1: "challenger"}


def test_notes_stay_with_a_version_wherever_it_goes(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2)
    write_note(place, "2", "Bad on night shots.")
    write_note(place, "champion", "Ask Ada.")

    rollback(place)

    notes = Registry(place).entry(2).notes
    assert [note.text for note in notes] == ["Bad on night shots.", "Ask Ada."]
    assert Registry(place).entry(1).notes == ()


def test_what_happens_to_others_does_not_make_the_live_version_live_anew(tmp_path: Path) -> None:
    place = folder_with(tmp_path, 1, 2, 3)
    rollback(place)
    since = read_log(tmp_path)[-1].time
    append_log(tmp_path, replace(read_log(tmp_path)[-1], time=LATER, action="withdraw", replaced=2))

    registry = Registry(place)

    assert registry.entry(2).since == since
    assert facts_of(registry, registry.entry(2))["history"][-1]["time"] == since


def test_one_version_has_nothing_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"expected a version before the live one \(4\)"):
        rollback(folder_with(tmp_path, 4))

    assert live_number(tmp_path) == 4


def test_an_empty_folder_has_nothing_to_roll_back(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a live version, found none"):
        rollback(LocalPlace(tmp_path))


def test_an_absent_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a model folder, found none"):
        rollback(LocalPlace(tmp_path / "absent"))

    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("to", [3, 9])
def test_a_version_that_is_not_before_the_live_one_is_refused(tmp_path: Path, to: int) -> None:
    with pytest.raises(FolderError, match=f"live one \\(3\\): 2, 1; received {to}"):
        rollback(folder_with(tmp_path, 1, 2, 3), to=to)


def test_a_folder_that_cannot_be_changed_is_told(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path / "models")
    place.folder.touch()

    expected = pytest.raises(FolderError, match="can be changed; the system says: File exists")
    with expected, place.held():
        pass


def test_changes_import_no_tensorflow() -> None:
    check = "import sys, sightline.stage.registry.changes; print('tensorflow' in sys.modules)"

    answer = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"
