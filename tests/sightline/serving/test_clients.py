"""Clients that others wrote, and our own, against the real server."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

from sightline.client.client import Client
from sightline.client.finding import ProtocolName
from tests.sightline.command_line import sightline
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import b64, grey, lay_version

DOCS = Path(__file__).parents[3] / "docs"
IN_DOCS = "http://127.0.0.1:8501"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    lay_version(folder, 1, name="photos")
    with serving_folder(folder) as opened:
        yield opened


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos by the names that the documents use."""
    for name, level in {"cat.jpg": 255, "a.jpg": 255, "b.jpg": 0}.items():
        (tmp_path / name).write_bytes(grey(level, "JPEG"))
    return tmp_path


def curl_lines() -> list[str]:
    """Every curl command that the documents give for this server."""
    texts = [(DOCS / name).read_text(encoding="utf-8") for name in ("guide.md", "serving.md")]
    blocks = [block for text in texts for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("curl ") and IN_DOCS in line]


@pytest.mark.parametrize("line", curl_lines())
def test_the_curl_lines_of_the_documents_are_answered(
    line: str, address: str, photos: Path
) -> None:
    command = line.replace(IN_DOCS, address)

    done = subprocess.run(
        ["bash", "-ec", command], cwd=photos, capture_output=True, text=True, check=True
    )

    assert '"class_name": "light"' in done.stdout


def test_a_form_of_files_is_answered_in_its_order(address: str, photos: Path) -> None:
    form = re.findall(r"`(curl -F [^`]*)`", (DOCS / "serving.md").read_text(encoding="utf-8"))[0]

    command = [*shlex.split(form), "--silent", f"{address}/predict"]
    done = subprocess.run(command, cwd=photos, capture_output=True, text=True, check=True)

    assert re.findall(r'"class_name": "(\w+)"', done.stdout) == ["light", "dark"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"signature_name": "serving_default", "instances": [b64(grey(0))]}, "predictions"),
        ({"instances": [{"image_bytes": b64(grey(0))}]}, "predictions"),
        ({"inputs": [b64(grey(0))]}, "outputs"),
        ({"inputs": {"image_bytes": [b64(grey(0))]}}, "outputs"),
    ],
)
def test_requests_as_the_documents_of_tensorflow_serving_write_them(
    address: str, body: dict[str, object], answer: str
) -> None:
    response = requests.post(f"{address}/v1/models/photos:predict", json=body, timeout=30)

    assert response.status_code == 200
    assert "dark" in str(response.json()[answer])


@pytest.mark.parametrize("protocol", ["auto", "tensorflow-serving", "v2"])
def test_our_client_gets_the_same_answers_in_each_protocol(
    address: str, photos: Path, protocol: ProtocolName
) -> None:
    answers = Client(address, protocol=protocol).predict([photos / "a.jpg", photos / "b.jpg"])

    assert [answer.content["class_name"] for answer in answers] == ["light", "dark"]


@pytest.mark.parametrize("protocol", ["tensorflow-serving", "v2"])
def test_the_command_line_asks_in_each_protocol(
    address: str, photos: Path, protocol: ProtocolName
) -> None:
    path = photos / "a.jpg"

    ended = sightline("predict", path, "--url", address, "--protocol", protocol)

    assert (ended.code, ended.err) == (0, "")
    assert "light" in ended.out


def test_tritons_client_is_answered(address: str) -> None:
    """It is not in the lock: this runs where somebody installed tritonclient[http]."""
    http = pytest.importorskip("tritonclient.http", reason="tritonclient is not in the lock")

    with http.InferenceServerClient(address.removeprefix("http://")) as client:
        images = http.InferInput("image_bytes", [2], "BYTES")
        images.set_data_from_numpy(np.array([grey(255), grey(0)], dtype=object))
        wanted = [http.InferRequestedOutput(name) for name in ("class_name", "probabilities")]
        result = client.infer("photos", [images], outputs=wanted)
        metadata = client.get_model_metadata("photos")
        is_well = [
            client.is_server_live(),
            client.is_server_ready(),
            client.is_model_ready("photos"),
        ]

    assert result.as_numpy("class_name").tolist() == [b"light", b"dark"]
    assert result.as_numpy("probabilities").argmax(axis=1).tolist() == [1, 0]
    assert metadata["inputs"][0]["datatype"] == "BYTES"
    assert is_well == [True, True, True]
