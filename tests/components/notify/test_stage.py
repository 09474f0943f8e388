"""What notify says about a run, from the artifacts of this run and of earlier ones."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.notify.ending import read_ending
from components.notify.page import write_report
from components.notify.place import place_of
from components.notify.store import StoreError, within
from components.notify.summary import Summary
from sightline.stage.report.page import Page
from tests.components.notify.ended_runs import LAYOUTS, RUNS, SUCCEEDED, Runs, documents

FAILED = {
    "state": "FAILED",
    "error": {
        "code": 9,
        "message": "The DAG failed because some tasks failed. The failed tasks are: [train].; "
        "Job (project_id = p) is failed due to the above error.",
    },
}


def texts(summary: dict) -> list[str]:
    return [change["text"] for change in summary["changes"]]


@pytest.mark.parametrize("engine", LAYOUTS)
def test_the_facts_of_a_run_are_found_around_the_own_output(tmp_path: Path, engine: str) -> None:
    runs, run = Runs(tmp_path, engine), RUNS[engine][0]
    runs.write(run)

    summary = runs.notify(run, name="flowers")

    outcome = summary["outcome"]
    assert (summary["run"], summary["state"], outcome["decision"]) == (run, "succeeded", "deploy")
    assert outcome["headline"][0]["label"] == "Test accuracy"
    assert outcome["headline"][0]["value"] == 0.97
    assert (outcome["num_images"], outcome["num_refused"], outcome["version"]) == (100, 3, 4)
    assert outcome["settings"]["train.recipe"] == "scratch"
    assert set(summary["reports"]) == {"ingest", "preprocess", "train", "evaluate", "deploy"}
    assert summary["notes"] == []


@pytest.mark.parametrize("engine", LAYOUTS)
def test_what_changed_since_the_run_before_is_said(tmp_path: Path, engine: str) -> None:
    runs, (first, second, third) = Runs(tmp_path, engine), RUNS[engine]
    runs.write(first, accuracy=0.8)
    runs.notify(first)
    runs.write(second, num_images=90)
    runs.notify(second)
    runs.write(third, accuracy=0.95, decision="hold")

    summary = runs.notify(third)

    assert summary["compared_with"] == second
    assert texts(summary) == [
        "decision deploy → hold",
        "Test accuracy 0.970 → 0.950 (-0.020, worse)",
        "+10 images (90 → 100)",
    ]
    assert (summary["outcome"]["version"], summary["outcome"]["version_from"]) == (4, second)


def test_a_figure_of_any_name_is_compared_in_its_own_direction(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path), RUNS["here"]
    for run, error in ((first, 12.0), (second, 9.5)):
        figure = {"name": "rmse", "label": "Test error", "value": error, "higher_is_better": False}
        runs.write(run)
        judged = {**documents()["evaluate/evaluation/evaluation.json"], "headline": [figure]}
        path = runs.task(run, "evaluate") / "evaluation/evaluation.json"
        path.write_text(json.dumps(judged))
        summary = runs.notify(run)

    page = (runs.task(second, "notify") / "report").read_text()
    assert texts(summary) == ["Test error 12.000 → 9.500 (-2.500, better)"]
    assert "9.500 on 20 test images" in page
    assert "accuracy" not in page.replace("Accuracy is 0.97, 0.9 is required.", "")


def test_a_run_from_before_figures_had_names_is_compared_with(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path), RUNS["here"]
    runs.write(first)
    runs.notify(first)
    path = runs.task(first, "notify") / "summary/summary.json"
    old = json.loads(path.read_text())
    del old["outcome"]["headline"]
    old["outcome"]["accuracy"] = {"value": 0.9, "low": 0.88, "high": 0.92}
    old["changes"] = [{"kind": "accuracy", "text": "accuracy 0.800 → 0.900 (+0.100)"}]
    path.write_text(json.dumps(old))
    runs.write(second)

    summary = runs.notify(second)

    assert texts(summary) == ["Test accuracy 0.900 → 0.970 (+0.070, better)"]
    assert summary["notes"] == []


def test_an_evaluation_from_before_figures_had_names_is_read(tmp_path: Path) -> None:
    runs, run = Runs(tmp_path), RUNS["here"][0]
    runs.write(run)
    path = runs.task(run, "evaluate") / "evaluation/evaluation.json"
    old = json.loads(path.read_text())
    del old["headline"]
    old["metrics"] = {"accuracy": {"value": 0.9, "low": None, "high": None, "reason": ""}}
    path.write_text(json.dumps(old))

    summary = runs.notify(run)

    assert [one["value"] for one in summary["outcome"]["headline"]] == [0.9]


def test_classes_settings_and_the_live_version_are_compared(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path), RUNS["here"]
    runs.write(first)
    runs.notify(first)
    runs.write(second)
    changed = {
        "ingest/dataset/dataset.json": {"num_examples": 100, "classes": ["cat", "cow", "emu"]},
        "train/model/model.json": {
            **documents()["train/model/model.json"],
            "backbone": "EfficientNetV2B0",
        },
        "deploy/deployment/deployment.json": {
            **documents()["deploy/deployment/deployment.json"],
            "version": 5,
        },
    }
    for path, content in changed.items():
        task, _, rest = path.partition("/")
        (runs.task(second, task) / rest).write_text(json.dumps(content))

    summary = runs.notify(second)

    assert texts(summary) == [
        "new classes: cow, emu",
        "no more class: dog",
        "live version 4 → 5",
        "train.backbone none → EfficientNetV2B0",
    ]


def test_figures_over_folds_stand_in_the_summary(tmp_path: Path) -> None:
    runs, (run, _, _) = Runs(tmp_path), RUNS["here"]
    runs.write(run)
    over = {"name": "folds", "label": "Accuracy over 5 folds", "value": 0.87, "deviation": 0.02}
    path = runs.task(run, "train") / "model/model.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"cross_validation": {"figures": [over]}})
    )

    summary = runs.notify(run)

    assert summary["outcome"]["cross_validated"][0]["deviation"] == 0.02
    assert "train.cross_validation" not in summary["outcome"]["settings"]


def test_figures_are_compared_with_the_newest_run_that_succeeded(tmp_path: Path) -> None:
    runs, (first, second, third) = Runs(tmp_path), RUNS["here"]
    runs.write(first, num_images=80)
    runs.notify(first)
    runs.notify(second, FAILED)
    runs.write(third)

    summary = runs.notify(third)

    assert summary["compared_with"] == first
    assert texts(summary) == ["failed before, succeeded now", "+20 images (80 → 100)"]


def test_runs_by_hand_and_by_schedule_are_ordered_by_their_times(tmp_path: Path) -> None:
    runs = Runs(tmp_path, "vertex")
    by_schedule, by_hand, now = (
        f"flowers-training-{time}"
        for time in ("20261122023000", "20261122-140000-xyz", "20261123023000")
    )
    for run, num_images in ((by_schedule, 80), (by_hand, 90), (now, 100)):
        runs.write(run, num_images=num_images)
        summary = runs.notify(run)

    assert "+10 images (90 → 100)" in texts(summary)


def test_runs_of_another_project_are_passed_over(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path, "kubeflow"), RUNS["kubeflow"]
    runs.write(first)
    runs.notify(first, name="cars")
    runs.write(second)

    summary = runs.notify(second, name="flowers")

    assert summary["compared_with"] == ""


def test_jobs_of_another_pipeline_in_the_same_root_are_passed_over(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path, "vertex"), RUNS["vertex"]
    other = first.replace("flowers", "cars")
    runs.write(other)
    runs.notify(other)
    runs.write(second)

    summary = runs.notify(second)

    assert summary["compared_with"] == ""


@pytest.mark.parametrize("engine", ["kubeflow", "vertex"])
def test_figures_are_never_those_of_another_run_that_has_the_same_model(
    tmp_path: Path, engine: str
) -> None:
    runs, (first, second, _) = Runs(tmp_path, engine), RUNS[engine]
    runs.write(first, accuracy=0.91, decision="hold", model="m1")
    runs.notify(first)
    runs.write(second, without=("ingest", "train", "evaluate"), model="m1")

    summary = runs.notify(second)

    assert (summary["outcome"]["decision"], summary["outcome"]["headline"]) == (None, [])
    assert summary["outcome"]["version"] == 4
    assert set(summary["reports"]) == {"preprocess", "deploy"}


def test_after_a_failure_nothing_is_taken_from_earlier_runs(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path, "kubeflow"), RUNS["kubeflow"]
    runs.write(first)
    runs.notify(first)
    runs.write(second, without=("train", "evaluate", "deploy"))

    summary = runs.notify(second, FAILED)

    assert summary["failed_tasks"] == ["train"]
    assert summary["message"] == "Job (project_id = p) is failed due to the above error."
    assert summary["outcome"]["headline"] == []
    assert summary["outcome"]["num_images"] == 100
    assert texts(summary) == ["succeeded before, failed now"]


def test_where_kubeflow_names_no_task_the_last_one_with_outputs_is_named(tmp_path: Path) -> None:
    runs, run = Runs(tmp_path, "kubeflow"), RUNS["kubeflow"][0]
    runs.write(run, without=("train", "evaluate", "deploy"))

    summary = runs.notify(run, {"state": "FAILED", "error": {}})

    assert summary["notes"] == ["The last stage that left something is preprocess."]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"num_examples": "many"}', "\0", "null"])
def test_a_document_of_another_form_is_named_and_costs_only_itself(
    tmp_path: Path, content: str
) -> None:
    runs, run = Runs(tmp_path), RUNS["here"][0]
    runs.write(run)
    (runs.task(run, "ingest") / "dataset/dataset.json").write_text(content)

    summary = runs.notify(run)

    assert summary["outcome"]["num_images"] is None
    assert summary["outcome"]["headline"][0]["value"] == 0.97
    assert summary["notes"][0].startswith("ingest: dataset/dataset.json could not be used (")


def test_a_document_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    runs, run = Runs(tmp_path), RUNS["here"][0]
    runs.write(run)
    with (runs.task(run, "evaluate") / "evaluation/evaluation.json").open("wb") as file:
        file.truncate(30 * 2**20)

    summary = runs.notify(run)

    assert summary["notes"] == [
        "evaluate: evaluation/evaluation.json could not be used (it has more than 20 MB)."
    ]


def test_a_damaged_summary_of_an_earlier_run_is_named(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path), RUNS["here"]
    runs.write(first)
    runs.notify(first)
    (runs.task(first, "notify") / "summary/summary.json").write_text("{")
    runs.write(second)

    summary = runs.notify(second)

    assert summary["compared_with"] == ""
    assert summary["notes"][0].startswith("The summary of an earlier run could not be used (")


def test_outside_a_run_nothing_is_read_and_this_is_said(tmp_path: Path) -> None:
    assert place_of(str(tmp_path / "summary"), "notify") is None
    assert place_of("/notify/summary", "notify") is None


def test_a_run_without_artifacts_has_its_state_alone(tmp_path: Path) -> None:
    summary = Runs(tmp_path).notify(RUNS["here"][0], FAILED)

    assert summary["state"] == "failed"
    assert summary["reports"] == {}


def test_the_link_names_the_run(tmp_path: Path) -> None:
    summary = Runs(tmp_path).notify(
        RUNS["here"][0], link="https://kubeflow.example/#/runs/details/{run}"
    )

    assert summary["link"] == f"https://kubeflow.example/#/runs/details/{RUNS['here'][0]}"


def test_the_page_opens_what_a_browser_can_reach(tmp_path: Path) -> None:
    report = "s3://bucket/runs/1/ingest/report"
    opened = "https://kubeflow.example/artifacts/get?key=1"

    write_report(
        tmp_path / "page.html",
        Summary(
            run="1",
            state="succeeded",
            reports={"ingest": report, "train": report, "deploy": "/disk/deploy/report"},
            pages={"train": opened},
        ),
    )

    page = (tmp_path / "page.html").read_text()
    assert f'<a href="{opened}">its page</a>' in page
    assert report in page
    assert "/disk/deploy/report" not in page


def test_the_page_holds_the_decision_the_changes_and_the_addresses(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path), RUNS["here"]
    runs.write(first, accuracy=0.96)
    runs.notify(first)
    runs.write(second)

    runs.notify(second, name="flowers")

    page = (runs.task(second, "notify") / "report").read_text()
    assert "The run succeeded, version 4 is live." in page
    assert "There is no earlier run to compare with." in page  # the first run has another name
    assert "Where to look" not in page  # the run's page on this machine leads to all of them
    assert len(page) < 30_000


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        ("SUCCEEDED", "succeeded"),
        ("COMPLETE", "succeeded"),
        ("CACHED", "succeeded"),
        ("FAILED", "failed"),
        ("CANCELLED", "cancelled"),
        ("CANCELED", "cancelled"),
        ("RUNNING", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_words_of_every_engine_are_understood(reported: str, state: str) -> None:
    ending = read_ending(json.dumps({"state": reported}))

    assert (ending.state, ending.reported) == (state, reported)


def test_a_status_that_is_text_in_text_is_understood() -> None:
    assert read_ending(json.dumps(json.dumps(FAILED))).failed_tasks == ("train",)


@given(st.text() | st.recursive(st.none() | st.text(), lambda x: st.dictionaries(
    st.sampled_from(["state", "error", "message", "x"]), x)).map(json.dumps))  # fmt: skip
def test_any_status_is_read_without_an_error(text: str) -> None:
    assert read_ending(text).state in ("succeeded", "failed", "cancelled", "unknown")


def test_a_state_that_is_not_known_is_shown_as_the_engine_says_it(tmp_path: Path) -> None:
    summary = Runs(tmp_path).notify(RUNS["here"][0], {**SUCCEEDED, "state": "RUNNING"})

    assert (summary["state"], summary["reported_state"]) == ("unknown", "RUNNING")


def test_running_after_a_stage_that_was_followed_by_nothing_is_a_failure(tmp_path: Path) -> None:
    runs, (first, second, _) = Runs(tmp_path, "kubeflow"), RUNS["kubeflow"]
    runs.write(first)
    runs.notify(first)
    runs.write(second, without=("train", "evaluate", "deploy"))

    summary = runs.notify(second, {"state": "RUNNING", "error": {}})

    assert (summary["state"], summary["reported_state"]) == ("failed", "RUNNING")
    assert summary["outcome"]["headline"] == []
    assert summary["message"] == "A task ended without a word, as one does whose pod was killed."


def test_running_after_the_run_itself_held_its_model_is_a_success(tmp_path: Path) -> None:
    runs, run = Runs(tmp_path, "kubeflow"), RUNS["kubeflow"][0]
    runs.write(run, decision="hold")

    summary = runs.notify(run, {"state": "RUNNING", "error": {}})

    assert (summary["state"], summary["outcome"]["decision"]) == ("succeeded", "hold")


def test_a_stage_that_left_its_log_alone_failed_for_the_reason_that_it_gives(
    tmp_path: Path,
) -> None:
    runs, run = Runs(tmp_path, "kubeflow"), RUNS["kubeflow"][0]
    runs.write(run, without=("train", "evaluate", "deploy"))
    log = runs.task(run, "train") / "executor-logs-0"
    log.parent.mkdir(parents=True)
    log.write_text('{"event": "started"}\n{"reason": "a: expected b.", "event": "failed"}\nbye\n')

    summary = runs.notify(run, {"state": "FAILED", "error": {}})

    assert summary["failed_tasks"] == ["train"]
    assert summary["message"] == "train: a: expected b."


def test_a_store_that_does_not_answer_is_left_behind() -> None:
    answered = threading.Event()

    with pytest.raises(StoreError, match=r"did not answer within 0\.1 s"):
        within(0.1, answered.wait)

    assert not answered.is_set()
    answered.set()


@pytest.mark.parametrize("engine", LAYOUTS)
def test_what_the_stages_pages_warn_of_is_told(tmp_path: Path, engine: str) -> None:
    runs, run = Runs(tmp_path, engine), RUNS[engine][0]
    runs.write(run)
    page = Page(title="preprocess")
    page.notice("warning", "'dog' has no test image.", detail="Add images.")
    page.write(runs.task(run, "preprocess") / "report")

    summary = runs.notify(run, name="flowers")

    told = {"task": "preprocess", "text": "'dog' has no test image. Add images."}
    assert summary["outcome"]["warnings"] == [told]
    report = (runs.task(run, "notify") / "report").read_text(encoding="utf-8")
    assert "preprocess: &#39;dog&#39; has no test image.</strong></p><p>Add images." in report
