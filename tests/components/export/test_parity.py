"""Parity: what counts as the same answer, and which images are asked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from structlog.testing import capture_logs

from components.export.measuring.accuracy import Accuracy, Part, loss_between
from components.export.measuring.measure import measure_graph
from components.export.measuring.parity import (
    BATCH,
    TIMED_CALLS,
    Parity,
    answer_sample,
    compare,
    judge_rounded,
    require_parity,
)
from components.export.measuring.sampling import Sample
from components.export.settings import ExportSettings
from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.problems.classification.serving import Prediction
from sightline.problems.serving import Sameness
from sightline.stage.answering.servable import ImageError
from sightline.stage.formats.dataset import Example
from sightline.stage.formats.evaluation import Figure
from sightline.stage.imaging.kinds.rule import refusal
from tests.data import encoded, photograph

SERVING = problem_of("classification").serving
URIS = ["photos/0.jpg", "photos/1.jpg", "photos/2.jpg"]
EXPECTED = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], np.float32)


def answers(probabilities: np.ndarray) -> tuple[Prediction, ...]:
    found = SERVING.read({"probabilities": probabilities}, ("cat", "dog"))
    return tuple(found)


def same(received: np.ndarray) -> Sameness:
    return SERVING.same(answers(EXPECTED), answers(received))


def compared(received: np.ndarray) -> Parity:
    return compare("model", same(received), latency_ms=1.2345, size_bytes=10)


def sample() -> Sample:
    examples = tuple(
        Example(
            id=f"{number}",
            uri=f"photos/{number}.jpg",
            image=b"",
            labels=("cat",),
            split="test",
            width=1,
            height=1,
            mode="RGB",
            format="JPEG",
            group="",
        )
        for number in range(3)
    )
    return Sample(examples=examples, expected=answers(EXPECTED), left_out={})


def test_equal_answers_agree_wholly() -> None:
    parity = compared(EXPECTED.copy())

    assert (parity.top1_agreement, parity.max_difference, parity.mean_difference) == (1, 0, 0)
    assert (parity.num_images, parity.latency_ms, parity.size_bytes) == (3, 1.23, 10)
    assert parity.kept


def test_agreement_is_about_the_class_and_difference_about_the_numbers() -> None:
    received = EXPECTED.copy()
    received[2] = [0.45, 0.55]

    parity = compared(received)

    assert parity.top1_agreement == 0.6667
    assert parity.max_difference == pytest.approx(0.15)
    assert parity.mean_difference == pytest.approx(0.05)


def test_an_answer_that_is_no_number_differs_without_bound() -> None:
    received = EXPECTED.copy()
    received[1, 0] = np.nan

    assert compared(received).max_difference == np.inf


def test_a_difference_of_the_tolerance_is_tolerated() -> None:
    received = EXPECTED.copy()
    received[0] = [0.5, 0.5]

    require_parity("the model", same(received), URIS, compared(received).max_difference)


def test_the_worst_images_are_named_first_and_others_not_at_all() -> None:
    received = EXPECTED.copy()
    received[0], received[1], received[2] = [0.8, 0.2], [0.199, 0.801], [np.nan, 0.4]

    with pytest.raises(DataError) as raised:
        require_parity("the model", same(received), URIS, 0.05)

    assert "within 0.05 on 3 test images; 2 differ by more: photos/2.jpg (differs by " in str(
        raised.value
    )
    assert "photos/0.jpg (differs by 0.100)" in str(raised.value)
    assert "photos/1.jpg" not in str(raised.value)


def rounded(agreement: float, loss: float | None = None) -> Parity:
    part = Part(
        column="",
        value="",
        num_images=3,
        label="Test accuracy",
        evaluated=0.9,
        figure=0.9 - (loss or 0.0),
        low=None,
        high=None,
        loss=loss,
    )
    accuracy = Accuracy(overall=part, slices=())
    return replace(compared(EXPECTED), top1_agreement=agreement, accuracy=accuracy)


@pytest.mark.parametrize(("agreement", "kept"), [(0.89, False), (0.9, True), (0.91, True)])
def test_a_form_that_rounds_stays_from_the_smallest_agreement_on(
    agreement: float, kept: bool
) -> None:
    judged = judge_rounded(rounded(agreement), ExportSettings())

    assert judged.kept == kept
    assert bool(judged.reason) != kept


def test_a_form_that_loses_more_than_is_allowed_is_left_out_with_both_figures() -> None:
    fine = judge_rounded(rounded(1.0, 0.03), ExportSettings())
    worse = judge_rounded(rounded(1.0, 0.04), ExportSettings())

    assert (fine.kept, worse.kept) == (True, False)
    assert "Test accuracy went from 0.9000 to 0.8600 on 3 test images" in worse.reason
    assert "0.03 is allowed" in worse.reason


@pytest.mark.parametrize(
    ("before", "after", "higher_is_better", "loss"),
    [(0.9, 0.85, True, 0.05), (0.9, 0.95, True, -0.05), (2.0, 2.5, False, 0.25), (0, 0, False, 0)],
)
def test_a_loss_is_in_points_and_that_of_an_error_the_share_by_which_it_grows(
    before: float, after: float, higher_is_better: bool, loss: float
) -> None:
    first, second = (Figure(value=value) for value in (before, after))

    found = loss_between(first, second, higher_is_better=higher_is_better)

    assert found == pytest.approx(loss)
    assert loss_between(first, None, higher_is_better=higher_is_better) is None


def test_the_first_images_are_timed_one_by_one_after_one_call_that_warms_up() -> None:
    called: list[list[int]] = []

    def answer(items: Sequence[int]) -> list[int]:
        called.append(list(items))
        return list(items)

    items = list(range(40))
    answered = answer_sample(answer, items, images_of(*[b""] * len(items)))

    singles, batches = called[1 : TIMED_CALLS + 1], called[TIMED_CALLS + 1 :]
    assert called[0] == [0]
    assert singles == [[item] for item in range(TIMED_CALLS)]
    assert [len(batch) for batch in batches] == [BATCH, 40 - TIMED_CALLS - BATCH]
    assert answered.results == items
    assert 0 <= answered.latency_ms < 1000


class Served:
    """A model that answers the images it can decode: those whose bytes are a row of EXPECTED."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def answer_by_graph(self, images: Sequence[bytes]) -> list[Prediction]:
        self.batches.append(len(images))
        if b"bad" in images:
            raise ImageError("cannot be decoded")
        return list(answers(EXPECTED[[0] * len(images)]))


