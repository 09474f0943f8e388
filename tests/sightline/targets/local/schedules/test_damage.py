"""A flipped bit in the file of schedules is noticed, or changes nothing that anybody is told."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from sightline.ground.errors import UserError
from sightline.targets.local.schedules.store import FILE_NAME, Store, StoredRun
from sightline.targets.local.verify import damage_below
from tests.sightline.targets.local.schedules.scheduling import request, schedules


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two schedules, one of which has run."""
    for name in ("nightly", "weekly"):
        schedules(tmp_path).create(request(name))
    with Store(tmp_path).transaction() as session:
        session.add(StoredRun(schedule="nightly", fire=datetime.now(UTC), owner="me"))
    return tmp_path


def told(root: Path) -> list[object]:
    found = Store(root).schedules()
    return [*map(repr, found), repr(Store(root).newest_run("nightly"))]


def change(root: Path, words: str) -> None:
    with create_engine(f"sqlite:///{root / FILE_NAME}").begin() as connection:
        connection.execute(text(words))


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_is_noticed_or_harmless(root: Path, seed: int) -> None:
    dice, path = random.Random(seed), root / FILE_NAME
    whole, before = path.read_bytes(), told(root)
    places = [at for at, byte in enumerate(whole) if byte]

    for _ in range(25):
        content = bytearray(whole)
        content[dice.choice(places)] ^= 1 << dice.randrange(8)
        path.write_bytes(content)

        assert list(damage_below(root)) or told(root) == before

    path.write_bytes(whole)
    assert list(damage_below(root)) == []


def test_a_schedule_that_was_changed_does_not_fire_and_can_be_deleted(root: Path) -> None:
    change(root, "UPDATE schedules SET expression = '0 2 * * *' WHERE name = 'nightly'")

    with pytest.raises(UserError, match=r"schedule 'nightly' is not what was written\. Delete it"):
        schedules(root).list()
    schedules(root).delete("nightly")

    assert [each.name for each in schedules(root).list()] == ["weekly"]
    assert list(damage_below(root)) == []


def test_what_became_of_a_run_is_compared_with_what_was_written(root: Path) -> None:
    change(root, "UPDATE runs SET state = 'failed'")

    (line,) = damage_below(root)

    assert line.endswith("run 1 of nightly is not what was written.")


def test_schedules_of_an_earlier_version_are_taken_as_they_are(root: Path) -> None:
    for table in ("schedules", "runs"):
        change(root, f"ALTER TABLE {table} DROP COLUMN seal")

    assert [each.name for each in schedules(root).list()] == ["nightly", "weekly"]
    assert list(damage_below(root)) == []
    schedules(root).pause("nightly")
    assert list(damage_below(root)) == []
