"""From nothing to an answered request in one command, whatever happens on the way."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sightline.start.deploy_checks import examine_deployment
from tests.components.deploy.targets.kserve.cluster import KServe
from tests.components.deploy.targets.kserve.conftest import kubeconfig
from tests.components.deploy.targets.served_bundles import bundle
from tests.data import photo_folder
from tests.sightline.command_line import sightline
from tests.sightline.serving.container.started import started
from tests.sightline.serving.running import running
from tests.sightline.serving.served import b64, grey
from tests.sightline.targets.loopback import answer_refusal, served
from tests.sightline.targets.vertex.server import BUCKET, LOCATION, PROJECT, vertex_server
from tests.sightline.targets.vertex.storage import Storage
from tests.sightline.targets.vertex.wire import Refused

IMAGE = "registry.example.com/sightline-serving@sha256:" + "0" * 64
LIGHT = {"instances": [b64(grey(255))]}
DOCTOR = ("Server image", "Model folder", "KServe", "Rights", "Live there")
FAULTS: list[dict[str, Any]] = [
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"cut": "length"},
    {"status": None, "performed": "before"},
]
"""A full quota, an error in the middle, an answer that is cut, and one that is lost."""


@contextmanager
def containers(storage: str) -> Iterator[Callable[..., str]]:
    """Starts the process of the serving image, once for each place that it takes a model from."""
    addresses: dict[str, str] = {}
    with ExitStack() as stack:

        def start(model: str, *arguments: str, **environment: str) -> str:
            if model not in addresses:
                process = started(
                    *arguments, "--port", "0", STORAGE_EMULATOR_HOST=storage, **environment
                )
                addresses[model] = stack.enter_context(process)
            return addresses[model]

        yield start


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photo_folder(tmp_path / "photos", cats=1)


def write_settings(*lines: str) -> None:
    text = ["pipeline: {name: flowers}", "ingest: {source: photos}", *lines]
    Path("sightline.yaml").write_text("\n".join(text) + "\n")


@pytest.mark.slow
def test_vertex_in_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:

        def start(model: Any, environment: Mapping[str, str]) -> str:
            place = environment["AIP_STORAGE_URI"] + environment["AIP_PREDICT_ROUTE"]
            address = start_container(place, "--no-page", **environment)
            return address + environment["AIP_PREDICT_ROUTE"]

        cloud = stack.enter_context(vertex_server(start))
        start_container = stack.enter_context(containers(cloud.address))
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.address)
        write_settings(
            f"deploy: {{serving_image: '{IMAGE}', vertex_api_endpoint: '{cloud.address}', "
            "vertex_sign_in: anonymous}",
            f"targets: {{cloud: {{kind: vertex, project: {PROJECT}, location: {LOCATION}, "
            f"staging_bucket: 'gs://{BUCKET}', registry: 'registry.example.com'}}}}",
        )
        for path, fault in zip(
            (":upload$", "/endpoints$", "/flowers:deployModel$", ":predict$"), FAULTS, strict=True
        ):
            cloud.faults.order("POST", path, **fault)

        ended = sightline("deploy", bundle(tmp_path), "--target", "vertex")

        assert ended.code == 0, ended.err
        assert "Version 1 answers all requests." in ended.out
        assert len(cloud.models.by_id["flowers"]) == 1
        assert all(one.times == 0 for one in cloud.faults.orders)
        path = f"/v1/projects/{PROJECT}/locations/{LOCATION}/endpoints/flowers:predict"
        answer = httpx.post(cloud.address + path, json=LIGHT).json()
        assert answer["predictions"][0]["class_name"] == "light"
        assert answer["modelVersionId"] == "1"
        listed = sightline("models", "list", "--target", "vertex", "--json")
        assert json.loads(listed.out)["aliases"] == {"champion": 1}, listed.err
        ended = sightline("undeploy", "--target", "vertex")
        assert ended.out.startswith(
            "Endpoint flowers is removed; the machines of version 1 ended.\n"
        )
        assert not cloud.endpoints.by_id


@pytest.mark.slow
def test_kserve_in_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage({"flowers": {}})
    handlers: Any = {Refused: answer_refusal}
    with ExitStack() as stack:

        def start(container: dict[str, Any]) -> str:
            told = {one["name"]: one["value"] for one in container["env"]}
            # KServe's storage initializer puts the model where the container looks without a word.
            return start_container(told["STORAGE_URI"], told["STORAGE_URI"], *container["args"])

        store = stack.enter_context(
            running(Starlette(routes=storage.routes(), exception_handlers=handlers))
        )
        start_container = stack.enter_context(containers(store))
        cluster = stack.enter_context(served(KServe(start)))
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", store)
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", cluster.address)))
        write_settings(
            f"deploy: {{target: kserve, serving_image: '{IMAGE}', folder: 'gs://flowers/models'}}"
        )
        for path, fault in zip(
            ("/inferenceservices$", "/inferenceservices$", "/proxy/", "/proxy/"),
            FAULTS,
            strict=True,
        ):
            cluster.faults.order("POST", path, **fault)

        ended = sightline("deploy", bundle(tmp_path), "--target", "kserve", "--json")

        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["version"] == 1
        assert all(one.times == 0 for one in cluster.faults.orders)
        address = f"{cluster.address}/ingress/flowers/v1/models/flowers:predict"
        answer = httpx.post(address, json=LIGHT).json()
        assert answer["predictions"][0]["class_name"] == "light"
        checks = examine_deployment(Path("sightline.yaml"))
        assert {one.name: one.state for one in checks} == dict.fromkeys(DOCTOR, "ok")
        second = bundle(tmp_path / "second", "b" * 64)
        assert sightline("deploy", second, "--target", "kserve").code == 0
        back = sightline("rollback", "--target", "kserve")
        assert back.out.endswith("Version 1 is live again in place of version 2.\n"), back.err
        again = sightline("deploy", second, "--target", "kserve")
        assert again.code == 1 and "This bundle was rolled back on" in again.out
        assert "is removed with the pods of version 1" in (
            sightline("undeploy", "--target", "kserve").out
        )
        listed = json.loads(sightline("models", "list", "--target", "kserve", "--json").out)
        standings = [one["standing"] for one in listed["versions"]]
        assert standings == ["rolled back", "undeployed"] and not listed["aliases"]


def test_a_model_folder_in_one_command_and_without_a_project(tmp_path: Path) -> None:
    place = bundle(tmp_path)
    folder = f"deploy.folder={tmp_path / 'models'}"

    planned = sightline("deploy", place, "--set", folder, "--dry-run")
    done = sightline("deploy", place, "--set", folder)

    assert planned.code == 0 and done.code == 0, planned.err + done.err
    assert planned.out.endswith("Nothing was changed: --dry-run.\n")
    assert "Version 1 answers all requests." in done.out
    assert f"Ask it:  sightline serve {tmp_path / 'models'}" in done.out
    assert "Back to" not in done.out, "there is no version before"
    assert (tmp_path / "models/1/bundle.json").is_file()


def test_what_a_target_lacks_is_one_line(tmp_path: Path) -> None:
    write_settings()

    ended = sightline("deploy", bundle(tmp_path), "--target", "vertex")

    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("error: deploy: `serving_image`: expected a val")


def test_a_bundle_that_the_system_refuses_to_read_is_one_line(tmp_path: Path) -> None:
    done = sightline("deploy", "b" * 300, "--set", f"deploy.folder={tmp_path / 'models'}")

    assert done.code == 2
    assert "Use a shorter path" in done.err
    assert "Traceback" not in done.err


def test_an_unknown_place_names_those_that_there_are(tmp_path: Path) -> None:
    write_settings()

    ended = sightline("deploy", "bundle", "--target", "sagemaker")

    assert ended.code == 2
    assert "expected kserve, local or vertex; received 'sagemaker'" in ended.err
