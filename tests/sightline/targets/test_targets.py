import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from sightline.ground.errors import UserError
from sightline.project.sections import PipelineSection, Resources
from sightline.project.settings import Project, load_project
from sightline.project.target_kinds import target_kinds
from sightline.targets.kfp.settings import KubeflowTarget, Kubernetes
from sightline.targets.local.settings import LocalTarget
from sightline.targets.vertex.settings import VertexTarget

FILE = """\
pipeline: {name: flowers}
ingest: {source: photos}
train: {epochs: 9}
resources:
  train: {gpu: T4, memory: 8G}
targets:
  here: {kind: local, launcher: docker}
  cluster:
    kind: kfp
    host: http://localhost:8080
    kubernetes:
      volumes:
        - {claim: models, mount_path: /models}
    settings:
      ingest: {source: s3://bucket/flowers}
    resources:
      train: {memory: 16G}
  cloud:
    kind: vertex
    project: my-project
    location: europe-west4
    staging_bucket: gs://my-bucket
    settings:
      ingest: {source: gs://my-bucket/flowers}
"""


def project(folder: Path, target: str | None, text: str = FILE, *overrides: str) -> Project:
    path = folder / "sightline.yaml"
    path.write_text(text, encoding="utf-8")
    return load_project(path, overrides, target)


def refusal(folder: Path, text: str, target: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        project(folder, target, text)
    return str(caught.value)


def test_without_a_name_the_target_is_this_machine(tmp_path: Path) -> None:
    found = project(tmp_path, None)

    assert (found.target_name, found.target) == ("local", LocalTarget())
    assert found.parameters()["ingest_source"] == str(tmp_path / "photos")


def test_a_local_target_may_choose_its_launcher(tmp_path: Path) -> None:
    found = project(tmp_path, "here")

    assert isinstance(found.target, LocalTarget)
    assert found.target.launcher == "docker"


def test_a_target_without_a_kind_is_asked_for_the_one_that_fits(tmp_path: Path) -> None:
    message = refusal(tmp_path, FILE.replace("    kind: vertex\n", ""))

    assert "`targets.cloud.kind` is required beside `project`: expected vertex;" in message
    assert "sightline.yaml:" in message


def test_a_zone_that_does_not_exist_is_named_with_its_line(tmp_path: Path) -> None:
    text = FILE.replace("    kind: kfp\n", "    kind: kfp\n    time_zone: Europe/Berln\n")
    message = refusal(tmp_path, text)

    assert "`targets.cluster.time_zone`: Expected the name of a time zone" in message
    assert message.endswith("Did you mean Europe/Berlin?")


@pytest.mark.parametrize(
    "model", [*target_kinds().values(), Kubernetes, Resources, PipelineSection]
)
def test_every_pattern_has_examples_that_fit_it(model: type[BaseModel]) -> None:
    for name, schema in model.model_json_schema()["properties"].items():
        if "pattern" in schema:
            assert all(re.search(schema["pattern"], one) for one in schema["examples"]), name


def test_settings_of_a_target_win_over_those_of_the_stage(tmp_path: Path) -> None:
    cluster, cloud = project(tmp_path, "cluster"), project(tmp_path, "cloud")

    assert isinstance(cluster.target, KubeflowTarget)
    assert isinstance(cloud.target, VertexTarget)
    assert cluster.parameters()["ingest_source"] == "s3://bucket/flowers"
    assert cloud.parameters()["ingest_source"] == "gs://my-bucket/flowers"
    assert cluster.parameters()["train_epochs"] == cloud.parameters()["train_epochs"] == 9


def test_resources_of_a_target_change_only_what_they_name(tmp_path: Path) -> None:
    wanted = project(tmp_path, "cluster").resources["train"]

    assert (wanted.memory, wanted.gpu) == ("16G", "T4")


def test_the_command_line_wins_over_a_target(tmp_path: Path) -> None:
    found = project(tmp_path, "cluster", FILE, "ingest.source=s3://other/flowers")

    assert found.parameters()["ingest_source"] == "s3://other/flowers"


def test_the_model_folder_of_a_cluster_is_one_that_its_tasks_can_write(tmp_path: Path) -> None:
    cluster, cloud = project(tmp_path, "cluster"), project(tmp_path, "cloud")

    assert cluster.parameters()["deploy_folder"] == "/models/flowers"
    assert cloud.parameters()["deploy_folder"] == "/gcs/my-bucket/models/flowers"
    assert cloud.parameters()["evaluate_champion"] == "/gcs/my-bucket/models/flowers"


def test_a_gpu_that_is_not_here_is_said(tmp_path: Path) -> None:
    assert any("resources.train.gpu asks for 1 GPU(s)" in n for n in project(tmp_path, None).notes)
    assert not project(tmp_path, "cluster").notes


def test_an_unknown_target_names_the_known_ones(tmp_path: Path) -> None:
    message = refusal(tmp_path, FILE, "clusterx")

    assert "known: local, here, cluster, cloud" in message
    assert "received `clusterx`" in message


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, FILE.replace("kind: vertex", "kind: mars"))

    assert "sightline.yaml:19: `targets.cloud.kind`: expected one of local, kfp, vertex" in message
    assert "received 'mars'" in message


