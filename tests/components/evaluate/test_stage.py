import json
import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.evaluate.own_metrics.measure import Figures
from components.evaluate.pictures.explanations import explain
from components.evaluate.robustness.measure import measure_robustness
from components.evaluate.settings import EvaluateSettings
from components.evaluate.stage import evaluate
from sightline.ground.errors import DataError
from sightline.ground.ports import Facts
from sightline.problems import problem_of
from sightline.problems.classification.evaluation.info import ClassificationInfo
from sightline.problems.judging import Mistake
from sightline.stage import command
from sightline.stage.answering.servable import Servable
from sightline.stage.formats import bundle, model, records
from sightline.stage.formats.dataset import read_examples
from sightline.stage.formats.decision import read_decision
from sightline.stage.formats.evaluation import read_info as read_evaluation
from sightline.stage.formats.training_images import keys_of, write_training_images
from tests.artifacts import CLASSES, Artifacts, artifacts, read_predictions
from tests.extractors import no_features

pytestmark = [
    pytest.mark.slow,
    # Keras 3.15 hands TensorFlow's variables to NumPy 2 without the `copy` keyword.
]

LENIENT = {"min_accuracy": 0.0, "beat_chance": False}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return artifacts(tmp_path_factory.mktemp("made"), per_class=40, formats=("JPEG", "TIFF"))


@pytest.fixture
def own(made: Artifacts, tmp_path: Path) -> Artifacts:
    """A copy that a test may damage."""
    folders = {name: getattr(made, name) for name in Artifacts.__dataclass_fields__}
    return Artifacts(
        **{name: shutil.copytree(path, tmp_path / "own" / name) for name, path in folders.items()}
    )


