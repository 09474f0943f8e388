"""The demo, as `make demo` runs it, and what a user does after it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.sightline.command_line import Ended, sightline

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The demo's folder, and how the first run ended."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, sightline("demo", "--folder", folder)


def latest(folder: Path) -> dict[str, Any]:
    """The facts of the latest run."""
    listing = json.loads(sightline("runs", "--json", "--file", folder / "sightline.yaml").out)
    found: dict[str, Any] = listing[0]
    return found


def test_the_demo_ends_with_a_deployed_model(demo: tuple[Path, Ended]) -> None:
    folder, ended = demo

    run = latest(folder)

    assert ended.code == 0, ended.out
    assert run["decision"] == "deploy"
    assert run["figures"]["accuracy"]["value"] >= 0.97
    assert "version 1 is live" in ended.out
    assert f"sightline serve --file {folder}/sightline.yaml" in ended.out


def test_its_page_links_the_page_of_every_stage(demo: tuple[Path, Ended]) -> None:
    folder, _ = demo
    page = Path(str(latest(folder)["folder"])) / "report.html"

    links = set(re.findall(r'href="(report-[a-z-]+\.html)"', page.read_text(encoding="utf-8")))

    assert len(links) == 8
    for link in links:
        text = (page.parent / link).read_text(encoding="utf-8")
        assert text.startswith("<!doctype html>")
        assert not re.search(r'(?:src|href)="https?://', text)


def test_its_model_reads_the_digits(demo: tuple[Path, Ended]) -> None:
    folder, _ = demo
    photos = [sorted((folder / "digits" / name).iterdir())[0] for name in "0123456789"]

    ended = sightline("predict", *photos, "--json", "--file", folder / "sightline.yaml")

    answers = json.loads(ended.out)
    assert sum(answer["class_name"] == str(i) for i, answer in enumerate(answers)) >= 9


def test_an_unchanged_second_run_reuses_every_cached_task(demo: tuple[Path, Ended]) -> None:
    folder, _ = demo

    ended = sightline("run", "--file", folder / "sightline.yaml")

    run = latest(folder)
    assert ended.code == 0, ended.out
    assert (run["num_tasks"], run["num_reused"]) == (10, 7)
    why = json.loads(sightline("why", "--json", "--file", folder / "sightline.yaml").out)
    assert why["train"][0].startswith("Reused from run ")
