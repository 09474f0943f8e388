"""Numbers as targets: what is learned of them, how splits balance by them, and what answers are."""

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.targets import Target
from sightline.problems.regression.scale import Scale, learned
from sightline.problems.regression.serving import Number, Serving
from sightline.problems.regression.targets import Targets
from tests.sightline.problems.regression.judged import ABOUT


def targets(*values: float) -> list[Target]:
    return [Target((), value) for value in values]


def test_mean_and_deviation_are_those_of_the_training_images() -> None:
    about = Targets({"unit": "mm"}).learn(targets(1.0, 2.0, 6.0))

    assert about["mean"] == 3.0 and about["median"] == 2.0
    assert about["deviation"] == pytest.approx(np.std([1, 2, 6]))
    assert about["tolerance"] == pytest.approx(0.1 * about["deviation"])
    assert Targets({"tolerance": 0.5}).learn(targets(1.0, 2.0))["tolerance"] == 0.5


def test_splits_balance_by_ranges_that_hold_about_as_many_images_each() -> None:
    values = np.random.default_rng(1).lognormal(0, 1, 400).tolist()

    strata = Targets().strata(targets(*values), ["x.png"] * 400)

    counts = {name: strata.count(name) for name in set(strata)}
    assert len(counts) == 10
    assert all(35 <= count <= 45 for count in counts.values())


def test_few_images_make_few_ranges_and_equal_numbers_lie_in_one() -> None:
    few = Targets().strata(targets(*range(25)), ["x.png"] * 25)
    heaped = Targets().strata(targets(*[0.0] * 90, *range(1, 11)), ["x.png"] * 100)

    assert len(set(few)) == 2
    assert heaped[:90] == ["0"] * 90
    assert set(heaped[90:]) == {"1 to 10"}


def test_whole_numbers_are_named_as_such() -> None:
    assert Scale(edges=(1.0, 2.0, 5.0, 9.0), whole=True).ranges == ["1", "2 to 4", "5 to 9"]
    assert Scale(edges=(0.5, 2.25, 5.0)).ranges == ["0.5 to 2.25", "2.25 to 5"]


def test_ranges_of_large_numbers_that_lie_close_stay_apart() -> None:
    values = [4_567_890.1 + step / 10 for step in range(100)]

    strata = Targets().strata(targets(*values), ["x.png"] * 100)

    assert len(set(strata)) == 10
    assert strata[0] == "4,567,890 to 4,567,891"


def test_ranges_that_differ_in_the_twelfth_digit_read_differently() -> None:
    names = Scale(edges=(1234567.00001, 1234567.00002, 1234567.00003)).ranges

    assert names == ["1,234,567.00001 to 1,234,567.00002", "1,234,567.00002 to 1,234,567.00003"]


def test_ranges_are_listed_from_the_lowest_number_on() -> None:
    values = np.random.default_rng(1).lognormal(12, 3, 400).tolist() + [-70.5, -9.5] * 20
    strata = Targets().strata(targets(*values), ["x.png"] * len(values))

    listed = Targets().in_order(strata, targets(*values))

    places = dict(zip(strata, values, strict=True))
    assert sorted(listed, key=places.__getitem__) == listed
    assert set(listed) == set(strata)


@pytest.mark.parametrize(
    ("values", "value", "text"),
    [
        ([1234567.1, 1234567.9], 1234567.1, "1,234,567.1"),
        ([1.0, 5e6], 1161860.4, "1,161,860"),
        ([1.0, 3.0], 1 / 3, "0.333333"),
        ([1e100, 2e100], 1e100, "1e+100"),
    ],
)
def test_given_numbers_have_the_digits_that_tell_them_apart(
    values: list[float], value: float, text: str
) -> None:
    assert Scale.of(learned(values, {})).exact(value) == text


def test_images_without_a_number_cannot_be_learned_from() -> None:
    with pytest.raises(DataError, match=r"received 1 images without: b\.png"):
        Targets().strata([Target((), 1.0), Target(("cat",))], ["a.png", "b.png"])


def test_answers_are_the_same_within_a_share_of_the_deviation() -> None:
    serving = Serving(ABOUT)
    truth = [Number(value=10.0, unit="cells")] * 3
    close = [Number(value=10.0 + gap, unit="cells") for gap in (0.0, 0.5, 3.0)]

    found = serving.same(truth, close)

    assert found.agrees.tolist() == [True, True, False]
    assert found.largest[1] == pytest.approx(0.5 / ABOUT["deviation"])


def test_another_unit_and_no_number_are_never_the_same() -> None:
    one = Number(value=10.0, unit="cells")

    found = Serving(ABOUT).same(
        [one, one], [Number(value=10.0, unit="mm"), Number(value=float("nan"), unit="cells")]
    )

    assert not found.agrees.any() and np.isinf(found.largest).all()


def test_golden_requests_are_spread_over_the_ranges_of_training() -> None:
    serving = Serving(ABOUT)

    groups = [serving.group(Number(value=value, unit="cells")) for value in (0.0, 1.0, 19.5, 99.0)]

    assert groups[0] == groups[1] and groups[2] == groups[3] and groups[1] != groups[2]


def test_an_answer_reads_as_a_number_with_its_unit_here_and_at_a_client() -> None:
    (answer,) = Serving(ABOUT).read({"value": np.array([[1234.5678]], np.float32)}, ())

    assert Serving(ABOUT).caption(answer) == ("1,234.57 cells", "")
    client = Serving()
    received = client.from_json(Serving(ABOUT).as_json(answer))
    assert received == answer
    assert client.caption(received) == ("1235 cells", "")
    assert client.named(received, ()) == {"value": answer.value, "unit": "cells"}


@pytest.mark.parametrize(
    ("values", "answer", "text"),
    [
        ([0.001, 0.002], 0.00123456, "0.001235"),
        ([1e6, 5e6], 2e6, "2,000,000"),
        ([1.0, 20.0], 3.14159, "3.14"),
    ],
)
def test_answers_have_the_digits_that_their_spread_makes_sense_of(
    values: list[float], answer: float, text: str
) -> None:
    assert Scale.of(learned(values, {})).digits(answer).startswith(text)