def test_the_name_local_is_kept_for_this_machine(tmp_path: Path) -> None:
    message = refusal(tmp_path, FILE.replace("  cloud:", "  local:"))

    assert "the name local is kept for this machine" in message


def test_what_a_target_requires_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, FILE.replace("    project: my-project\n", ""))

    assert "`targets.cloud.project` is required" in message


def test_a_mistake_deep_in_a_target_has_its_line(tmp_path: Path) -> None:
    wrong_value = refusal(tmp_path, FILE.replace("mount_path: /models", "mount_path: models"))
    wrong_name = refusal(tmp_path, FILE.replace("claim: models", "clam: models"))

    assert "sightline.yaml:13: `targets.cluster.kubernetes.volumes.0.mount_path`" in wrong_value
    assert "received 'models'" in wrong_value
    assert "Did you mean `targets.cluster.kubernetes.volumes.0.claim`?" in wrong_name


def test_a_list_where_sections_are_expected_says_so(tmp_path: Path) -> None:
    text = FILE.replace("- {claim: models, mount_path: /models}", "- models")

    message = refusal(tmp_path, text)

    assert "`targets.cluster.kubernetes.volumes`: expected a list of sections" in message


def test_unknown_stages_and_settings_of_a_target_are_refused(tmp_path: Path) -> None:
    section = FILE.replace("ingest: {source: s3", "ingset: {source: s3")
    setting = FILE.replace("{source: s3", "{sources: s3")

    assert "sightline.yaml:15: expected one of" in refusal(tmp_path, section)
    assert "Did you mean `ingest.source`?" in refusal(tmp_path, setting)


def test_a_wrong_value_in_a_targets_settings_points_there(tmp_path: Path) -> None:
    text = FILE.replace("ingest: {source: s3://bucket/flowers}", "train: {epochs: many}")

    message = refusal(tmp_path, text, "cluster")

    assert "sightline.yaml:15: `train.epochs`: expected a whole number" in message


def test_a_wrong_duration_says_what_is_expected(tmp_path: Path) -> None:
    message = refusal(tmp_path, FILE.replace("memory: 8G}", "timeout: 2 hours}"))

    assert "`resources.train.timeout`" in message
    assert "received '2 hours'" in message


@pytest.mark.parametrize(
    ("target", "setting", "value"),
    [
        ("cluster", "host", "http://bob:hunter2@localhost:8080"),
        ("cluster", "host", "http://bob:hun/ter2@localhost:8080"),
        ("cluster", "pipeline_root", "s3://KEY:hunter2@bucket/runs"),
        ("cluster", "registry", "bob:hunter2@registry.example.com/x"),
        ("cloud", "api_endpoint", "bob:hunter2@proxy.example.com"),
        ("cloud", "staging_bucket", "bob:hunter2@bucket"),
    ],
)
def test_a_login_in_an_address_is_refused_and_not_repeated(
    tmp_path: Path, target: str, setting: str, value: str
) -> None:
    content = yaml.safe_load(FILE)
    content["targets"][target][setting] = value
    message = refusal(tmp_path, yaml.safe_dump(content))

    assert f"`targets.{target}.{setting}`: expected an address without a login" in message
    assert "ter2" not in message
