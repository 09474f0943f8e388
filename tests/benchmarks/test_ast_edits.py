"""The edits that `make mutations` makes: each changes one thing, and the file stays valid."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))  # scripts, not a package

from ast_edits import edits_of, with_edit  # noqa: E402

SOURCE = '''
"""A docstring with 3 words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    LIMIT = 1


@dataclass(frozen=True)
class Small:
    size: int = 3


def share(counts: dict[str, int], *, least: float = 0.5) -> float:
    """Never edited."""
    if not counts or len(counts) < 2:
        return None
    return sum(counts.values()) / len(counts)
'''


def test_what_a_slip_changes_is_edited_and_what_no_test_sees_is_not() -> None:
    assert [edit.words for edit in edits_of(SOURCE)] == [
        "3 -> 4",
        "0.5 -> 1.5",
        "not counts or len(counts) < 2 -> not (not counts or len(counts) < 2)",
        "not counts or len(counts) < 2 -> not counts and len(counts) < 2",
        "not counts -> counts",
        "len(counts) < 2 -> len(counts) <= 2",
        "len(counts) < 2 -> len(counts) >= 2",
        "2 -> 3",
        "return sum(counts.values()) / len(counts) -> return None",
        "sum(counts.values()) / len(counts) -> sum(counts.values()) * len(counts)",
    ]


def test_an_edit_knows_its_lines() -> None:
    last = edits_of(SOURCE)[-1]

    assert SOURCE.splitlines()[last.line - 1].strip().startswith("return sum(")
    assert last.first_line <= last.line <= last.last_line


@pytest.mark.parametrize("file", ["train/planning/choose.py", "preprocess/shuffle.py"])
def test_every_edit_makes_another_valid_file(file: str) -> None:
    source = (ROOT / "components" / file).read_text(encoding="utf-8")
    whole = ast.dump(ast.parse(source))

    edited = [ast.dump(ast.parse(with_edit(source, edit))) for edit in edits_of(source)]

    assert whole not in edited
    assert len(set(edited)) == len(edited)