def images_of(*contents: bytes) -> Sample:
    example = sample().examples[0]
    return Sample(
        examples=tuple(
            replace(example, id=f"{row}", uri=f"photos/{row}.jpg", image=content)
            for row, content in enumerate(contents)
        ),
        expected=answers(EXPECTED[[0] * len(contents)]),
        left_out={"before": "why"},
    )


def test_images_that_do_not_decode_are_left_out_and_the_rest_of_their_batch_is_answered() -> None:
    contents = [b"good"] * (TIMED_CALLS + 2 * BATCH)
    contents[1], contents[TIMED_CALLS + 3] = b"bad", b"bad"
    served, sample = Served(), images_of(*contents)

    found = answer_sample(served.answer_by_graph, contents, sample)

    kept = found.sample
    assert len(found.results) == len(kept.examples) == len(kept.expected) == len(contents) - 2
    assert kept.left_out == {
        "before": "why",
        "1": "photos/1.jpg: cannot be decoded",
        f"{TIMED_CALLS + 3}": f"photos/{TIMED_CALLS + 3}.jpg: cannot be decoded",
    }
    assert served.batches == [1, *[1] * TIMED_CALLS, BATCH, *[1] * BATCH, BATCH]


def test_a_model_that_decodes_no_image_is_refused() -> None:
    contents = [b"bad", b"bad"]

    with pytest.raises(DataError, match=r"received none that it does: before|received none"):
        answer_sample(Served().answer_by_graph, contents, images_of(*contents))


def measured(*contents: bytes) -> tuple[list[Parity], list[int]]:
    """How other servers would do, and how many images each warning says they refuse."""
    with capture_logs() as lines:
        found = measure_graph(Path(), cast(Any, Served()), images_of(*contents), SERVING, 0.02)
    return found, [line["images"] for line in lines if "refuse" in line["event"]]


def test_images_that_other_servers_refuse_are_counted_in_a_warning() -> None:
    jpeg, tiff = encoded(photograph(1)), encoded(photograph(1), "TIFF")
    assert refusal(tiff) and not refusal(jpeg)

    all_good, quiet = measured(jpeg, jpeg)
    some, said = measured(jpeg, tiff, jpeg)
    none, said_of_all = measured(tiff)

    assert ([one.num_images for one in all_good], quiet) == ([2], [])
    assert ([one.num_images for one in some], said) == ([2], [1])
    assert (none, said_of_all) == ([], [1])
    assert some[0].name == "SavedModel, other servers"


def test_parity_is_written_with_tolerance_and_what_was_left_out(tmp_path: Path) -> None:
    import json

    from components.export.measuring.parity import write_parity

    parity = compared(EXPECTED)

    write_parity(tmp_path, [parity], replace(sample(), left_out={"9": "why"}), 0.25)

    document = json.loads((tmp_path / "parity.json").read_text())
    assert (document["tolerance"], document["num_images"]) == (0.25, 3)
    assert document["left_out"] == {"9": "why"}
    assert document["models"][0]["name"] == "model"