@pytest.fixture(scope="module")
def live_once(made: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_live(made, tmp_path_factory.mktemp("live"))


@pytest.fixture
def live(live_once: Path, tmp_path: Path) -> Path:
    """A model folder with the candidate's twin live as version 3; a test may damage it."""
    return shutil.copytree(live_once, tmp_path / "live")


def run(made: Artifacts, folder: Path, **settings: Any) -> Facts:
    return evaluate(
        model=made.model,
        records=made.records,
        dataset=made.dataset,
        features=no_features(folder / "features"),
        evaluation=folder / "evaluation",
        metrics=folder / "metrics",
        classification=folder / "classification",
        decision=folder / "parameters" / "decision",  # its folder is the stage's to make
        report=folder / "report.html",
        settings=EvaluateSettings(**settings),
    )


def read_info(folder: Path) -> ClassificationInfo:
    return read_evaluation(folder, ClassificationInfo)


def judged(made: Artifacts, folder: Path, **settings: Any) -> ClassificationInfo:
    run(made, folder, **settings)
    return read_info(folder / "evaluation")


def make_live(source: Artifacts, folder: Path, *, classes: tuple[str, ...] = CLASSES) -> Path:
    """Put the model of `source` live as version 3, with `classes` as the names of its outputs.

    Reversed names make it wrong where the model is right, and right where that is wrong.
    """
    from components.export.forms.saved_model import frozen_with_embedding, write_saved_model

    contract, place = model.read_info(source.model).contract, folder / "3"
    frozen = frozen_with_embedding(model.load_keras(source.model))
    serving = problem_of("classification").serving
    write_saved_model(frozen, place, serving, classes=classes, contract=contract)
    info = bundle.BundleInfo(
        model_name="petals",
        classes=classes,
        contract=contract,
        model_sha256="c" * 64,
        digest="d" * 64,
        created="2026-01-01T00:00:00+00:00",
        versions={},
        files={},
    )
    example = next(one for one in read_examples(source.dataset) if one.format == "JPEG")
    (answer,) = Servable(place, serving, classes, contract).answer([example.image])
    golden = bundle.GoldenRequest(
        id=example.id, image=example.image, expected=serving.as_json(answer)
    )
    bundle.write_golden(place, [golden])
    bundle.write_info(place, info)
    return folder


def test_changed_images_are_asked_about_where_the_settings_say_so(
    made: Artifacts, tmp_path: Path
) -> None:
    info = judged(made, tmp_path, **LENIENT, robustness_images=8, bootstrap_samples=100)

    found = info.robustness
    assert found is not None
    assert (found.num_images, len(found.changes)) == (8, 17)
    assert found.changes[0].change == "as they are"
    assert all(one.figures["accuracy"].value is not None for one in found.changes)


def test_changes_that_there_is_no_time_for_are_named_and_stronger_ones_are_tried_first(
    made: Artifacts, tmp_path: Path
) -> None:
    info = judged(made, tmp_path, **LENIENT)
    ticks = iter([0.0, *range(1, 100)])

    found = measure_robustness(
        made.model,
        made.records,
        read_predictions(tmp_path / "evaluation"),
        info,
        problem_of("classification"),
        Figures(
            problem_of("classification").judging,
            EvaluateSettings(robustness_images=2, robustness_seconds=4, bootstrap_samples=100),
        ),
        lambda: float(next(ticks)),
    )

    assert found is not None
    assert [f"{one.change} {one.strength}".strip() for one in found.changes] == [
        "as they are",
        "darker by half",
        "brighter by half",
        "flatter by half",
    ]
    assert (found.seconds, len(found.not_tried)) == (4, 13)


def test_answers_to_changed_images_that_are_none_are_a_sentence_and_lose_no_decision(
    own: Artifacts, tmp_path: Path
) -> None:
    told = judged(own, tmp_path, **LENIENT)
    network = model.load_keras(own.model)
    network.set_weights([np.full_like(weight, np.nan) for weight in network.get_weights()])
    sha256 = model.save_keras(network, own.model)
    model.write_info(own.model, replace(model.read_info(own.model), model_sha256=sha256))

    found = measure_robustness(
        own.model,
        own.records,
        read_predictions(tmp_path / "evaluation"),
        told,
        problem_of("classification"),
        Figures(problem_of("classification").judging, EvaluateSettings(robustness_images=8)),
        time.monotonic,
    )

    assert found is not None
    assert (found.num_images, found.changes) == (0, ())
    assert found.reason.startswith("Failed: expected probabilities that sum to 1 per image")
    assert found.reason.endswith("It changes no other figure and no decision.")


def test_only_the_test_split_is_measured_and_every_image_has_a_row(
    made: Artifacts, tmp_path: Path
) -> None:
    facts = run(made, tmp_path, **LENIENT)

    info, rows = read_info(tmp_path / "evaluation"), read_predictions(tmp_path / "evaluation")
    expected = read_predictions(made.evaluation)
    assert rows.ids == expected.ids
    assert rows.uris == expected.uris
    assert rows.truth.tolist() == expected.truth.tolist()
    assert np.allclose(rows.probabilities, expected.probabilities, atol=1e-5)
    assert info.num_images == 16
    assert info.model_sha256 == model.read_info(made.model).model_sha256
    assert info.metrics["accuracy"].value == expected.correct.mean()
    assert facts["evaluation"]["accuracy"] == expected.correct.mean()


def test_the_facts_are_flat_numbers_and_what_the_pipeline_ui_reads(
    made: Artifacts, tmp_path: Path
) -> None:
    facts = run(made, tmp_path, **LENIENT)

    assert all(type(value) in (int, float) for value in facts["metrics"].values())
    assert {"accuracy", "macro_f1", "log_loss", "accuracy_low"} <= facts["metrics"].keys()
    specs = facts["classification"]["confusionMatrix"]["annotationSpecs"]
    assert [item["displayName"] for item in specs] == list(CLASSES)
    json.dumps(facts, allow_nan=False)


def test_the_decision_is_written_for_the_pipeline_and_leads_the_report(
    made: Artifacts, tmp_path: Path
) -> None:
    run(made, tmp_path / "lenient", **LENIENT)
    run(made, tmp_path / "strict", min_accuracy=1.0)

    assert (tmp_path / "lenient/parameters/decision").read_text() == "deploy"
    assert (tmp_path / "strict/parameters/decision").read_text() == "hold"
    html = (tmp_path / "strict/report.html").read_text()
    assert html.index("Hold: accuracy.") < html.index("Most confident mistakes")
    assert "1 is required." in html


def test_the_same_inputs_give_the_same_bytes(made: Artifacts, tmp_path: Path) -> None:
    run(made, tmp_path / "one", **LENIENT)
    run(made, tmp_path / "two", **LENIENT)

    for name in ("evaluation/evaluation.json", "evaluation/decision.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_number_of_mistakes_shown_is_bounded(made: Artifacts, tmp_path: Path) -> None:
    info = judged(made, tmp_path / "few", max_thumbnails=2)
    run(made, tmp_path / "none", max_thumbnails=0)

    wrong = 16 - info.confusion_matrix[0][0] - info.confusion_matrix[1][1]
    assert wrong > 2
    shown, *cells = (tmp_path / "few/report.html").read_text().split('class="opening"')
    # Two mistakes, and the two least sure; of each cell two.
    assert shown.count("truth: ") == 4
    assert 3 <= len(cells) <= 4
    assert all(1 <= cell.count("truth: ") <= 2 for cell in cells)
    assert (tmp_path / "none/report.html").read_text().count("truth: ") == 0


def test_the_worst_mistakes_are_explained_after_the_decision(
    made: Artifacts, tmp_path: Path
) -> None:
    plain = judged(made, tmp_path / "plain", max_thumbnails=2)
    info = judged(made, tmp_path / "explained", max_thumbnails=2, explain_seconds=600)

    html = (tmp_path / "explained/report.html").read_text(encoding="utf-8")
    assert info == plain
    assert "Explained: 2 of 2 mistakes." in html
    assert html.count("<b>integrated gradients</b>") == 2  # too small for regions
    assert "evaluate.explain_seconds is 0" in (tmp_path / "plain/report.html").read_text("utf-8")


def test_an_explanation_that_fails_or_takes_too_long_is_a_sentence(
    made: Artifacts, tmp_path: Path
) -> None:
    judging = problem_of("classification").judging
    pixels = np.zeros((32, 32, 3), np.uint8)
    mistake = Mistake(id="a", truth=0, answer=np.array([0.1, 0.9]), wrongness=0.9, pixels=pixels)
    ask = partial(explain, [mistake], judging=judging, seconds=9, way="auto", seed=1)
    late = iter([0.0, 1.0, 2.0, 10.0, 10.0, 10.0, 10.0])

    failed = ask(tmp_path / "none", clock=lambda: 0.0)
    slow = ask(made.model, clock=lambda: next(late))

    assert "Explaining the rest failed: " in failed.told
    assert "It changes no figure and no decision." in failed.told
    assert slow.told.endswith("The rest did not fit into 9 s (evaluate.explain_seconds).")
    assert not failed.of and not slow.of


def test_without_a_champion_nothing_is_compared(made: Artifacts, tmp_path: Path) -> None:
    unset = judged(made, tmp_path / "a", **LENIENT)
    empty = judged(made, tmp_path / "b", champion=str(tmp_path / "no such folder"), **LENIENT)

    assert unset.champion.outcome == empty.champion.outcome == "none"
    assert empty.champion.detail == f"No version is live in {tmp_path}/no such folder yet."
    assert empty.decision == "deploy"


def test_the_live_model_answers_the_same_images_and_what_it_cannot_read_is_left_out(
    made: Artifacts, live: Path, tmp_path: Path
) -> None:
    champion = judged(made, tmp_path, champion=str(live), **LENIENT).champion

    assert (champion.outcome, champion.version, champion.num_images) == ("compared", 3, 8)
    assert champion.detail.startswith("8 test images are left out: the served model reads JPEG")
    accuracy, loss = champion.figures
    assert accuracy.difference.value == 0
    assert loss.difference.value == pytest.approx(0, abs=1e-5)
    assert champion.only_candidate_right == champion.only_champion_right == 0
    assert champion.verdict == "cannot tell"


def test_what_cannot_be_told_goes_as_the_settings_say_and_the_decision_is_on_file(
    made: Artifacts, tmp_path: Path
) -> None:
    live = make_live(made, tmp_path / "live", classes=CLASSES[::-1])

    held = judged(made, tmp_path / "a", champion=str(live), when_equal="hold", **LENIENT)
    went = judged(made, tmp_path / "b", champion=str(live), when_equal="deploy", **LENIENT)

    accuracy = held.metrics["accuracy"].value or 0.0
    (on_photos, _) = held.champion.figures
    assert on_photos.candidate == pytest.approx(1 - on_photos.champion)
    assert 0 < accuracy < 1
    decided = [read_decision(tmp_path / name / "evaluation") for name in "ab"]
    assert [one.decision for one in decided] == [held.decision, went.decision] == ["hold", "deploy"]
    assert [one.code for one in decided] == ["equal_held", "equal_deployed"]
    assert decided[0].champion == held.champion


def test_an_equal_model_goes_live_if_it_learned_from_other_images(
    own: Artifacts, live: Path, tmp_path: Path
) -> None:
    ids = sorted(example.id for example in read_examples(own.dataset))
    in_test = set(read_predictions(own.evaluation).ids)
    trained = [id for id in ids if id not in in_test]
    write_training_images(own.model, keys_of(trained))
    write_training_images(live / "3", keys_of(trained))

    same = judged(own, tmp_path / "same", champion=str(live), **LENIENT)
    write_training_images(live / "3", keys_of(trained[:-1]))
    newer = judged(own, tmp_path / "newer", champion=str(live), **LENIENT)

    assert (same.champion.newer_data, same.decision) == (False, "hold")
    assert (newer.champion.newer_data, newer.decision) == (True, "deploy")


def test_the_live_model_is_asked_anew_and_not_about_images_that_it_learned_from(
    made: Artifacts, live: Path, tmp_path: Path
) -> None:
    before = judged(made, tmp_path / "before", champion=str(live), **LENIENT).champion
    photos = [one.id for one in read_examples(made.dataset) if one.format == "JPEG"]
    known = sorted(set(photos) & set(read_predictions(made.evaluation).ids))[:3]
    write_training_images(live / "3", keys_of(known))

    after = judged(made, tmp_path / "after", champion=str(live), **LENIENT).champion

    assert (before.num_images, after.num_images) == (8, 5)
    assert after.detail.startswith("3 test images are left out: version 3 learned from them.")
    assert before.figures[1].champion != after.figures[1].champion


def test_the_same_model_is_not_compared_with_itself(
    made: Artifacts, live: Path, tmp_path: Path
) -> None:
    sha256 = model.read_info(made.model).model_sha256
    bundle.write_info(live / "3", replace(bundle.read_info(live / "3"), model_sha256=sha256))

    info = judged(made, tmp_path, champion=str(live), **LENIENT)

    assert info.champion.outcome == "same model"
    assert info.champion.detail == "Version 3 is this very model."
    assert info.decision == "deploy"


def test_only_classes_that_both_know_are_compared(made: Artifacts, tmp_path: Path) -> None:
    live = make_live(made, tmp_path / "live", classes=("crimson", "lilac"))

    champion = judged(made, tmp_path, champion=str(live), **LENIENT).champion

    assert (champion.outcome, champion.num_images) == ("compared", 4)
    assert "version 3 does not know are left out (ivory)." in champion.detail
    assert "The new model no longer knows lilac." in champion.detail


def test_a_live_model_of_other_classes_holds_and_says_how_to_go_on(
    made: Artifacts, tmp_path: Path
) -> None:
    live = make_live(made, tmp_path / "live", classes=("azure", "lilac"))

    info = judged(made, tmp_path, champion=str(live), **LENIENT)

    assert (info.champion.outcome, info.decision) == ("failed", "hold")
    (reason,) = [check.reason for check in info.checks if check.outcome == "failed"]
    assert "Version 3 can judge none of the test images" in reason
    assert "set evaluate.champion to nothing" in reason


def test_a_live_model_that_does_not_load_holds_with_its_reason(
    made: Artifacts, live: Path, tmp_path: Path
) -> None:
    (live / "3/saved_model.pb").write_bytes(b"no graph")

    info = judged(made, tmp_path, champion=str(live), **LENIENT)

    assert (info.champion.outcome, info.decision) == ("failed", "hold")
    assert "The champion cannot answer" in info.champion.detail
    assert str(live / "3") in info.champion.detail


def test_a_folder_whose_versions_are_all_damaged_holds_and_their_damage_is_told(
    made: Artifacts, live: Path, tmp_path: Path
) -> None:
    info = bundle.read_info(live / "3")
    bundle.write_info(live / "3", replace(info, files=bundle.hash_files(live / "3")))
    graph = live / "3/saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-1] + b"?")

    found = judged(made, tmp_path, champion=str(live), **LENIENT)

    assert (found.champion.outcome, found.decision) == ("failed", "hold")
    assert f"{live}: expected a version that is whole; 1 version in it" in found.champion.detail
    assert "missing or changed: saved_model.pb" in found.champion.detail


def test_a_folder_without_a_live_version_is_no_champion_yet(
    made: Artifacts, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()

    info = judged(made, tmp_path, champion=str(tmp_path / "models"), **LENIENT)

    assert (info.champion.outcome, info.decision) == ("none", "deploy")
    assert info.champion.detail == f"No version is live in {tmp_path / 'models'} yet."


def test_a_live_model_for_another_kind_of_problem_holds_and_is_named(
    made: Artifacts, live: Path, tmp_path: Path
) -> None:
    bundle.write_info(live / "3", replace(bundle.read_info(live / "3"), problem="detection"))

    info = judged(made, tmp_path, champion=str(live), **LENIENT)

    assert (info.champion.outcome, info.decision) == ("failed", "hold")
    assert "version 3 is for another kind of problem (detection)" in info.champion.detail


def test_a_live_model_answers_whole_batches_and_what_is_left_over(tmp_path: Path) -> None:
    many = artifacts(tmp_path / "many", per_class=90, formats=("JPEG",))  # 36 test images
    models = make_live(many, tmp_path / "models")

    info = judged(many, tmp_path, champion=str(models), **LENIENT)

    assert (info.champion.outcome, info.champion.num_images) == ("compared", 36)
    assert info.champion.figures[0].difference.value == 0


def test_a_model_for_another_kind_of_problem_is_refused(own: Artifacts, tmp_path: Path) -> None:
    model.write_info(own.model, replace(model.read_info(own.model), problem="detection"))

    with pytest.raises(
        DataError, match=r"kind of problem \(classification\); received one for detection"
    ):
        run(own, tmp_path)


def test_what_could_not_be_judged_and_what_is_to_know_leads_the_report(
    made: Artifacts, tmp_path: Path
) -> None:
    run(made, tmp_path, **LENIENT, min_class_recall=0.5, min_class_support=10_000)

    info = read_info(tmp_path / "evaluation")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    unjudged = [check.name for check in info.checks if check.outcome == "not judged"]
    assert len(unjudged) == 1
    assert f"Not judged: {unjudged[0]}." in page


def test_other_classes_than_the_records_hold_are_refused(own: Artifacts, tmp_path: Path) -> None:
    model.write_info(own.model, replace(model.read_info(own.model), classes=("red", "white")))

    with pytest.raises(
        DataError,
        match=r"records' classes \(crimson, ivory\); received one of red, white. Train",
    ):
        run(own, tmp_path)


@pytest.mark.parametrize("change", [{"resize_mode": "pad"}, {"value_range": (0, 4095)}])
def test_other_pixels_than_the_model_was_trained_on_are_refused(
    own: Artifacts, tmp_path: Path, change: dict[str, Any]
) -> None:
    info = model.read_info(own.model)
    other = info.contract.model_copy(update=change)
    model.write_info(own.model, replace(info, contract=other))

    expected = rf"differs in {next(iter(change))}.*Train on these records first"
    with pytest.raises(DataError, match=expected):
        run(own, tmp_path)


def test_an_empty_test_split_is_refused_with_what_to_do(own: Artifacts, tmp_path: Path) -> None:
    info = records.read_info(own.records)
    none = {"counts": {**info.counts, "test": {}}, "shards": {**info.shards, "test": []}}
    records.write_info(own.records, replace(info, **none))

    with pytest.raises(DataError, match=r"images in the test split, received none.*test_share"):
        run(own, tmp_path)


def test_a_dataset_without_the_test_images_is_refused(own: Artifacts, tmp_path: Path) -> None:
    other = artifacts(tmp_path / "other", per_class=5, formats=("PNG",))

    with pytest.raises(DataError, match=r"16 test images are not in it .*cleaned dataset"):
        run(replace(own, dataset=other.dataset), tmp_path)


@pytest.mark.parametrize("spoil", ["nan", "logits"])
def test_answers_that_are_no_probabilities_are_refused(
    spoil: str, own: Artifacts, tmp_path: Path
) -> None:
    network = model.load_keras(own.model)
    if spoil == "nan":
        network.set_weights([np.full_like(weight, np.nan) for weight in network.get_weights()])
    else:
        network.pop()
    sha256 = model.save_keras(network, own.model)
    model.write_info(own.model, replace(model.read_info(own.model), model_sha256=sha256))

    with pytest.raises(
        DataError, match=r"expected probabilities that sum to 1 per image; received"
    ):
        run(own, tmp_path)


def test_the_command_line_moves_all_outputs_into_place(made: Artifacts, tmp_path: Path) -> None:
    outputs = ("evaluation", "metrics", "classification", "decision", "report")
    given = {"model": made.model, "records": made.records, "dataset": made.dataset}
    given["features"] = no_features(tmp_path.with_name("features-of-none"))
    paths = {**given, **{name: tmp_path / name for name in outputs}}
    flags = [text for name, path in paths.items() for text in (f"--{name}", str(path))]

    command.execute(evaluate, command.parse(evaluate, [*flags, "--min-accuracy", "1"]))

    assert {path.name for path in tmp_path.iterdir()} == set(outputs)
    assert (tmp_path / "decision").read_text() == "hold"
    assert json.loads((tmp_path / "metrics").read_text())["num_images"] == 16
