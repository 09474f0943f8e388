"""Passwords and signatures that come in by any way come out by none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.ingest.web import served
from tests.data import photo_folder

pytestmark = [pytest.mark.slow, pytest.mark.long]

SECRETS = ("hunter2", "SECRETSIG", "SECRETHOOK")
SETTINGS = """
preprocess: {image_size: 32}
train: {recipe: scratch, epochs: 1}
export: {calibration_images: 10}
notify: {webhook: "env:PLANTED_HOOK"}
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A table behind an address with a password and a signature, whose rows have them, too."""
    photos = photo_folder(tmp_path / "web", cats=20, dogs=20)
    with served(photos) as address:
        place = address.replace("://", "://bob:hunter2@")
        rows = [
            f"{place}/{path.relative_to(photos)}?sig=SECRETSIG,{path.parent.name},"
            f"https://bob:hunter2@seen.example/{path.name}?token=SECRETSIG"
            for path in sorted(photos.rglob("*.jpg"))
        ]
        rows += [
            f"{place}/missing one.jpg?sig=SECRETSIG,cats,",
            "ftp://bob:hunter2@host/a.jpg?sig=SECRETSIG,cats,",
            f"{place}/cats/1.jpg?sig=SECRETSIG,cats,seen,one cell too many",
            f"{place}/cats/2.jpg?sig=SECRETSIG,{'x' * 180}{place}?sig=SECRETSIG,",
        ]
        (photos / "photos.csv").write_text("image,label,seen\n" + "\n".join(rows))
        yield f"{place}/photos.csv?X-Amz-Signature=SECRETSIG"


def sightline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sightline", *arguments],
        check=False,
        cwd=folder,
        env={**os.environ, "PLANTED_HOOK": "http://bob:hunter2@127.0.0.1:9/SECRETHOOK"},
        capture_output=True,
        text=True,
    )


def leaks(folder: Path, *ended: subprocess.CompletedProcess[str]) -> list[str]:
    """Name every file below a folder and every answer that holds a secret."""
    texts = {f"answer of {one.args[3:]}": one.stdout + one.stderr for one in ended}
    texts |= {
        str(path.relative_to(folder)): path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file()
    }
    return [name for name, text in texts.items() if any(secret in text for secret in SECRETS)]


def test_planted_secrets_are_in_no_file_log_or_answer_of_a_run(
    address: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "sightline.yaml").write_text(SETTINGS)

    run = sightline(project, "run", "--set", f"ingest.source={address}")
    shown = sightline(project, "show", "--json")
    why = sightline(project, "why", "ingest")
    compiled = sightline(project, "compile", "--set", f"ingest.source={address}")

    assert run.returncode == 0, run.stdout + run.stderr
    (quarantine,) = project.glob(".sightline/runs/*/artifacts/ingest/quarantine/quarantine.csv")
    assert quarantine.read_text().count("hidden@") >= 3
    assert "expected no secret" in compiled.stdout + compiled.stderr
    assert leaks(project, run, shown, why, compiled) == []


def test_a_refused_run_shows_no_secret_and_a_resumed_one_asks_for_it_again(tmp_path: Path) -> None:
    (tmp_path / "sightline.yaml").write_text(f"ingest: {{source: photos}}{SETTINGS}")
    unreachable = "https://bob:hunter2@127.0.0.1:1/x.zip?X-Amz-Signature=SECRETSIG"

    run = sightline(tmp_path, "run", "--set", f"ingest.source={unreachable}")
    resumed = sightline(tmp_path, "run", "--resume")
    scheduled = sightline(
        *(tmp_path, "schedule", "create", "nightly", "--cron", "0 3 * * *"),
        *("--set", f"ingest.source={unreachable}"),
    )

    assert run.returncode == 2
    assert "https://hidden@127.0.0.1:1/x.zip?X-Amz-Signature=hidden" in run.stdout
    assert "expected the whole address" in resumed.stdout
    assert scheduled.returncode == 2
    assert "Write the setting into sightline.yaml" in scheduled.stderr
    assert leaks(tmp_path, run, resumed, scheduled) == []
