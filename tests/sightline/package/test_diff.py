from pathlib import Path

import pytest
import yaml

from sightline.ground.errors import UserError
from sightline.package.diff import package_diff
from tests.sightline.lint.packages import Documents, container, documents, pod, set_default


def diff(tmp_path: Path, old: Documents, new: Documents) -> list[str]:
    paths = [tmp_path / name for name in ("old.yaml", "new.yaml")]
    for path, package in zip(paths, (old, new), strict=True):
        path.write_text(yaml.dump_all(package, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return package_diff(*paths).splitlines()


def test_equal_packages_have_no_difference(tmp_path: Path) -> None:
    assert diff(tmp_path, documents("kfp"), documents("kfp")) == []


def test_what_a_task_runs_with_is_told_by_task(tmp_path: Path) -> None:
    new = documents("kfp")
    container(new, "train")["resources"]["resourceMemoryLimit"] = "32G"
    container(new, "train")["env"].append({"name": "TF_CPP_MIN_LOG_LEVEL", "value": "2"})
    pod(new, "train")["activeDeadlineSeconds"] = "60"

    assert diff(tmp_path, documents("kfp"), new) == [
        "task train",
        "  environment TF_CPP_MIN_LOG_LEVEL: nothing -> 2",
        "  pod activeDeadlineSeconds: 8100 -> 60",
        "  resourceMemoryLimit: 16G -> 32G",
    ]


def test_an_image_takes_two_lines(tmp_path: Path) -> None:
    new = documents("kfp")
    old_image = container(new, "train")["image"]
    container(new, "train")["image"] = f"registry.example.com/other@sha256:{'0' * 64}"

    assert diff(tmp_path, documents("kfp"), new) == [
        "task train",
        f"  image: {old_image}",
        f"    -> registry.example.com/other@sha256:{'0' * 64}",
    ]


def test_parameters_are_told_by_name(tmp_path: Path) -> None:
    new = documents("kfp")
    set_default(new, "train_epochs", 6)
    del new[0]["root"]["inputDefinitions"]["parameters"]["train_seed"]

    assert diff(tmp_path, documents("kfp"), new)[:4] == [
        "parameter train_epochs",
        "  default: 12.0 -> 6",
        "parameter train_seed",
        "  removed",
    ]


def test_a_task_that_is_gone_is_one_line(tmp_path: Path) -> None:
    new = documents("kfp")
    del new[0]["root"]["dag"]["tasks"]["notify"]

    assert diff(tmp_path, documents("kfp"), new) == ["task notify", "  removed"]
    assert diff(tmp_path, new, documents("kfp")) == ["task notify", "  added"]


def test_another_source_of_an_input_is_told(tmp_path: Path) -> None:
    new = documents("kfp")
    handler = new[0]["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    dataset = handler["evaluate"]["inputs"]["artifacts"]["dataset"]["taskOutputArtifact"]
    dataset |= {"producerTask": "ingest", "outputArtifactKey": "dataset"}

    assert diff(tmp_path, documents("kfp"), new) == [
        "task evaluate",
        "  input dataset: cleaned of label-check -> dataset of ingest",
    ]


def test_the_same_change_of_several_tasks_is_told_once(tmp_path: Path) -> None:
    new = documents("kfp")
    for task in ("ingest", "train"):
        container(new, task)["env"].append({"name": "LOG", "value": "debug"})

    assert diff(tmp_path, documents("kfp"), new) == [
        "task ingest, task train",
        "  environment LOG: nothing -> debug",
    ]


def test_a_setting_of_the_whole_pipeline_is_told(tmp_path: Path) -> None:
    new = documents("kfp")
    new[1]["platforms"]["kubernetes"]["pipelineConfig"] = {"resourceTtlOnCompletion": 60}

    assert diff(tmp_path, documents("kfp"), new) == [
        "package",
        "  resourceTtlOnCompletion: nothing -> 60",
    ]


def test_what_no_task_and_no_parameter_says_is_shown_as_text(tmp_path: Path) -> None:
    new = documents("kfp")
    new[0]["components"]["comp-train"]["outputDefinitions"]["artifacts"]["curves"] = {
        "artifactType": {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}
    }

    lines = diff(tmp_path, documents("kfp"), new)

    assert lines[0] == "what else changed"
    assert any(line.startswith("+") and "curves" in line for line in lines)


def test_what_is_unknown_here_is_never_called_equal(tmp_path: Path) -> None:
    new = documents("kfp")
    new[0]["somethingNew"] = {"of": ["a later kfp"]}

    lines = diff(tmp_path, documents("kfp"), new)

    assert lines[0] == "something that this comparison does not read"
    assert any("a later kfp" in line for line in lines)


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("a: 1", encoding="utf-8")

    with pytest.raises(UserError, match="expected a compiled pipeline"):
        package_diff(path, path)
