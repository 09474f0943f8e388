import os
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.ground.cores import usable_cores

NO_MEMBERSHIP = Path("/proc/self/no-cgroup")


def allowed_one_core(code: str) -> str:
    """What a Python prints that may run on one core of this machine."""
    one = min(os.sched_getaffinity(0))
    prefix = f"import os; os.sched_setaffinity(0, {{{one}}}); "
    command = [sys.executable, "-c", prefix + code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_process_that_is_bound_to_one_core_has_one() -> None:
    code = "from sightline.ground.cores import usable_cores; print(usable_cores())"

    assert allowed_one_core(code) == "1"


def test_work_on_many_items_starts_one_thread_where_there_is_one_core() -> None:
    code = (
        "import threading; from sightline.stage.parallel import map_ordered; "
        "names = map_ordered(lambda _: threading.current_thread().name, range(50)); "
        "print(len(set(names)))"
    )

    assert allowed_one_core(code) == "1"


def test_a_server_has_a_worker_for_each_core_that_it_may_use() -> None:
    code = (
        "from pathlib import Path; from sightline.serving.options import ServerOptions; "
        "print(ServerOptions(folder=Path('bundle')).places)"
    )

    assert allowed_one_core(code) == "1"


@pytest.mark.parametrize("quota", ["50000 100000", "100000 100000"])
@pytest.mark.parametrize(
    ("membership", "group"),
    [("0::/", ""), ("0::/pods/one", "pods/one"), ("0::/pods/one", "pods"), ("0::/absent", "")],
)
def test_a_quota_bounds_the_cores_of_its_group_and_of_those_below(
    tmp_path: Path, quota: str, membership: str, group: str
) -> None:
    folder = tmp_path / "tree" / group
    folder.mkdir(parents=True)
    (folder / "cpu.max").write_text(quota)
    (tmp_path / "membership").write_text(f"9:name=systemd:/other\n{membership}\n")

    assert usable_cores(tmp_path / "tree", tmp_path / "membership") == 1


def test_the_quota_of_another_group_bounds_nothing(tmp_path: Path) -> None:
    (tmp_path / "tree/pods/two").mkdir(parents=True)
    (tmp_path / "tree/pods/two/cpu.max").write_text("50000 100000")
    (tmp_path / "membership").write_text("0::/pods/one\n")

    found = usable_cores(tmp_path / "tree", tmp_path / "membership")

    assert found == len(os.sched_getaffinity(0))


def test_a_quota_of_the_first_version_of_groups_bounds_too(tmp_path: Path) -> None:
    folder = tmp_path / "tree/cpu,cpuacct/docker/1"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("150000\n")
    (folder / "cpu.cfs_period_us").write_text("200000\n")
    (tmp_path / "membership").write_text("5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n")

    assert usable_cores(tmp_path / "tree", tmp_path / "membership") == 1


@pytest.mark.parametrize("quota", ["max 100000", "-1 100000", "nonsense", "", "1 0"])
def test_no_quota_leaves_the_cores_of_the_process(tmp_path: Path, quota: str) -> None:
    (tmp_path / "cpu.max").write_text(quota)

    assert usable_cores(tmp_path, NO_MEMBERSHIP) == len(os.sched_getaffinity(0))
