import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import photo_folder
from tests.sightline.command_line import sightline


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_a_run_that_a_person_can_fix_says_what_and_ends_with_2() -> None:
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    ended = sightline("run")

    assert ended.code == 2
    assert "Failed:" in ended.out
    assert "photos" in ended.out
    assert "sightline run --resume" in ended.out
    (run,) = Path(".sightline/runs").iterdir()
    assert (run / "report.html").is_file()
    assert "<strong>Failed.</strong>" in (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_run_continues_where_it_failed(tmp_path: Path) -> None:
    Path("sightline.yaml").write_text(
        "ingest: {source: photos}\nlabel_check: {fail_on: warning}\n", encoding="utf-8"
    )
    sightline("run")
    photo_folder(tmp_path / "photos", cats=3, dogs=3)

    ended = sightline("run", "--resume")

    assert "ingest" in ended.out
    assert ended.code == 2  # three images of a class are too few for label_check
    assert len(list(Path(".sightline/runs").iterdir())) == 1


def test_an_unknown_stage_after_from_names_the_nearest() -> None:
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    ended = sightline("run", "--from", "trian")

    assert ended.code == 2
    assert "train" in ended.err


def test_nothing_to_resume_is_one_clear_message() -> None:
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    ended = sightline("run", "--resume", "latest")

    assert ended.code == 2
    assert "Start a new one with `sightline run`" in ended.err


def test_a_resumed_run_keeps_its_pipeline_and_takes_no_other() -> None:
    ended = sightline("run", "--resume", "--pipeline", "training")

    assert ended.code == 2
    assert "received also --pipeline" in ended.err


def test_an_unknown_pipeline_is_one_clear_message() -> None:
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    ended = sightline("compile", "--pipeline", "trainin")

    assert ended.code == 2
    assert "received trainin. Did you mean training?" in ended.err


def test_a_package_has_its_pipeline_already() -> None:
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    ended = sightline("lint", "package.yaml", "--pipeline", "training")

    assert ended.code == 2
    assert "leave out --pipeline" in ended.err


def test_a_disk_that_takes_no_more_ends_a_command_in_one_line(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=3, dogs=3)
    code = (
        "import resource, signal; from sightline.cli import main;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, "init", "photos"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith("error: sightline.schema.json: expected to read or write it; the")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
