"""The page on which a person tries the model, and what it asks the server for."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser import browsing
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
def test_a_browser_shows_the_model_and_answers_a_golden_picture(
    address: str, tmp_path: Path
) -> None:
    with browsing(tmp_path) as page:
        page.send("Page.navigate", url=address)
        page.wait_until("document.querySelectorAll('#pictures button').length === 2")
        shown = page.run("document.body.innerText")
        page.run("document.querySelectorAll('#pictures button')[1].click()")
        page.wait_until("find('said').textContent === 'light, 100.0 %'")

    assert "flowers" in shown
    assert "Version 1, answered by litert." in shown
    assert "token" not in shown


@pytest.mark.slow
def test_the_page_of_a_server_with_a_token_asks_for_it_once(tmp_path: Path) -> None:
    token = "a-token-of-these-tests"
    lay_version(tmp_path / "models", 1)
    with (
        serving_folder(tmp_path / "models", token=token) as opened,
        browsing(tmp_path / "profile") as page,
    ):
        page.send("Page.navigate", url=opened)
        page.wait_until("document.getElementById('lock')?.hidden === false")
        before = page.run("document.body.innerText")
        page.run("find('token').value = 'another-token'; find('lock').requestSubmit()")
        page.wait_until("find('message').textContent.includes('received another one')")
        page.run(f"find('token').value = '{token}'; find('lock').requestSubmit()")
        page.wait_until("!find('golden').hidden")
        page.run("window.isOld = true; location.reload()")
        page.wait_until("!window.isOld && document.getElementById('golden')?.hidden === false")
        page.run("document.querySelector('#pictures button').click()")
        page.wait_until("find('said').textContent === 'dark, 100.0 %'")
        page.run("find('forget').click()")
        page.wait_until("document.getElementById('lock')?.hidden === false")

    assert "flowers" not in before
