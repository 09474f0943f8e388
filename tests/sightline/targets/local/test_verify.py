"""Flip a bit anywhere in what runs left: it is noticed, with its place."""

import os
import random
import shutil
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import resume
from sightline.targets.local.store import RunWriter
from sightline.targets.local.verify import damage_below
from tests.sightline.targets.local.toys import run_toy, write_and_copy


@pytest.fixture(scope="module")
def root_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    run_toy(write_and_copy, folder)
    run_toy(write_and_copy, folder, text="größer")
    return folder / "root"


@pytest.fixture
def root(root_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(root_once, tmp_path / "root")


def kept_files(root: Path) -> list[Path]:
    """Run records, packages, artifacts and cache entries."""
    found = [*root.glob("runs/*/run.json"), *root.glob("cache/*/*.json")]
    found += root.glob("runs/*/pipeline.yaml")
    artifacts = [path for path in root.glob("runs/*/artifacts/**/*") if path.is_file()]
    return sorted([*found, *artifacts])


def test_nothing_is_said_about_what_is_whole(root: Path) -> None:
    assert list(damage_below(root)) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_bit_is_noticed_wherever_it_is(root: Path, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(25):
        path = dice.choice(kept_files(root))
        times, before = path.stat(), path.read_bytes()
        content = bytearray(before)
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

        lines = list(damage_below(root))

        assert lines, path
        assert all("\n" not in line for line in lines)
        path.write_bytes(before)
    assert list(damage_below(root)) == []


def test_a_run_whose_package_has_changed_is_not_resumed(tmp_path: Path) -> None:
    run = run_toy(write_and_copy, tmp_path)
    run.status = "interrupted"
    RunWriter(run).write()
    package = run.folder / "pipeline.yaml"
    package.write_text(package.read_text().replace("hello", "jello"))

    with pytest.raises(UserError, match=r"pipeline\.yaml: it is not the package that ran"):
        resume(run.id, options=RunOptions(root=tmp_path / "root"))


def test_an_artifact_that_is_gone_is_noticed(root: Path) -> None:
    gone = next(root.glob("runs/*/artifacts/write/data"))
    shutil.rmtree(gone)

    (line,) = damage_below(root)

    assert line.startswith(f"{gone}: expected an artifact, found none.")
    assert line.endswith("Make it again: sightline run --from write.")
