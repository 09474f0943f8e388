import re
import subprocess
import sys
from pathlib import Path

import pytest

from sightline import __version__
from tests.data import photo_folder
from tests.sightline.command_line import sightline

HEAVY = (
    "kfp",
    "tensorflow",
    "keras",
    "pandas",
    "docker",
    # The bare name is there from the start: a package registers it as a namespace.
    "google.auth",
    "google.protobuf",
    "google.cloud.aiplatform",
    "pydantic",
    "matplotlib",
    "apscheduler",
)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['sightline', '--help']\n"
        "from sightline.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print([m for m in {HEAVY} if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip().endswith("[]")


def test_every_command_has_help_that_fits_80_columns() -> None:
    listing = sightline("--help").out.split("Commands:")[1]
    names = re.findall(r"^  (\w+)", listing, flags=re.MULTILINE)

    helps = {name: sightline(name, "--help") for name in names}

    assert {"init", "run", "demo", "compile", "runs", "show", "why", "doctor"} <= set(names)
    assert all(ended.code == 0 for ended in helps.values())
    assert "..." not in listing
    assert max(len(line) for ended in helps.values() for line in ended.out.splitlines()) <= 80


def test_version_is_printed() -> None:
    assert sightline("--version").out == f"sightline {__version__}\n"


def test_a_user_error_is_one_message_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    ended = sightline("runs")

    assert ended.code == 2
    assert ended.err.startswith(f"error: {tmp_path}/sightline.yaml: expected a settings file")
    assert "Traceback" not in ended.err


def test_a_mistyped_command_names_the_nearest() -> None:
    ended = sightline("complie")

    assert ended.code == 2
    assert "compile" in ended.err


def test_other_errors_keep_their_traceback(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos", cats=1)
    (tmp_path / "file").touch()

    done = subprocess.run(
        [sys.executable, "-m", "sightline", "init", photos, "--file", tmp_path / "file" / "x.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "--resume", "--set", "train.epochs=5"), "received also --set"),
        (("run", "--resume", "--no-cache", "--from", "train"), "received also --no-cache, --from"),
        (("run", "20261121"), "expected --resume before a run id"),
        (("run", "--resume"), "expected a run that was killed, failed or cancelled"),
        (("run", "--target", "moon"), "expected the name of a target"),
        (("compile", "--target", "moon"), "expected the name of a target"),
        (("images", "build", "--base", "x", "--from-debian"), "received both. Choose one."),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    ended = sightline(*arguments)

    assert ended.code == 2
    assert expected in ended.err
