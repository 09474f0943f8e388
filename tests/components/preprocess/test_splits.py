"""Splits: stable, together by group, honouring what the source gives."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.preprocess.settings import PreprocessSettings
from components.preprocess.splits import Candidate, assign_splits, position
from components.preprocess.survey import survey_splits
from sightline.ground.errors import DataError

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        group=st.text(max_size=6),
        label=st.sampled_from(["cat", "dog", "eel"]),
        given=st.none(),
    ),
    max_size=60,
)


def rules(**changes: object) -> PreprocessSettings:
    return PreprocessSettings.model_validate(changes)


def many(count: int, label: str = "cat", given: str | None = None) -> list[Candidate]:
    return [Candidate(f"{label} {index}", label, given) for index in range(count)]


@given(old=CANDIDATES, new=CANDIDATES, share=st.floats(0.01, 0.4))
@settings(deadline=None)
def test_adding_images_never_moves_one(
    old: list[Candidate], new: list[Candidate], share: float
) -> None:
    chosen = rules(test_share=share, validation_share=share)

    before = assign_splits(old, chosen)
    after = assign_splits([*new, *old], chosen)

    assert after[len(new) :] == before


@given(candidates=CANDIDATES, stratify=st.sampled_from(["stable", "exact"]))
@settings(deadline=None)
def test_a_group_stays_together_under_different_labels(
    candidates: list[Candidate], stratify: str
) -> None:
    splits = assign_splits(candidates, rules(stratify=stratify))

    pairs = {(one.group, split) for one, split in zip(candidates, splits, strict=True)}
    assert len(pairs) == len({one.group for one in candidates})


def test_every_machine_puts_a_group_at_the_same_place() -> None:
    # printf 'sightline\0a' | sha256sum gives 0x9980... / 2**64, and so on.
    places = [position(name, "sightline") for name in ("a", "b", "photo.jpg")]

    assert places == pytest.approx([0.5996148, 0.1561843, 0.3418823], abs=1e-7)


def test_stable_splits_have_their_shares_up_to_chance() -> None:
    splits = Counter(assign_splits(many(10_000), rules()))

    assert splits["test"] == pytest.approx(1000, abs=120)
    assert splits["validation"] == pytest.approx(1000, abs=120)


def test_exact_splits_have_their_shares_in_every_class() -> None:
    candidates = [*many(200, "cat"), *many(37, "dog"), *many(3, "eel")]

    splits = assign_splits(candidates, rules(stratify="exact"))

    seen = Counter((one.label, split) for one, split in zip(candidates, splits, strict=True))
    assert (seen["cat", "test"], seen["cat", "validation"]) == (20, 20)
    assert (seen["dog", "test"], seen["dog", "validation"]) == (4, 4)
    assert (seen["eel", "test"], seen["eel", "validation"], seen["eel", "train"]) == (1, 1, 1)


def test_given_splits_are_honoured() -> None:
    candidates = [
        *many(5, given="train"),
        *many(5, "dog", given="validation"),
        *many(5, "eel", given="test"),
    ]

    splits = assign_splits(candidates, rules())

    assert splits == ("train",) * 5 + ("validation",) * 5 + ("test",) * 5


def test_a_missing_validation_split_is_carved_out_of_train_where_the_hash_puts_it() -> None:
    trained, tested = many(500, given="train"), many(50, "dog", given="test")
    free = assign_splits([Candidate(one.group, one.label, None) for one in trained], rules())

    splits = assign_splits([*trained, *tested], rules())

    assert splits[500:] == ("test",) * 50
    assert [split == "validation" for split in splits[:500]] == [s == "validation" for s in free]
    assert "test" not in splits[:500]


def test_another_salt_splits_otherwise() -> None:
    candidates = many(100)

    assert assign_splits(candidates, rules()) != assign_splits(candidates, rules(split_salt="b"))


def test_an_unknown_split_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"received 'holdout'\. Rename the split"):
        assign_splits(many(1, given="holdout"), rules())


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a sum below 1, received 0.5 \+ 0.5"):
        rules(test_share=0.5, validation_share=0.5)


def test_an_empty_test_split_is_refused_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"one image in the test split.*stratify to exact"):
        survey_splits(["cat"], many(2), ("train", "validation"))


def test_a_class_without_test_images_is_found() -> None:
    candidates = [*many(3), *many(1, "dog")]

    survey = survey_splits(["cat", "dog"], candidates, ("train", "validation", "test", "train"))

    assert [finding.text for finding in survey.findings] == [
        "dog has no image in the validation split: early stopping does not see them.",
        "dog has no image in the test split: nothing is measured about them.",
    ]


def test_a_group_in_two_given_splits_is_found() -> None:
    candidates = [Candidate("burst 1", "cat", "train"), Candidate("burst 1", "cat", "test")]

    survey = survey_splits(["cat"], candidates, ("train", "test"))

    assert any("burst 1" in finding.text for finding in survey.findings)
