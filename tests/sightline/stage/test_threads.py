import subprocess
import sys

from sightline.stage.threads import VARIABLES, bound_threads

PYARROW = """
import os, numpy, pyarrow
from sightline.stage.threads import bound_threads
bound_threads(os.environ, usable=3, seen=8)
print(pyarrow.cpu_count())
"""


def test_a_quota_below_the_cores_that_libraries_see_is_told_to_them() -> None:
    environment = {"OMP_NUM_THREADS": "1"}

    bound_threads(environment, usable=3, seen=8)

    assert environment.pop("OMP_NUM_THREADS") == "1"  # what a person said stays
    assert environment == dict.fromkeys([*VARIABLES][1:], "3")


def test_libraries_that_may_use_all_cores_choose_for_themselves() -> None:
    environment: dict[str, str] = {}

    bound_threads(environment, usable=8, seen=8)

    assert environment == {}


def test_pyarrow_starts_as_many_threads_as_it_is_told_after_its_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PYARROW], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "3"
