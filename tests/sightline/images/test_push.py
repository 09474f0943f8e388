import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from sightline import __version__
from sightline.ground.errors import UserError
from sightline.images.build import BuiltImage
from sightline.images.push import check_reachable, push_images
from sightline.images.record import PushedImage, read_images
from tests.registry_server import PASSWORD, free_port, registry

pytestmark = pytest.mark.docker

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(autouse=True)
def docker_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's settings of nobody: no logins, no programs that keep passwords."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder / "config.json"


@pytest.fixture
def make_image(docker_engine) -> Iterator:
    """A function that makes a small image, as a build would leave it."""
    with ExitStack() as stack:

        def make(stage: str = "ingest", size: int = 100, random: bool = True) -> BuiltImage:
            data = archive(os.urandom(size) if random else bytes(size))
            said = docker_engine.api.import_image_from_data(data, repository=f"trial/{stage}")
            image = str(json.loads(said)["status"])
            stack.callback(docker_engine.images.remove, image, force=True)
            return BuiltImage(
                stage=stage,
                reference=f"trial/{stage}:latest",
                id=image,
                content="0123456789ab",
                python_image="python:3.11",
                platform="linux/amd64",
                size_bytes=size,
                seconds=0.1,
            )

        yield make


def archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("content")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def digest_in(address: str, name: str, tag: str) -> str:
    """What the registry itself answers."""
    url = f"http://{address}/v2/{name}/manifests/{tag}"
    answer = httpx.get(url, headers={"Accept": MANIFEST}).raise_for_status()
    return answer.headers["Docker-Content-Digest"]


def test_a_pushed_image_is_recorded_with_the_digest_that_the_registry_has(
    tmp_path: Path, make_image
) -> None:
    record, lines = tmp_path / "sightline.images.json", []
    image = make_image("label_check")

    with registry(tmp_path / "registry") as address:
        (pushed,) = push_images([image], f"{address}/team/", record, lines.append)
        there = digest_in(address, "team/sightline-label-check", image.content)

    name = f"{address}/team/sightline-label-check"
    assert pushed.reference == f"{name}@{there}"
    assert (pushed.content, pushed.platform) == (image.content, "linux/amd64")
    assert (pushed.python_image, pushed.version) == ("python:3.11", __version__)
    assert read_images(record).pinned(f"{address}/team", "label_check") == pushed
    assert lines[0] == f"{name}:{image.content}: pushing"
    assert lines[-1] == f"{name}:{image.content}: 1 of 1 layers sent, 0 MB, {there}"


def test_what_the_registry_has_already_is_not_pushed_again(tmp_path: Path, make_image) -> None:
    record, lines = tmp_path / "sightline.images.json", []
    image = make_image()

    with registry(tmp_path / "registry") as address:
        push_images([image], address, record, lambda _: None)
        before = record.read_bytes()
        push_images([image], address, record, lines.append)

    assert [": there already, sha256:" in line for line in lines] == [True]
    assert record.read_bytes() == before


def test_a_lost_record_is_made_again_without_a_push(tmp_path: Path, make_image) -> None:
    record, lines = tmp_path / "sightline.images.json", []
    image = make_image()

    with registry(tmp_path / "registry") as address:
        first = push_images([image], address, record, lambda _: None)
        record.unlink()
        again = push_images([image], address, record, lines.append)

    assert again[0].is_same(first[0])
    assert "there already" in lines[0]
    assert read_images(record).pinned(address, "ingest") == again[0]


def test_other_bytes_for_the_same_content_replace_what_is_there(tmp_path: Path, make_image) -> None:
    record, lines = tmp_path / "sightline.images.json", []

    with registry(tmp_path / "registry") as address:
        (older,) = push_images([make_image()], address, record, lambda _: None)
        (newer,) = push_images([make_image()], address, record, lines.append)
        older_digest = older.reference.partition("@")[2]
        still_there = digest_in(address, "sightline-ingest", older_digest)

    assert "with other bytes; replacing it" in lines[0]
    assert newer.reference != older.reference
    assert read_images(record).pinned(address, "ingest") == newer
    assert still_there == older_digest


