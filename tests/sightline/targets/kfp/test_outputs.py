"""What `show` says of a run's artifacts and figures, read from an S3 server."""

from pathlib import Path
from uuid import uuid4

import pytest
import s3fs

from components.notify.summary import SCHEMA, VERSION, Summary
from sightline.engines.engine import RunFilter
from sightline.ground.headlines.headline import Figure
from sightline.ground.outcome import Outcome
from sightline.package.compiled import Package
from sightline.runs.artifact_store import read_all
from sightline.runs.facts import metrics
from sightline.runs.outcome import outcome_of
from sightline.stage.formats.schema import write_document
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.packages import submission
from tests.sightline.targets.kfp.server import KubeflowServer

ACCURACY = Figure(name="accuracy", label="Test accuracy", value=0.972, low=0.944, high=0.986)
OUTCOME = Outcome(
    decision="deploy",
    reasons=("Accuracy 0.972 is at least 0.85.",),
    headline=(ACCURACY,),
    num_test_images=180,
    num_images=1000,
    num_refused=6,
    version=3,
    settings={"train.recipe": "mobilenet"},
)


def engine_on(server: KubeflowServer, root: str) -> KubeflowEngine:
    target = server.target(pipeline_root=root)
    return KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)


def leave_artifacts(
    bucket: str, run_id: str, folder: Path, outcome: Outcome, **reports: str
) -> None:
    """What the stages of a run leave in the store, as far as it matters here."""
    files = {
        "ingest/dataset/dataset.json": b"{}",
        "ingest/quarantine/quarantine.json": b"{}",
        "ingest/report": b"{}",
        "train/model/model.json": b"{}",
        "train/metrics": b'{"val_loss": 0.25}',
        "evaluate/metrics": b'{"accuracy": 0.972, "accuracy_low": 0.944, "f1_macro": 0.961}',
        "evaluate/evaluation/evaluation.json": b"{}",
        "deploy/deployment/deployment.json": b"{}",
    }
    store = s3fs.S3FileSystem()
    root = f"{bucket}/flowers-training/{run_id}"
    folders = {file.partition("/")[0]: uuid4() for file in files}
    for file, content in files.items():
        task, _, rest = file.partition("/")
        if task not in reports:
            store.pipe_file(f"{root}/{task}/{folders[task]}/{rest}", content)
    summary = Summary(run=run_id, state="succeeded", outcome=outcome, reports=reports)
    path = folder / "summary.json"
    write_document(path, SCHEMA, VERSION, summary.model_dump(mode="json"))
    store.pipe_file(f"{root}/notify/{uuid4()}/summary/summary.json", path.read_bytes())


@pytest.mark.parametrize("scheme", ["s3", "minio"])
def test_artifacts_and_figures_of_a_run(
    server: KubeflowServer, package: Package, s3_bucket: str, tmp_path: Path, scheme: str
) -> None:
    engine = engine_on(server, f"{scheme}://{s3_bucket}")
    run_id = engine.submit(submission(package)).run_id
    leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME)

    record = engine.run(run_id)

    found = outcome_of(record)
    model = record.tasks["train"].outputs.artifacts["model"]
    assert record.warnings == []
    assert model.uri.startswith(f"{scheme}://{s3_bucket}/flowers-training/{run_id}/train/")
    assert model.kind == "system.Model"
    model_json = f"{model.uri}/model.json"
    assert read_all([model_json], server.target()) == {model_json: b"{}"}
    assert (found.decision, found.headline) == ("deploy", (ACCURACY,))
    assert found.reasons == ("Accuracy 0.972 is at least 0.85.",)
    assert (found.num_images, found.num_refused, found.num_test_images) == (1000, 6, 180)
    assert (found.recipe, found.put_live, found.held_back) == ("mobilenet", 3, "")


def test_every_metric_of_a_run_is_read_from_the_store(
    server: KubeflowServer, package: Package, s3_bucket: str, tmp_path: Path
) -> None:
    engine = engine_on(server, f"s3://{s3_bucket}")
    run_id = engine.submit(submission(package)).run_id
    leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME)

    found = {(task, name): value for task, name, value in metrics(engine.run(run_id))}

    assert found["train", "val_loss"] == 0.25
    assert found["evaluate", "f1_macro"] == 0.961
    assert found["evaluate", "accuracy_low"] == 0.944


def test_metrics_of_something_else_are_passed_over(
    server: KubeflowServer, package: Package, s3_bucket: str, tmp_path: Path
) -> None:
    engine = engine_on(server, f"s3://{s3_bucket}")
    run_id = engine.submit(submission(package)).run_id
    leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME)
    uri = engine.run(run_id).tasks["train"].outputs.artifacts["metrics"].uri
    s3fs.S3FileSystem().pipe_file(uri, b"no JSON")

    record = engine.run(run_id)

    assert record.warnings == []
    assert record.tasks["train"].outputs.artifacts["metrics"].metadata == {}


