import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sightline.ground.backbones.table import BACKBONES, DEFAULT
from sightline.project.settings import Project, load_project
from sightline.start import doctor
from sightline.start.weights import weights_state
from sightline.views.render import check_line, show
from tests.bundles import add_version


def test_this_machine_passes_what_needs_no_network(tmp_path: Path) -> None:
    checks = [
        doctor.check_python(),
        doctor.check_parts(),
        doctor.check_cores(),
        doctor.check_memory(),
        doctor.check_disk(tmp_path / "not" / "there" / "yet"),
    ]

    assert {check.state for check in checks} <= {"ok", "warning"}
    assert "kfp 2.17.0" in checks[1].found
    assert int(checks[2].found) >= 1


def test_every_check_that_is_not_ok_has_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    check = doctor.Check("Docker", "warning", "no engine answers", "Start dockerd.")

    show(check_line(check))

    out = capsys.readouterr().out
    assert "no engine answers" in out
    assert "Start dockerd." in out


def test_an_engine_that_does_not_answer_is_a_warning_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")

    check = doctor.check_docker()

    assert (check.state, check.found) == ("warning", "no engine answers")
    assert "--launcher docker" in check.remedy


@pytest.mark.parametrize(
    ("text", "state", "found"),
    [
        ("ingest: {source: photos}\n", "ok", "sightline.yaml"),
        ("ingest: {sauce: photos}\n", "problem", "Did you mean `ingest.source`?"),
        (None, "warning", "no "),
    ],
)
def test_the_settings_file_is_checked(
    tmp_path: Path, text: str | None, state: str, found: str
) -> None:
    file = tmp_path / "sightline.yaml"
    if text:
        file.write_text(text, encoding="utf-8")

    check = doctor.check_settings(file)

    assert check.state == state
    assert found in check.found


@pytest.mark.slow
def test_tensorflow_is_imported_in_a_process_of_its_own() -> None:
    check = doctor.check_tensorflow()

    assert (check.state, check.found) == ("ok", "imports and computes")


def test_a_tensorflow_that_never_imports_is_a_problem() -> None:
    check = doctor.check_tensorflow(timeout_seconds=0)

    assert check.state == "problem"
    assert "did not import within 0 s" in check.found


@pytest.fixture
def host() -> Iterator[str]:
    """A server on loopback that has `there.h5`."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path == "/there.h5" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Keras keeps its weights on a machine that has none."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.mark.usefixtures("machine")
def test_weights_on_the_network_are_found(host: str) -> None:
    state = weights_state(url=f"{host}/there.h5")

    assert state.reachable
    assert "can be fetched" in state.detail


@pytest.mark.usefixtures("machine")
def test_weights_that_are_not_there_are_said_to_be_missing(host: str) -> None:
    state = weights_state(url=f"{host}/gone.h5")

    assert not state.reachable
    assert "cannot be fetched here (Not Found)" in state.detail


@pytest.mark.usefixtures("machine")
def test_a_host_that_refuses_is_said() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    state = weights_state(url=f"http://127.0.0.1:{port}/w.h5")

    assert not state.reachable
    assert "refused" in state.detail


def test_weights_that_keras_has_already_are_found(machine: Path) -> None:
    (machine / BACKBONES[DEFAULT].keras_file).touch()

    state = weights_state(url="http://127.0.0.1:9/w.h5")

    assert state.reachable
    assert "on this machine" in state.detail


def nobody(project: Project, version: int) -> str:
    """Know no run that put a version live."""
    return ""


def test_a_damaged_version_of_the_model_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_text("ingest: {source: photos}\n")
    folder = load_project(file).model_folder
    none_yet = doctor.check_model(file, nobody)
    (add_version(folder, 1) / "labels.txt").write_text("light\ndark\n")

    check = doctor.check_model(file, nobody)

    assert (none_yet.state, check.state) == ("ok", "problem")
    assert "missing or changed: labels.txt" in check.found


def test_the_machines_cache_is_named_with_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "cache/backbones/one").mkdir(parents=True)

    here = doctor.check_cache({"SIGHTLINE_CACHE": str(tmp_path / "cache")})
    off = doctor.check_cache({"SIGHTLINE_CACHE": "off"})

    assert (here.state, here.found) == ("ok", f"{tmp_path / 'cache'}: backbones 1 (0 bytes)")
    assert (off.state, off.found[:27]) == ("ok", "none: SIGHTLINE_CACHE is of")