def test_two_registries_and_two_stages_share_a_record(tmp_path: Path, make_image) -> None:
    record = tmp_path / "sightline.images.json"
    images = [make_image("ingest"), make_image("train")]

    with registry(tmp_path / "one") as one, registry(tmp_path / "two") as two:
        push_images(images, one, record, lambda _: None)
        push_images(images[:1], f"{two}/team", record, lambda _: None)

    found = read_images(record)
    assert isinstance(found.pinned(one, "train"), PushedImage)
    assert isinstance(found.pinned(f"{two}/team", "ingest"), PushedImage)
    assert found.pinned(f"{two}/team", "train") is None


def test_a_large_layer_shows_that_it_is_on_its_way(tmp_path: Path, make_image) -> None:
    lines: list[str] = []
    image = make_image(size=150_000_000, random=False)

    with registry(tmp_path / "registry") as address:
        push_images([image], address, tmp_path / "record.json", lines.append)

    assert sum(line.endswith(" MB sent") for line in lines) == 1
    assert "1 of 1 layers sent, 150 MB" in lines[-1]


def test_without_a_login_the_message_names_the_command(tmp_path: Path, make_image) -> None:
    image = make_image()

    with registry(tmp_path / "registry", login=True) as address:
        check_reachable(address)
        with pytest.raises(UserError, match=rf"no basic auth.*Log in: `docker login {address}`"):
            push_images([image], f"{address}/team", tmp_path / "record.json", lambda _: None)

    assert not (tmp_path / "record.json").exists()


@pytest.mark.parametrize("password", [PASSWORD, "YWRhOndyb25n"], ids=["right", "wrong"])
def test_the_login_of_docker_is_used(
    tmp_path: Path, make_image, docker_settings: Path, password: str
) -> None:
    image = make_image()

    with registry(tmp_path / "registry", login=True) as address:
        docker_settings.write_text(json.dumps({"auths": {address: {"auth": password}}}))
        if password == PASSWORD:
            push_images([image], address, tmp_path / "record.json", lambda _: None)
        else:
            with pytest.raises(UserError, match=r"unauthorized.*Log in: `docker login"):
                push_images([image], address, tmp_path / "record.json", lambda _: None)

    assert (tmp_path / "record.json").exists() == (password == PASSWORD)


def test_a_program_for_passwords_that_is_missing_is_named(
    docker_engine, docker_settings: Path
) -> None:
    docker_settings.write_text(json.dumps({"credHelpers": {"127.0.0.1:9": "sightline-absent"}}))

    with pytest.raises(UserError, match=r"docker-credential-sightline-absent.*config\.json"):
        check_reachable("127.0.0.1:9")


def test_a_registry_that_does_not_run_is_noticed_before_and_during_a_push(
    tmp_path: Path, make_image
) -> None:
    image = make_image()
    address = f"127.0.0.1:{free_port('127.0.0.1')}"

    with pytest.raises(UserError, match=rf"connection refused\. Nothing listens at {address}"):
        check_reachable(address)
    with pytest.raises(UserError, match=rf"connection refused\. Nothing listens at {address}"):
        push_images([image], address, tmp_path / "record.json", lambda _: None)


def test_a_host_that_does_not_exist_is_noticed_before_the_build(docker_engine) -> None:
    with pytest.raises(UserError, match=r"^registry\.invalid/team: .*There is no such host"):
        check_reachable("registry.invalid/team")


def test_plain_http_elsewhere_than_on_localhost_is_explained(docker_engine, tmp_path: Path) -> None:
    network = docker_engine.networks.get("bridge").attrs
    # Of a bridge that was made just now, the engine names the subnet only.
    gateway = str(ip_network(network["IPAM"]["Config"][0]["Subnet"])[1])

    with (
        registry(tmp_path / "registry", host=gateway) as address,
        pytest.raises(UserError, match=rf'"insecure-registries": \["{address}"\]'),
    ):
        check_reachable(address)