def test_a_listing_says_what_came_out_of_runs_that_ended(
    server: KubeflowServer, package: Package, s3_bucket: str, tmp_path: Path
) -> None:
    engine = engine_on(server, f"s3://{s3_bucket}")
    ids = [engine.submit(submission(package, f"flowers-{n}")).run_id for n in range(4)]
    for run_id in ids[:3]:
        server.runs.finish(run_id, "SUCCEEDED")
    leave_artifacts(s3_bucket, ids[0], tmp_path, OUTCOME)
    worse = ACCURACY.model_copy(update={"value": 0.7})
    hold = OUTCOME.model_copy(update={"decision": "hold", "headline": (worse,)})
    leave_artifacts(s3_bucket, ids[2], tmp_path, hold)

    listed = {r.name: outcome_of(r) for r in engine.runs(RunFilter(figures=True))}

    assert {name: (one.decision, one.headline) for name, one in listed.items()} == {
        "flowers-0": ("deploy", (ACCURACY,)),
        "flowers-1": (None, ()),
        "flowers-2": ("hold", (worse,)),
        "flowers-3": (None, ()),
    }


def test_a_listing_without_its_store_is_a_listing_with_a_warning(
    server: KubeflowServer, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    engine = engine_on(server, "minio://mlpipeline/v2/artifacts")
    for number in range(3):
        run_id = engine.submit(submission(package, f"flowers-{number}")).run_id
        server.runs.finish(run_id, "SUCCEEDED")

    records = engine.runs(RunFilter(figures=True))

    assert [record.status for record in records] == ["succeeded"] * 3
    (warning,) = {warning for record in records for warning in record.warnings}
    assert "minio://mlpipeline/v2/artifacts/flowers-training could not be read" in warning


def test_a_reused_stage_shows_the_artifacts_of_the_run_that_made_them(
    server: KubeflowServer, package: Package, s3_bucket: str, tmp_path: Path
) -> None:
    engine = engine_on(server, f"s3://{s3_bucket}")
    run_id = engine.submit(submission(package)).run_id
    earlier = f"s3://{s3_bucket}/flowers-training/earlier/evaluate/{uuid4()}"
    leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME, evaluate=f"{earlier}/report")

    record = engine.run(run_id)

    assert record.tasks["evaluate"].outputs.artifacts["evaluation"].uri == f"{earlier}/evaluation"
    assert outcome_of(record).headline == (ACCURACY,)


@pytest.mark.parametrize(
    ("changes", "version", "held_back"),
    [
        ({"version_from": "earlier"}, None, ""),
        ({"held_back": "It was rolled back."}, None, "It was rolled back."),
        ({"version": None}, None, ""),
    ],
)
def test_a_version_counts_as_live_only_where_this_run_put_it_live(
    server: KubeflowServer,
    package: Package,
    s3_bucket: str,
    tmp_path: Path,
    changes: dict[str, object],
    version: int | None,
    held_back: str,
) -> None:
    engine = engine_on(server, f"s3://{s3_bucket}")
    run_id = engine.submit(submission(package)).run_id
    leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME.model_copy(update=changes))

    found = outcome_of(engine.run(run_id))

    assert (found.put_live, found.held_back) == (version, held_back)


def test_a_store_that_cannot_be_read_is_a_warning(
    server: KubeflowServer, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    engine = engine_on(server, "minio://mlpipeline/v2/artifacts")
    run_id = engine.submit(submission(package)).run_id

    record = engine.run(run_id)

    (warning,) = record.warnings
    assert f"Artifacts in minio://mlpipeline/v2/artifacts/flowers-training/{run_id}" in warning
    assert "expected AWS_ENDPOINT_URL" in warning


def test_a_store_that_cannot_be_read_is_asked_again_only_when_the_run_has_ended(
    server: KubeflowServer, package: Package, s3_bucket: str, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("AWS_ENDPOINT_URL")
        engine = engine_on(server, f"minio://{s3_bucket}")
        run_id = engine.submit(submission(package)).run_id
        first = engine.run(run_id)
    leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME)

    under_way = engine.run(run_id)
    server.runs.finish(run_id, "SUCCEEDED")
    ended = engine.run(run_id)

    assert under_way.warnings == first.warnings != []
    assert ended.warnings == []
    assert outcome_of(ended).decision == "deploy"


def test_a_bucket_that_is_not_there_holds_no_artifacts(
    server: KubeflowServer, package: Package, s3_bucket: str
) -> None:
    engine = engine_on(server, f"s3://{s3_bucket}-gone")
    run_id = engine.submit(submission(package)).run_id

    record = engine.run(run_id)

    assert record.tasks["train"].outputs.artifacts == {}


def test_a_target_without_a_root_says_why_no_artifacts_are_shown(
    engine: KubeflowEngine, package: Package
) -> None:
    run_id = engine.submit(submission(package)).run_id

    assert engine.run(run_id).warnings == [
        "Artifacts are not shown, since the target does not say where they are: set pipeline_root."
    ]
