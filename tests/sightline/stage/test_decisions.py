"""A page to decide on: its script is the only one that it lets run."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from sightline.ground.pages import POLICY
from sightline.stage.report.decisions import Question
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Page
from tests.browser import browsing

PRESSED = "{ key: '%s', bubbles: true }"
PICTURE = np.full((40, 40, 3), 120, np.uint8)


def written(folder: Path, *, labels: int = 2) -> str:
    """A page with two questions."""
    page = Page(title="suspects")
    rows: list[dict[str, str | float]] = [{"id": "1", "given": "'a'"}, {"id": "2", "given": "<b>"}]
    questions = [Question(Thumbnail(PICTURE, "a → b", "1.jpg"), row, "b") for row in rows]
    page.decisions(questions, [f"class {number}" for number in range(labels)], "suspects.jsonl")
    page.write(folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def test_only_the_pages_own_script_may_run(tmp_path: Path) -> None:
    html = written(tmp_path)

    (script,) = re.findall("<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"{POLICY}; script-src 'sha256-{digest}'" in unescape(html)


def test_a_page_without_questions_runs_no_script(tmp_path: Path) -> None:
    Page(title="plain").write(tmp_path / "page.html")

    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "script-src" not in html


def test_what_the_file_will_say_stands_in_the_page_unharmed(tmp_path: Path) -> None:
    rows = re.findall('data-row="(.*?)"', written(tmp_path))

    assert [json.loads(unescape(row))["given"] for row in rows] == ["'a'", "<b>"]


def test_all_labels_can_be_chosen(tmp_path: Path) -> None:
    assert written(tmp_path, labels=500).count('<option value="class') == 500


def test_without_scripts_choices_are_hidden(tmp_path: Path) -> None:
    assert written(tmp_path).count("<td hidden>") == 2


@pytest.mark.slow
def test_keys_decide_and_undo_and_the_file_says_so(tmp_path: Path) -> None:
    written(tmp_path)

    with browsing(tmp_path / "profile") as page:
        page.send("Page.navigate", url=(tmp_path / "page.html").as_uri())
        page.wait_until("document.querySelector('output')?.textContent === '0 of 2 decided'")
        for key in ("1", "x", "u", "k"):
            page.run(f"document.body.dispatchEvent(new KeyboardEvent('keydown', {PRESSED % key}))")
        # A page that is opened as a file cannot read its own download.
        page.run("URL.createObjectURL = (blob) => { window.made = blob; return '#'; }")
        page.run("document.querySelector('.decisions button').click()")
        rows = [json.loads(line) for line in page.run("window.made.text()").splitlines()]

    assert [(row["id"], row["decision"], row["label"]) for row in rows] == [
        ("1", "relabel", "class 0"),
        ("2", "keep", ""),
    ]


@pytest.mark.slow
def test_a_browser_shows_choices(tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("expected chromium; found none")
    written(tmp_path)
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/u"]
    address = (tmp_path / "page.html").as_uri()

    shown = subprocess.run(
        [browser, *options, "--dump-dom", address],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    assert "0 of 2 decided" in shown
    assert "<td hidden" not in shown
