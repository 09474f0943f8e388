"""Who may ask a server, and over which way: tokens, TLS and sockets in the file system."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sightline.client.answers import ServerError
from sightline.client.client import Client
from sightline.ground.errors import SettingsError
from sightline.ground.models.model_folder import FolderError
from sightline.serving.options import ServerOptions
from sightline.serving.server import configuration
from sightline.serving.web.listening import listening
from sightline.serving.web.token import token_of
from tests.certificate import write_certificate
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import b64, grey

TOKEN = "a-token-of-these-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}
PREDICT = "/v1/models/flowers:predict"
HEALTH = ("/healthz", "/livez", "/readyz", "/v2/health/live", "/v2/health/ready")


@pytest.fixture(scope="module")
def address(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A server with a token, behind TLS."""
    certificate = write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")
    limits = {"handshake_seconds": 0.5, "max_connections": 8}
    with serving_folder(folder, token=TOKEN, tls_cert=certificate, limits=limits) as where:
        yield where, ssl.create_default_context(cafile=certificate)


@pytest.fixture
def guarded(address: tuple[str, ssl.SSLContext]) -> Iterator[httpx.Client]:
    """A client that has no connection yet: the server may close those that wait."""
    where, trusted = address
    with httpx.Client(base_url=where, timeout=30, verify=trusted) as opened:
        yield opened


def connected(client: httpx.Client) -> socket.socket:
    place = urlsplit(str(client.base_url))
    return socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=20)


def test_who_has_the_token_is_answered_over_tls(guarded: httpx.Client) -> None:
    response = guarded.post(PREDICT, json={"instances": [b64(grey(0))]}, headers=BEARER)

    assert response.json()["predictions"][0]["class_name"] == "dark"
    assert guarded.get("/healthz", headers=BEARER).json()["classes"] == ["dark", "light"]


@pytest.mark.parametrize(
    "given", [None, "Bearer", "Bearer another-token", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "é"]
)
def test_others_are_refused(guarded: httpx.Client, given: str | None) -> None:
    headers = {} if given is None else {"authorization": given.encode()}

    for path in ("/pictures", "/metrics", "/none", "/v1/models/flowers", "/v2", "/healthz/none"):
        response = guarded.get(path, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
    assert guarded.post("/predict", content=grey(0), headers=headers).status_code == 401


@pytest.mark.parametrize("path", HEALTH)
def test_health_needs_no_token_and_says_no_more_than_that(guarded: httpx.Client, path: str) -> None:
    response = guarded.get(path)

    assert response.status_code == 200
    assert set(response.json()) <= {"status", "live", "ready"}


def test_the_page_can_ask_for_the_token_and_says_nothing_of_the_model(
    guarded: httpx.Client,
) -> None:
    response = guarded.get("/")

    assert response.status_code == 200
    assert "flowers" not in response.text


def test_a_client_that_shakes_no_hands_is_let_go(guarded: httpx.Client) -> None:
    with connected(guarded) as mute:
        assert mute.recv(1) == b""


def test_a_client_that_speaks_no_tls_is_let_go(guarded: httpx.Client) -> None:
    with connected(guarded) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")

        received = b""
        while piece := plain.recv(1000):
            received += piece
    assert b"HTTP" not in received
    assert guarded.get("/livez").status_code == 200


def test_clients_that_shake_no_hands_keep_nobody_out(guarded: httpx.Client) -> None:
    mute = [connected(guarded) for _ in range(30)]

    status = guarded.get("/livez").status_code

    for one in mute:
        one.close()
    assert status == 200


def test_a_socket_in_the_file_system_is_listened_at_and_removed(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    with serving_folder(folder, uds=path) as address:
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(base_url="http://localhost", transport=transport) as client:
            response = client.post("/predict", content=grey(255))

    assert address == f"unix:{path}"
    assert response.json()["class_name"] == "light"
    assert not path.exists()


def test_the_client_of_python_sends_its_token(folder: Path) -> None:
    with serving_folder(folder, token=TOKEN) as address:
        (answer,) = Client(address, token=TOKEN).predict([grey(255)])
        with pytest.raises(ServerError, match="Authorization: Bearer TOKEN"):
            Client(address, name="flowers", token="another-token").predict([grey(255)])

    assert (answer.title, answer.error) == ("light", None)


def test_a_socket_that_a_dead_server_left_is_taken_over(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with listening(ServerOptions(folder=folder, uds=path)) as (listener,):
        assert listener.getsockname() == str(path)


def test_a_socket_of_a_living_server_is_left_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(ServerOptions(folder=folder, uds=path)):
        with pytest.raises(FolderError, match=r"Address already in use\. Choose another path"):
            listening(ServerOptions(folder=folder, uds=path)).__enter__()

        assert path.exists()


@pytest.mark.parametrize("name", ["file", "none/s", "x" * 200])
def test_a_path_that_can_be_no_socket_is_told_in_one_line(
    folder: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("mine")

    with (
        pytest.raises(FolderError, match=r"--uds .*: expected to make a socket"),
        listening(ServerOptions(folder=folder, uds=tmp_path / name)),
    ):
        pass
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("token", ["short", "two words and more", "\u00e9" * 20, "x" * 5000])
def test_a_token_that_no_header_can_hold_is_refused_unsaid(folder: Path, token: str) -> None:
    with pytest.raises(SettingsError, match="8 to 4096 printable characters") as error:
        ServerOptions(folder=folder, token=token)

    assert token not in str(error.value)


def test_a_token_is_read_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")

    assert token_of(file, {"SIGHTLINE_TOKEN": "another"}) == TOKEN
    assert token_of(None, {"SIGHTLINE_TOKEN": TOKEN}) == TOKEN
    assert token_of(None, {}) == ""
    file.write_text("\n")
    with pytest.raises(SettingsError, match="expected a token in it"):
        token_of(file, {})
    with pytest.raises(SettingsError, match="No such file"):
        token_of(tmp_path / "none", {})


def test_options_do_not_show_their_token(folder: Path) -> None:
    assert TOKEN not in repr(ServerOptions(folder=folder, token=TOKEN))


def test_a_damaged_certificate_is_one_line(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "server.pem"
    damaged.write_text("no certificate")

    with pytest.raises(SettingsError, match="expected a certificate in PEM and its key") as error:
        ServerOptions(folder=folder, tls_cert=damaged).certificate()

    assert "\n" not in str(error.value)


def test_a_key_without_a_certificate_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--tls-key: expected --tls-cert beside it"):
        ServerOptions(folder=folder, tls_key=tmp_path / "key.pem")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("forwarders", "believed"),
    [
        ((), "127.0.0.1"),
        (("10.0.0.0/8",), "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.7"),
        (("127.0.0.0/8", "203.0.113.7"), "198.51.100.9"),
    ],
)
async def test_who_asks_is_believed_of_named_proxies_alone(
    forwarders: tuple[str, ...], believed: str
) -> None:
    async def tell(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.client.host if request.client else "")

    configured = configuration(Starlette(routes=[Route("/", tell)]), forwarders=forwarders)
    configured.load()
    transport = httpx.ASGITransport(configured.loaded_app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        said = await client.get("/", headers={"x-forwarded-for": "198.51.100.9, 203.0.113.7"})

    assert said.text == believed


def test_a_proxy_that_is_no_address_is_refused(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"--allow-forwarder: expected an address, a network"):
        ServerOptions(folder=folder, allow_forwarders=("proxy.example",))
