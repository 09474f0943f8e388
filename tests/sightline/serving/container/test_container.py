"""The server as Vertex AI, KServe and Docker start it."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import s3fs
from starlette.applications import Starlette

from sightline.ground.errors import DataError, SettingsError
from sightline.serving.container.arguments import MODELS, read_arguments
from sightline.serving.container.bundle_folder import as_model_folder
from sightline.serving.container.check import SERVER, connection_to, servers
from sightline.serving.container.fetching import fetch
from sightline.serving.options import ServerOptions, VertexRoutes
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.formats.bundle import INFO_FILE, read_info, write_info
from tests.sightline.serving.container.started import started
from tests.sightline.serving.running import running, serving_folder
from tests.sightline.serving.served import b64, grey, lay_version
from tests.sightline.targets.loopback import answer_refusal
from tests.sightline.targets.vertex.storage import Storage
from tests.sightline.targets.vertex.wire import Refused

PREDICT = "/v1/endpoints/7/deployedModels/8:predict"
HEALTH = "/v1/endpoints/7/deployedModels/8"


@pytest.fixture(scope="module")
def vertex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    lay_version(folder, 1)
    routes = VertexRoutes(predict=PREDICT, health=HEALTH, deployed_model="8")
    with serving_folder(folder, vertex=routes) as address:
        yield address


@pytest.fixture
def bundle_folder(tmp_path: Path) -> Path:
    """What export writes, with the tiny model."""
    version = lay_version(tmp_path / "laid", 1)
    (version / SAVED_MODEL).mkdir()
    (version / "saved_model.pb").rename(version / SAVED_MODEL / "saved_model.pb")
    return version.rename(tmp_path / "bundle")


@pytest.mark.parametrize("image", [b64(grey(255)), {"image_bytes": b64(grey(255))}])
def test_vertex_gets_predictions_at_its_own_address(vertex: str, image: dict[str, object]) -> None:
    body = {"instances": [image], "parameters": {"confidenceThreshold": 0.5}}

    content = httpx.post(vertex + PREDICT, json=body).json()

    assert [row["class_name"] for row in content["predictions"]] == ["light"]
    assert content["deployedModelId"] == "8"


@pytest.mark.slow
def test_the_body_of_vertex_own_client_is_answered(vertex: str) -> None:
    from google.cloud.aiplatform_v1 import PredictRequest, PredictResponse
    from google.protobuf import json_format

    request = PredictRequest(endpoint="7")
    request.instances.append(b64(grey(0)))
    body = json_format.MessageToDict(PredictRequest.pb(request))
    response = httpx.post(vertex + PREDICT, json=body)

    answer = json_format.Parse(response.text, PredictResponse.pb(PredictResponse()))
    assert answer.predictions[0].struct_value["class_name"] == "dark"
    assert answer.deployed_model_id == "8"


def test_vertex_health_is_readiness(vertex: str) -> None:
    assert httpx.get(vertex + HEALTH).status_code == 200


def test_a_token_leaves_the_health_that_vertex_asks_for_open(folder: Path) -> None:
    routes = VertexRoutes(predict=PREDICT, health=HEALTH)
    with serving_folder(folder, vertex=routes, token="known-to-few") as address:
        statuses = [httpx.get(address + path).status_code for path in (HEALTH, "/metrics")]

    assert statuses == [200, 401]


def test_a_container_finds_its_token_as_the_command_does(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("known-to-few\n")

    _, options = read_arguments(["--token-file", str(tmp_path / "token")], {})
    _, others = read_arguments([], {"SIGHTLINE_TOKEN": "of-the-environment"})

    assert options(tmp_path).token == "known-to-few"
    assert others(tmp_path).token == "of-the-environment"


def test_vertex_sends_rows_only(vertex: str) -> None:
    response = httpx.post(vertex + PREDICT, json={"inputs": [b64(grey(0))]})

    assert response.status_code == 400
    assert "Expected 'instances'" in response.json()["error"]


def test_the_addresses_of_clusters_are_there_beside_vertex(vertex: str) -> None:
    image = base64.b64encode(grey(0)).decode()
    tensor = {"name": "image_bytes", "shape": [1], "datatype": "BYTES", "data": [image]}

    statuses = [
        httpx.get(vertex + "/v1/models/flowers").status_code,
        httpx.get(vertex + "/v2/models/flowers/ready").status_code,
        httpx.post(vertex + "/v2/models/flowers/infer", json={"inputs": [tensor]}).status_code,
    ]

    assert statuses == [200, 200, 200]


def test_arguments_of_kserve_become_options() -> None:
    model, options = read_arguments(["--model_name", "pets", "--http_port=9000"], {})

    assert model == MODELS
    assert options(Path(model)).name == "pets"
    assert options(Path(model)).port == 9000
    assert options(Path(model)).host == "0.0.0.0"


def test_the_environment_of_vertex_becomes_options_and_arguments_go_first() -> None:
    told = {
        "AIP_HTTP_PORT": "8085",
        "AIP_HEALTH_ROUTE": "/health",
        "AIP_PREDICT_ROUTE": "/ask",
        "AIP_STORAGE_URI": "gs://bucket/model",
        "AIP_DEPLOYED_MODEL_ID": "3",
    }

    model, options = read_arguments([], told)
    elsewhere, others = read_arguments(["bundle", "--port", "1", "--allow-host", "a"], told)

    assert (model, options(Path()).port) == ("gs://bucket/model", 8085)
    vertex = VertexRoutes(predict="/ask", health="/health", deployed_model="3")
    assert options(Path()).vertex == vertex
    assert (elsewhere, others(Path()).port, others(Path()).allow_hosts) == ("bundle", 1, ("a",))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AIP_HTTP_PORT", "http", "AIP_HTTP_PORT: expected a number; received 'http'"),
        ("AIP_PREDICT_ROUTE", "{x}", "AIP_PREDICT_ROUTE: expected a path such as /predict"),
    ],
)
def test_an_odd_environment_is_told(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_arguments([], {name: value})


def test_a_bundle_is_served_without_being_copied(bundle_folder: Path) -> None:
    with as_model_folder(bundle_folder) as folder, serving_folder(folder) as address:
        content = httpx.post(address + "/predict", content=grey(255)).json()

    assert content["class_name"] == "light"
    assert (bundle_folder / "model.tflite").is_file()


@pytest.mark.slow
def test_a_damaged_bundle_is_told_in_one_line(bundle_folder: Path) -> None:
    (bundle_folder / "labels.txt").write_text("others\n")
    command = [sys.executable, "-m", "sightline.serving.container", str(bundle_folder)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "missing or changed: labels.txt" in done.stderr


def upload(folder: Path, bucket: str) -> str:
    s3fs.S3FileSystem().put(f"{folder}/", f"{bucket}/model", recursive=True)
    return f"s3://{bucket}/model"


@pytest.mark.slow
def test_a_bundle_in_a_bucket_is_brought_and_served(bundle_folder: Path, s3_bucket: str) -> None:
    address = upload(bundle_folder, s3_bucket)

    with started("--port", "0", AIP_STORAGE_URI=address) as server:
        content = httpx.post(server + "/predict", content=grey(0)).json()

    assert content["class_name"] == "dark"


@pytest.fixture
def gs_address(bundle_folder: Path) -> Iterator[tuple[str, str]]:
    """A bundle in Cloud Storage, and where a server on loopback speaks for that."""
    storage = Storage({"models": {}})
    for path in bundle_folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(bundle_folder).as_posix()
            storage.put(f"gs://models/pets/{name}", path.read_bytes())
    handlers: Any = {Refused: answer_refusal}
    with running(Starlette(routes=storage.routes(), exception_handlers=handlers)) as address:
        yield "gs://models/pets", address


@pytest.mark.slow
def test_a_bundle_in_cloud_storage_is_brought_and_served(gs_address: tuple[str, str]) -> None:
    model, storage = gs_address

    with started(model, "--port", "0", STORAGE_EMULATOR_HOST=storage) as server:
        content = httpx.post(server + "/predict", content=grey(255)).json()

    assert content["class_name"] == "light"


@pytest.mark.slow
def test_the_command_serves_a_bundle_in_cloud_storage(gs_address: tuple[str, str]) -> None:
    model, storage = gs_address
    command = [sys.executable, "-m", "sightline", "serve", model, "--port", "0", "--workers", "1"]
    environment = {**os.environ, "STORAGE_EMULATOR_HOST": storage}

    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        server = said.removeprefix("Serving at ").partition(". ")[0]
        content = httpx.post(server + "/predict", content=grey(255)).json()
        process.terminate()

    assert content["class_name"] == "light"
    assert process.returncode == 0


def test_of_a_model_folder_the_newest_whole_version_is_brought(
    tmp_path: Path, s3_bucket: str
) -> None:
    for number in (2, 9, 10):
        lay_version(tmp_path / "models", number)
    (tmp_path / "models/10/model.tflite").write_bytes(b"others")

    folder = fetch(upload(tmp_path / "models", s3_bucket), tmp_path / "here")

    assert [path.name for path in folder.iterdir() if path.name[0] != "."] == ["9"]
    assert read_info(folder / "9").digest == "bundle-9"


def test_a_file_that_changed_in_the_bucket_is_told(bundle_folder: Path, s3_bucket: str) -> None:
    address = upload(bundle_folder, s3_bucket)
    s3fs.S3FileSystem().pipe(f"{s3_bucket}/model/labels.txt", b"others\n")

    with pytest.raises(DataError, match=r"^s3://.*missing or changed: labels.txt"):
        fetch(address, bundle_folder.parent / "here")


def test_a_file_that_is_missing_in_the_bucket_is_told(bundle_folder: Path, s3_bucket: str) -> None:
    address = upload(bundle_folder, s3_bucket)
    s3fs.S3FileSystem().rm(f"{s3_bucket}/model/labels.txt")

    with pytest.raises(DataError, match=r"bring the model from there; received: no such file"):
        fetch(address, bundle_folder.parent / "here")


def test_an_empty_bucket_holds_no_model(tmp_path: Path, s3_bucket: str) -> None:
    s3fs.S3FileSystem().pipe(f"{s3_bucket}/model/notes.txt", b"")

    with pytest.raises(DataError, match="name the folder that export or deploy wrote"):
        fetch(f"s3://{s3_bucket}/model", tmp_path)


def test_a_store_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a model at a path or at .*s3://.*gs://"):
        fetch("ftp://host/model", tmp_path)


def test_a_bundle_that_names_files_elsewhere_is_refused(
    bundle_folder: Path, s3_bucket: str
) -> None:
    info = read_info(bundle_folder)
    write_info(bundle_folder, replace(info, files={**info.files, "../../evil": "0" * 64}))
    address = upload(bundle_folder, s3_bucket)

    with pytest.raises(DataError, match=r"files inside the bundle, received \.\./\.\./evil"):
        fetch(address, bundle_folder.parent / "here")


def test_a_version_by_itself_is_served(tmp_path: Path, s3_bucket: str) -> None:
    version = lay_version(tmp_path / "models", 7)

    folder = fetch(upload(version, s3_bucket), tmp_path / "here")

    assert read_info(folder / "1").digest == "bundle-7"
    shutil.rmtree(folder)
    assert (version / INFO_FILE).is_file()


@pytest.mark.parametrize(
    ("arguments", "kind", "place"),
    [
        (["--port", "9000"], "HTTPConnection", ("127.0.0.1", 9000)),
        (["--http_port", "9000", "--host", "::"], "HTTPConnection", ("::1", 9000)),
        (["--tls-cert", "cert.pem"], "HTTPSConnection", ("127.0.0.1", 8085)),
        (["models/pets", "--uds", "/tmp/s"], "_AtSocket", ("localhost", 80)),
    ],
)
def test_the_health_check_asks_where_the_server_was_told_to_listen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    kind: str,
    place: tuple[str, int],
) -> None:
    monkeypatch.setenv("AIP_HTTP_PORT", "8085")
    for number, words in enumerate([["sh"], ["python3", "-m", SERVER, *arguments]], 1):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "cmdline").write_text("".join(f"{word}\0" for word in words))

    (options,) = servers(tmp_path)
    connection = connection_to(options)

    assert type(connection).__name__ == kind
    assert (connection.host, connection.port) == place


def test_the_health_check_reaches_a_server_at_a_socket(tmp_path: Path) -> None:
    lay_version(tmp_path / "models", 1)
    path = tmp_path / "s"
    with serving_folder(tmp_path / "models", uds=path):
        connection = connection_to(ServerOptions(folder=tmp_path, uds=path))
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
        connection.close()

    assert status == 200
