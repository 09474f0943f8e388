"""The house stays easy to walk through: small functions, and few modules in a room."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSES = ("sightline", "components", "pipelines")
MOST_LINES = 40
MOST_MODULES = 15
LARGEST_ROOM = 0.3


def modules() -> list[Path]:
    return sorted(path for house in HOUSES for path in (ROOT / house).rglob("*.py"))


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1 if ast.get_docstring(node) else 0 :] or node.body
            lines = (node.end_lineno or 0) - first[0].lineno + 1
            if lines > MOST_LINES:
                yield f"{path.relative_to(ROOT)}: {node.name} does its work in {lines} lines"


def test_no_function_does_its_work_in_more_than_forty_lines() -> None:
    assert [found for path in modules() for found in long_functions(path)] == []


def test_no_folder_holds_more_than_fifteen_modules() -> None:
    counts: dict[str, int] = {}
    for path in modules():
        if not path.name.startswith("__"):
            folder = str(path.parent.relative_to(ROOT))
            counts[folder] = counts.get(folder, 0) + 1

    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}


def test_no_room_holds_three_tenths_of_the_source() -> None:
    lines: dict[str, int] = {}
    for path in modules():
        inside = path.relative_to(ROOT).parts
        # A stage is a room, as a folder of sightline is.
        room = "/".join(inside[:2]) if len(inside) > 2 else inside[0]
        lines[room] = lines.get(room, 0) + len(path.read_text(encoding="utf-8").splitlines())

    whole = sum(lines.values())
    assert {name: n for name, n in lines.items() if n > LARGEST_ROOM * whole} == {}
