import os
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.runs.artifact_store import filesystem_of, list_outputs, read_all
from sightline.targets.kfp.settings import KubeflowTarget
from sightline.targets.local.settings import LocalTarget

FIRST, SECOND = "0b1f6c52-7a34-4d11-9a2e-1c9d8f7e6a50", "1b1f6c52-7a34-4d11-9a2e-1c9d8f7e6a51"


def write(path: Path, *, time: int = 1_000_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name, encoding="utf-8")
    os.utime(path, (time, time))


def test_kubeflows_layout_has_a_folder_per_execution(tmp_path: Path) -> None:
    write(tmp_path / "ingest" / FIRST / "dataset/dataset.json")
    write(tmp_path / "ingest" / FIRST / "report")

    found = list_outputs(str(tmp_path), LocalTarget())

    assert found["ingest"].uri == f"{tmp_path}/ingest/{FIRST}"
    assert found["ingest"].names == {"dataset", "report"}


def test_of_two_executions_the_later_one_counts(tmp_path: Path) -> None:
    write(tmp_path / "ingest" / SECOND / "report", time=1_000_000)
    write(tmp_path / "ingest" / FIRST / "report", time=2_000_000)

    assert list_outputs(str(tmp_path), LocalTarget())["ingest"].uri.endswith(FIRST)


def test_the_layouts_of_vertex_and_of_this_machine(tmp_path: Path) -> None:
    write(tmp_path / "label-check_-5950113757618241536" / "report")
    write(tmp_path / "train" / "model" / "model.json")

    found = list_outputs(str(tmp_path), LocalTarget())

    assert found["label-check"].uri == f"{tmp_path}/label-check_-5950113757618241536"
    assert found["train"].names == {"model"}


def test_a_run_that_left_nothing(tmp_path: Path) -> None:
    assert list_outputs(str(tmp_path / "none"), LocalTarget()) == {}


def test_a_file_is_read_by_its_address(tmp_path: Path) -> None:
    write(tmp_path / "summary.json")

    uri = f"file://{tmp_path}/summary.json"
    assert read_all([uri], LocalTarget()) == {uri: b"summary.json"}


def test_minio_needs_to_be_told_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    target = KubeflowTarget(kind="kfp", host="http://localhost:8080")

    with pytest.raises(UserError, match=r"port-forward .*seaweedfs 9000 .*, then export"):
        filesystem_of("minio://mlpipeline/v2/artifacts", target)


def test_the_targets_own_endpoint_is_used_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    target = KubeflowTarget(
        kind="kfp",
        host="http://localhost:8080",
        environment={"AWS_ENDPOINT_URL": "http://minio.example.com"},
    )

    filesystem, path = filesystem_of("minio://mlpipeline/v2/artifacts", target)

    assert filesystem.endpoint_url == "http://minio.example.com"
    assert path == "mlpipeline/v2/artifacts"


def test_a_store_of_another_kind() -> None:
    with pytest.raises(UserError, match="received oci://"):
        filesystem_of("oci://bucket/runs", LocalTarget())
