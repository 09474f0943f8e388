"""Which edits `make mutations` chooses, and which tests it runs for one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))  # scripts, not a package

from ast_edits import edits_of  # noqa: E402
from mutations import Mutation, drawn, reaching_tests  # noqa: E402
from reach import Cost, Reach  # noqa: E402

STAGE = "components/one/stage.py"
QUICK, SLOW = "tests/one/test_quick.py", "tests/one/test_slow.py"
REACH = Reach(
    tests={
        f"{SLOW}::test_whole": Cost(3.0, ("tests|made",)),
        f"{QUICK}::test_more": Cost(0.2),
        f"{QUICK}::test_part": Cost(0.1),
        f"{QUICK}::test_else": Cost(0.0),
        "tests/other/test_other.py::test_other": Cost(0.0),
    },
    fixtures={"tests|made": 20.0},
    lines={
        STAGE: {
            "": [1],
            "tests|made": [4],
            f"{QUICK}::test_more": [4],
            f"{QUICK}::test_part": [4],
            "tests/other/test_other.py::test_other": [4],
        }
    },
)


def mutations(source: str, file: str = STAGE) -> list[Mutation]:
    return [Mutation(file, edit, (QUICK, SLOW)) for edit in edits_of(source)]


def test_a_seed_means_the_same_edits_while_other_code_changes() -> None:
    before = mutations("".join(f"A{number} = {number}\n" for number in range(50)))
    elsewhere = mutations("X = 1\nY = 2\n", "components/one/another.py")

    first = drawn(before, 20, seed=1)
    second = drawn([*elsewhere, *before], 20, seed=1)

    assert [one for one in second if one.file == STAGE] == first[: 20 - len({*second} - {*first})]
    assert first != drawn(before, 20, seed=2)


def test_the_cheapest_tests_of_a_line_come_first_and_fixtures_count() -> None:
    (_, edit) = mutations("A = 1\n\n\nB = 2\n")

    assert reaching_tests(edit, REACH) == [
        f"{QUICK}::test_part",
        f"{QUICK}::test_more",
        f"{SLOW}::test_whole",
    ]


def test_a_constant_is_tried_with_all_tests_those_that_reach_its_file_first() -> None:
    (edit,) = mutations("A = 1\n")

    chosen = reaching_tests(edit, REACH)

    assert chosen[:2] == [f"{QUICK}::test_part", f"{QUICK}::test_more"]
    assert chosen[-1] == f"{QUICK}::test_else"
    assert len(chosen) == 4


def test_what_a_changed_file_of_tests_reached_before_is_forgotten() -> None:
    reach = Reach(dict(REACH.tests), dict(REACH.fixtures), {STAGE: dict(REACH.lines[STAGE])})
    newer = Reach({f"{QUICK}::test_new": Cost(0.5)}, {}, {STAGE: {f"{QUICK}::test_new": [9]}})

    reach.replace([QUICK], newer)

    assert [one for one in reach.tests if one.startswith(QUICK)] == [f"{QUICK}::test_new"]
    assert reach.contexts(STAGE, [4]) == {"tests|made", "tests/other/test_other.py::test_other"}
    assert reach.contexts(STAGE, [9]) == {f"{QUICK}::test_new"}


def test_tests_run_in_a_process_that_had_tensorflow_before_them() -> None:
    code = (
        "import sys, types, pytest; sys.modules['tensorflow'] = types.ModuleType('tensorflow');"
        "sys.exit(pytest.main(['-q', '--collect-only', 'tests/benchmarks/test_ast_edits.py']))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
