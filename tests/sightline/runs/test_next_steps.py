"""What to do next after a run: which steps, in which order, on what evidence."""

from pathlib import Path
from typing import Any

from sightline.ground.headlines.next_steps import KEY
from sightline.runs.next_steps import what_next
from sightline.runs.records import PortsRecord, RunRecord
from sightline.views.page import write_page
from sightline.views.render import run_view
from tests.sightline.run_records import artifact, finished_run, task

LABELS = {
    "kind": "labels",
    "evidence": "40 labels look wrong (4.0%) of 1,000 images, and nobody has decided on them.",
    "action": "Decide on them.",
    "command": "sightline run --set ingest.corrections=FILE",
}
MORE = {"kind": "images", "evidence": "Twice as many: 2.1 points.", "action": "Collect roses."}
FLAT = {"kind": "images", "evidence": "The learning curve is flat."}
UNKNOWN = {"kind": "images", "evidence": "no features.", "measured": False}
MODEL = {"kind": "model", "evidence": "This is frozen.", "action": "Fetch another backbone."}
WEAKEST = {"kind": "weakest", "evidence": "Weakest: roses 70%.", "action": "Look at them."}
CALIBRATION = {"kind": "calibration", "evidence": "Off by 0.12.", "action": "Give it images."}


def run_that_said(folder: Path, **said: list[dict[str, Any]]) -> RunRecord:
    """A run whose tasks told these steps."""
    record = finished_run(folder)
    for name, steps in said.items():
        there = dict(record.tasks[name].outputs.artifacts) if name in record.tasks else {}
        told = artifact(record.folder, name, "told", "Artifact", **{KEY: steps})
        report = there.get("report") or artifact(record.folder, name, "report", "HTML")
        ports = PortsRecord(artifacts={**there, "told": told, "report": report})
        record.tasks = {**record.tasks, name: task(record.folder, name, outputs=ports)}
    return record


def kinds(record: RunRecord) -> list[str]:
    return [one.step.kind for one in what_next(record).steps]


def test_what_makes_other_figures_say_little_comes_first(tmp_path: Path) -> None:
    record = run_that_said(tmp_path, evaluate=[CALIBRATION, WEAKEST], check=[MORE, LABELS])

    assert kinds(record) == ["labels", "images", "calibration"]


def test_images_are_collected_where_the_model_is_weakest(tmp_path: Path) -> None:
    (step,) = what_next(run_that_said(tmp_path, evaluate=[WEAKEST], check=[MORE])).steps

    assert step.step.evidence == "Twice as many: 2.1 points. Weakest: roses 70%."
    assert step.step.action == "Collect roses."


def test_another_model_is_named_where_more_images_would_bring_nothing(tmp_path: Path) -> None:
    flat = what_next(run_that_said(tmp_path / "a", train=[MODEL], check=[FLAT])).steps

    assert [one.step.evidence for one in flat] == ["The learning curve is flat. This is frozen."]
    assert kinds(run_that_said(tmp_path / "b", train=[MODEL], check=[MORE])) == ["images"]
    assert kinds(run_that_said(tmp_path / "c", train=[MODEL])) == []


def test_another_model_comes_before_twice_the_images_for_little(tmp_path: Path) -> None:
    little = {**MORE, "gain": 0.007}

    record = run_that_said(tmp_path, train=[MODEL], check=[little, CALIBRATION])

    assert kinds(record) == ["model", "images", "calibration"]
    assert "bring little: 0.7 points." in what_next(record).steps[0].step.evidence


def test_what_was_not_measured_is_said_and_not_invented(tmp_path: Path) -> None:
    found = what_next(run_that_said(tmp_path, train=[MODEL], check=[UNKNOWN]))

    assert found.steps == ()
    assert found.not_measured == ("what more images would bring: no features.",)


def test_a_run_of_other_stages_has_no_such_section(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    assert not what_next(record).is_known
    assert "What next" not in write_page(record).read_text(encoding="utf-8")


def test_steps_of_another_version_are_left_out(tmp_path: Path) -> None:
    assert kinds(run_that_said(tmp_path, check=[{"kind": "sleep"}, LABELS])) == ["labels"]


def test_the_page_shows_three_steps_with_evidence_command_and_link(tmp_path: Path) -> None:
    record = run_that_said(tmp_path, train=[MODEL], evaluate=[CALIBRATION], check=[LABELS, FLAT])

    text = write_page(record).read_text(encoding="utf-8")

    assert text.index("40 labels look wrong") < text.index("The learning curve is flat.")
    assert '<a href="report-check.html">Page of check</a>' in text
    assert "<pre>sightline run --set ingest.corrections=FILE</pre>" in text


def test_show_prints_the_first_step(tmp_path: Path) -> None:
    record = run_that_said(tmp_path, evaluate=[CALIBRATION], check=[LABELS])

    text = str(run_view(record)[0])

    assert "What next: 40 labels look wrong" in text
    assert "Off by 0.12" not in text
