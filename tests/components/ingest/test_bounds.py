"""What a download may bring, and which servers a table may ask."""

import contextlib
import tarfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from unicodedata import normalize
from urllib.parse import urlsplit

import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.settings import OriginSettings
from sightline.stage.sources.listing import list_source
from tests.components.ingest.ingesting import ingest_source
from tests.components.ingest.web import Behaviour, loopback, served
from tests.data import photo_folder

FORBIDDEN = "forbidden host: an address of this machine or of a private network"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos", cats=3)


class Endless(BaseHTTPRequestHandler):
    """Sends zeros until nobody reads any more."""

    num_sent = 0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                type(self).num_sent += self.wfile.write(bytes(1 << 16))

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output free of requests."""


def table_of(folder: Path, *addresses: str) -> Path:
    """Write a table of addresses."""
    table = folder / "labels.csv"
    table.write_text("image,label\n" + "".join(f"{one},a\n" for one in addresses))
    return table


def test_an_answer_without_end_is_left_and_costs_one_row(tmp_path: Path, photos: Path) -> None:
    handler = type("Handler", (Endless,), {})
    with loopback(handler) as address:
        table = table_of(tmp_path, f"{address}/x.jpg", "photos/cats/0.jpg")
        result = ingest_source(table, tmp_path, max_megapixels=0.5)

    assert result.info.num_examples == 1
    assert list(result.reasons.values()) == ["too many bytes: more than 3,000,000 bytes"]
    assert handler.num_sent < 50_000_000


def test_a_table_from_a_server_asks_no_other_server_of_this_network(
    tmp_path: Path, photos: Path
) -> None:
    inner = Behaviour()
    with served(tmp_path, inner) as secret, served(tmp_path) as address:
        port = urlsplit(secret).port
        rows = [
            f"{secret}/photos/cats/0.jpg",
            f"http://localhost:{port}/photos/cats/1.jpg",
            f"http://[::ffff:127.0.0.1]:{port}/photos/cats/1.jpg",
            f"{address}/photos/cats/2.jpg",
        ]
        table_of(tmp_path, *rows)
        result = ingest_source(f"{address}/labels.csv", tmp_path)
        trusted = ingest_source(f"{address}/labels.csv", tmp_path / "b", table_hosts="any")

    assert result.labels == {"2.jpg": "a"}
    assert set(result.reasons.values()) == {FORBIDDEN}
    assert "ingest.table_hosts" in result.refused[0]["remedy"]
    assert trusted.info.num_examples >= 3
    assert inner.requests.total() == trusted.info.num_examples - 1


def test_a_redirect_leads_to_no_other_server_of_this_network(tmp_path: Path, photos: Path) -> None:
    inner = Behaviour()
    with (
        served(tmp_path, inner) as secret,
        served(
            tmp_path, Behaviour(redirects={"/photos/x.jpg": f"{secret}/photos/cats/0.jpg"})
        ) as a,
    ):
        table_of(photos, "x.jpg", "cats/1.jpg")
        result = ingest_source(f"{a}/photos/labels.csv", tmp_path)

    assert list(result.reasons.values()) == [FORBIDDEN]
    assert inner.requests.total() == 0


def test_a_table_out_of_an_archive_asks_no_server_of_this_network(
    tmp_path: Path, photos: Path
) -> None:
    with served(tmp_path) as address:
        table = table_of(tmp_path, f"{address}/photos/cats/0.jpg", "photos/cats/1.jpg")
        with tarfile.open(tmp_path / "set.tar", "w") as archive:
            archive.add(table, "labels.csv")
            archive.add(photos, "photos")
        result = ingest_source(tmp_path / "set.tar", tmp_path)

    assert result.labels == {"1.jpg": "a"}
    assert list(result.reasons.values()) == [FORBIDDEN]


def test_a_table_of_ones_own_asks_any_server_unless_the_setting_says_otherwise(
    tmp_path: Path, photos: Path
) -> None:
    with served(tmp_path) as address:
        table = table_of(tmp_path, f"{address}/photos/cats/0.jpg", "photos/cats/1.jpg")
        free = ingest_source(table, tmp_path / "a")
        bound = ingest_source(table, tmp_path / "b", table_hosts="public")

    assert free.info.num_examples == 2
    assert list(bound.reasons.values()) == [FORBIDDEN]


def test_a_source_that_redirects_into_this_network_stops_the_run(
    tmp_path: Path, photos: Path
) -> None:
    with (
        served(tmp_path) as secret,
        served(tmp_path, Behaviour(redirects={"/a.csv": f"{secret}/labels.csv"})) as address,
        pytest.raises(DataError, match=r"received an address of this machine.*table_hosts to any"),
    ):
        table_of(tmp_path, "photos/cats/0.jpg")
        ingest_source(f"{address}/a.csv", tmp_path)


def test_the_listing_of_a_source_follows_no_redirect_into_this_network(
    tmp_path: Path, photos: Path
) -> None:
    with (
        served(tmp_path) as secret,
        served(tmp_path, Behaviour(redirects={"/a.zip": f"{secret}/photos/"})) as address,
    ):
        with pytest.raises(DataError, match=r"received an address of this machine"):
            list(list_source(OriginSettings(source=f"{address}/a.zip")))
        trusted = list(list_source(OriginSettings(source=f"{address}/a.zip", table_hosts="any")))

    assert len(trusted) == 1


def test_a_proxy_of_this_network_is_used_but_leads_to_no_address_of_it(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Proxy(Endless):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((photos / "cats/0.jpg").read_bytes())

    with loopback(Proxy) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        table = table_of(tmp_path, "http://169.254.1.1/a.jpg", "http://8.8.8.8/b.jpg")
        result = ingest_source(table, tmp_path, table_hosts="public")

    assert list(result.reasons.values()) == [FORBIDDEN]
    assert asked == ["http://8.8.8.8/b.jpg"]


@pytest.mark.parametrize(("there", "told"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_table_behind_a_server_finds_images_in_another_unicode_form(
    tmp_path: Path, photos: Path, there: str, told: str
) -> None:
    (photos / "cats/0.jpg").rename(photos / f"cats/{normalize(there, 'Häher')}.jpg")
    with served(tmp_path) as address:
        table_of(photos, f"cats/{normalize(told, 'Häher')}.jpg", "cats/gone_ä.jpg")
        result = ingest_source(f"{address}/photos/labels.csv", tmp_path)

    assert result.info.num_examples == 1
    assert list(result.reasons.values()) == ["unreadable file: no such file"]
