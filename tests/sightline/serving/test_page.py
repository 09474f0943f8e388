"""The page on which a person tries the model, and what it asks the server for."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import expected, grey, lay_version


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    lay_version(folder, 1)
    with serving_folder(folder) as opened:
        yield opened


def test_the_page_asks_nobody_but_its_server(address: str) -> None:
    response = httpx.get(address)

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "//" not in response.text.replace("http://www.w3.org", "")


def test_golden_pictures_come_with_their_answers(address: str) -> None:
    found = httpx.get(address + "/pictures").json()["pictures"]

    assert [base64.b64decode(one["b64"]) for one in found] == [grey(0), grey(255)]
    assert [one["answer"] for one in found] == [expected(0.0), expected(1.0)]


def test_no_more_golden_pictures_are_told_than_a_page_shows(tmp_path: Path) -> None:
    lay_version(tmp_path, 1, golden=tuple(level / 40 for level in range(0, 20)))
    with serving_folder(tmp_path) as opened:
        found = httpx.get(opened + "/pictures").json()["pictures"]

    assert len(found) == 12


def test_without_a_page_nobody_sees_golden_pictures(tmp_path: Path) -> None:
    lay_version(tmp_path, 1)
    with serving_folder(tmp_path, page=False) as opened:
        statuses = [httpx.get(opened + path).status_code for path in ("/", "/pictures")]

    assert statuses == [404, 404]


@pytest.mark.slow
def test_a_browser_shows_the_model_and_its_golden_pictures(address: str, tmp_path: Path) -> None:
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--virtual-time-budget=10000", f"--user-data-dir={tmp_path}", address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("expected chromium; found none")

    assert '<h1 id="model">flowers</h1>' in done.stdout
    assert "Version 1, answered by litert." in done.stdout
    assert '<span>light</span><span class="soft">100.0 %</span>' in done.stdout
