import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineSpec

from sightline.engines.engine import Engine, Submission
from sightline.ground.errors import UserError
from sightline.package.compile import compile_project
from sightline.package.compiled import Package
from sightline.project.settings import load_project
from sightline.runs.outcome import outcome_of
from sightline.targets.vertex.engine import VertexEngine
from sightline.targets.vertex.names import job_id
from tests.sightline.targets.vertex.checks import JOB_ID, pipeline_spec
from tests.sightline.targets.vertex.packages import submission
from tests.sightline.targets.vertex.sdk import ask_here_for_projects, sdk_job
from tests.sightline.targets.vertex.server import BUCKET, PROJECT, VertexServer


def test_it_is_an_engine(engine: VertexEngine) -> None:
    checked: Engine = engine

    assert checked is engine


def test_a_submitted_run_is_the_package_that_was_compiled(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    started = engine.submit(submission(package, train_epochs=5, train_learning_rate=0.01))

    job = server.jobs.by_id["flowers-1"].job
    compiled = json_format.ParseDict(yaml.safe_load(package.path.read_text()), PipelineSpec())
    assert pipeline_spec(job) == compiled
    assert dict(job.runtime_config.parameter_values)["train_epochs"].number_value == 5
    assert started.run_id == "flowers-1"
    assert not started.was_there
    assert started.url == (
        "https://console.cloud.google.com/vertex-ai/locations/europe-west4/pipelines/runs/"
        "flowers-1?project=flowers-project"
    )


def test_the_target_decides_account_network_key_labels_and_policy(
    server: VertexServer, package: Package
) -> None:
    target = server.target(
        pipeline_root=f"gs://{BUCKET}/elsewhere",
        service_account="trainer@flowers-project.iam.gserviceaccount.com",
        network="projects/123/global/networks/inner",
        encryption_key="projects/p/locations/l/keyRings/r/cryptoKeys/k",
        labels={"team": "vision"},
        failure_policy="fast",
    )
    engine = VertexEngine(target, "cloud", "flowers")

    engine.submit(replace(submission(package), cache=False))

    job = server.jobs.by_id["flowers-1"].job
    assert job.runtime_config.gcs_output_directory == f"gs://{BUCKET}/elsewhere"
    assert job.service_account == target.service_account
    assert job.network == target.network
    assert job.encryption_spec.kms_key_name == target.encryption_key
    assert job.labels["team"] == "vision"
    assert job.labels["sightline-pipeline"] == "flowers"
    assert job.labels["sightline-version"] == "0-1-0-3f2a9c01b7de"
    assert job.runtime_config.failure_policy == 2
    assert '"enableCache": true' not in json_format.MessageToJson(job.pipeline_spec)


def test_one_targets_key_and_network_do_not_reach_the_next(
    server: VertexServer, package: Package
) -> None:
    key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    first = VertexEngine(server.target(encryption_key=key), "cloud", "flowers")
    second = VertexEngine(server.target(), "other", "flowers")

    first.submit(submission(package, "first"))
    second.submit(submission(package, "second"))

    assert server.jobs.by_id["first"].job.encryption_spec.kms_key_name == key
    assert not server.jobs.by_id["second"].job.HasField("encryption_spec")


def test_the_plan_is_what_is_sent(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    upload, create = engine.plan(submission(package, train_epochs=5))
    sent_by_planning = list(server.faults.requests)
    engine.submit(submission(package, train_epochs=5))

    assert sent_by_planning == []
    assert upload.body["file"]["size_bytes"] == package.path.stat().st_size
    assert create.address == (
        f"{server.address}/v1/projects/flowers-project/locations/europe-west4/pipelineJobs"
        "?pipelineJobId=flowers-1"
    )
    path, body = server.jobs.bodies[-1]
    assert create.address.endswith(path)
    assert json.loads(json.dumps(create.body)) == body


def test_what_is_sent_is_what_googles_sdk_sends_itself(
    engine: VertexEngine, server: VertexServer, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_here_for_projects(server, monkeypatch)
    engine.submit(submission(package, train_epochs=5))
    ours = server.jobs.bodies[-1][1]
    job = sdk_job(server, package, "flowers-1", ours["labels"])

    job.submit()

    assert server.jobs.bodies[-1][1] == ours
    assert server.faults.count("GET", f"/v3/projects/{PROJECT}$") == 1


def test_a_package_is_stored_once(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.submit(submission(package, "first"))
    generation = server.storage.generation
    engine.submit(submission(package, "second"))

    stored = server.storage.buckets[BUCKET]
    assert list(stored) == ["pipelines/flowers/0.1.0-3f2a9c01b7de.yaml"]
    assert next(iter(stored.values())).content == package.path.read_bytes()
    assert server.storage.generation == generation


def test_a_folder_in_the_staging_bucket_is_kept_to(server: VertexServer, package: Package) -> None:
    engine = VertexEngine(
        server.target(staging_bucket=f"gs://{BUCKET}/team/vision/"), "cloud", "flowers"
    )

    engine.submit(submission(package))

    assert list(server.storage.buckets[BUCKET]) == [
        "team/vision/pipelines/flowers/0.1.0-3f2a9c01b7de.yaml"
    ]
    runtime = server.jobs.by_id["flowers-1"].job.runtime_config
    assert runtime.gcs_output_directory == f"gs://{BUCKET}/team/vision/runs"


def test_a_run_name_in_any_words_becomes_an_id(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    started = engine.submit(submission(package, "Größere Blumen: 2026-11-22 02:30"))

    assert started.run_id.startswith("gr-ere-blumen-2026-11-22-02-30-")
    job = server.jobs.by_id[started.run_id].job
    assert job.display_name == "Größere Blumen: 2026-11-22 02:30"


def test_a_missing_bucket_is_named_with_the_command_that_makes_it(
    server: VertexServer, package: Package
) -> None:
    engine = VertexEngine(server.target(staging_bucket="gs://nowhere"), "cloud", "flowers")

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package))

    assert str(caught.value) == (
        "Target cloud: expected the bucket gs://nowhere; Cloud Storage has none of this name. "
        "Create it with `gcloud storage buckets create gs://nowhere --project flowers-project "
        "--location europe-west4`, or change targets.cloud.staging_bucket."
    )
    assert server.jobs.by_id == {}


def test_nothing_is_printed(
    engine: VertexEngine, package: Package, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.submit(submission(package))

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"train_epoch": 5}, "received `train_epoch`. Did you mean `train_epochs`?"),
        ({"train_epochs": "many"}, "train.epochs: expected a whole number; received 'many'"),
        ({"train_mixed_precision": 1}, "train.mixed_precision: expected true or false; received 1"),
    ],
)
def test_a_parameter_that_the_package_does_not_take_is_refused_before_anything_is_sent(
    engine: VertexEngine,
    server: VertexServer,
    package: Package,
    parameters: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        engine.submit(submission(package, **parameters))

    assert server.faults.requests == []


def test_a_parameter_without_a_value_is_asked_for(engine: VertexEngine, package: Package) -> None:
    with pytest.raises(UserError, match=r"expected a value for ingest.source \(a text\)"):
        engine.submit(replace(submission(package), parameters={}))


def test_a_package_for_kubeflow_is_refused(
    engine: VertexEngine, package: Package, tmp_path: Path
) -> None:
    path = tmp_path / "kubeflow.yaml"
    path.write_text(package.path.read_text() + "---\nplatforms:\n  kubernetes: {}\n")

    with pytest.raises(UserError, match="expected one YAML document, as Vertex AI takes"):
        engine.submit(submission(replace(package, path=path)))


def test_a_run_name_that_the_service_would_refuse_is_refused_before(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    with pytest.raises(UserError, match="expected a name of 1 to 128 characters for a run"):
        engine.submit(submission(package, "n" * 129))

    assert server.faults.requests == []


def test_a_location_that_does_not_exist_names_the_nearest(
    server: VertexServer, package: Package
) -> None:
    engine = VertexEngine(server.target(location="europe-vest4"), "cloud", "flowers")

    with pytest.raises(UserError) as caught:
        engine.plan(submission(package))

    assert str(caught.value) == (
        "Target cloud: expected a location that Google's SDK knows for Vertex AI; received "
        "europe-vest4. Did you mean europe-west4? Change targets.cloud.location."
    )


def test_a_pipeline_whose_name_begins_with_a_digit_runs_and_is_found_again(
    engine: VertexEngine, server: VertexServer, package: Package, tmp_path: Path
) -> None:
    path = tmp_path / "flowers.yaml"
    path.write_text(package.path.read_text().replace("name: flowers", "name: 2027-flowers"))
    wanted = submission(replace(package, path=path), "2027-flowers-20261122-023000-k7q")

    planned = engine.plan(wanted)
    started = engine.submit(wanted)
    again = engine.submit(wanted)

    assert planned[-1].address.endswith(f"?pipelineJobId={started.run_id}")
    assert started.run_id.startswith("run-2027-flowers-20261122-023000-k7q-")
    assert again.was_there
    assert engine.run("2027-flowers-20261122-023000-k7q").id == started.run_id
    assert server.faults.count("POST", "/pipelineJobs$") == 2


def test_a_package_that_googles_sdk_refuses_is_told_in_its_words(
    engine: VertexEngine, server: VertexServer, package: Package, tmp_path: Path
) -> None:
    path = tmp_path / "flowers.yaml"
    path.write_text(package.path.read_text().replace("schemaVersion: ", "schemaVersion: next-"))

    with pytest.raises(UserError) as caught:
        engine.plan(submission(replace(package, path=path)))

    assert str(caught.value) == (
        f"Target cloud: expected a package that Google's SDK takes; it refuses {path} (Invalid "
        "version: 'next-2.1.0'). Correct what it names, and compile the package again."
    )


@given(st.text(min_size=1, max_size=128), st.text(min_size=1, max_size=128))
def test_every_run_name_has_an_id_of_its_own(first: str, second: str) -> None:
    assert JOB_ID.fullmatch(job_id(first))
    assert (job_id(first) == job_id(second)) == (first == second)


@pytest.mark.slow
def test_the_training_pipeline_is_accepted_with_every_parameter(
    server: VertexServer, tmp_path: Path
) -> None:
    target = server.target().model_dump(mode="json", exclude_defaults=True)
    settings = {
        "pipeline": {"name": "flowers"},
        "ingest": {"source": "gs://photos/flowers"},
        "targets": {"cloud": target | {"kind": "vertex"}},
    }
    (tmp_path / "sightline.yaml").write_text(yaml.safe_dump(settings))
    project = load_project(tmp_path / "sightline.yaml", (), "cloud")
    package = compile_project(project, tmp_path / "package.yaml")
    engine = VertexEngine(server.target(), "cloud", "flowers")

    run_id = engine.submit(
        Submission(package=package, run_name="everything", parameters=project.parameters())
    ).run_id
    server.jobs.by_id[run_id].finish()

    record = engine.run(run_id)
    assert record.status == "succeeded"
    assert record.parameters == project.parameters()
    assert outcome_of(record).decision == "deploy"
    assert {task.status for task in record.tasks.values()} == {"succeeded"}


def test_a_name_of_a_run_with_more_settings_is_refused(
    engine: VertexEngine, package: Package
) -> None:
    engine.submit(submission(package, train_epochs=5))

    with pytest.raises(UserError, match=r"differs \(parameter train_epochs: 5\)"):
        engine.submit(submission(package))
