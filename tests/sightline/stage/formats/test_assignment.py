"""No changed bit in the splits of an earlier run moves an image."""

from pathlib import Path

from sightline.ground.errors import DataError
from sightline.stage.formats.assignment import Assignment, read_assignment, write_assignment
from sightline.stage.formats.records import SPLITS

ASSIGNMENT = Assignment(
    {f"{number:064x}": (f"group-{number // 2}", SPLITS[number % 3]) for number in range(12)},
    {"split_salt": "", "test_share": 0.1, "validation_share": 0.1},
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_assignment(tmp_path, ASSIGNMENT)

    assert read_assignment(tmp_path) == ASSIGNMENT


def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    write_assignment(tmp_path, ASSIGNMENT)
    path = tmp_path / "assignment.parquet"
    before = path.read_bytes()
    for place in range(len(before)):
        content = bytearray(before)
        content[place] ^= 1 << place % 8
        path.write_bytes(content)

        try:
            found = read_assignment(tmp_path)
        except DataError:
            continue

        assert found == ASSIGNMENT, place
