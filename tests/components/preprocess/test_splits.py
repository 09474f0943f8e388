"""Splits: stable, together by group, honouring what the source gives."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.preprocess.settings import PreprocessSettings
from components.preprocess.splits import (
    Candidate,
    assign_splits,
    bands_of,
    fills_a_class,
    is_small,
    position,
)
from components.preprocess.survey import survey_splits
from sightline.ground.errors import DataError

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        group=st.text(max_size=6),
        stratum=st.sampled_from(["cat", "dog", "eel"]),
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
    chosen = rules(test_share=share, validation_share=share, stratify="stable")

    before = assign_splits(old, chosen)
    after = assign_splits([*new, *old], chosen)

    assert after[len(new) :] == before


@given(candidates=CANDIDATES, stratify=st.sampled_from(["stable", "exact", "auto"]))
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

    seen = Counter((one.stratum, split) for one, split in zip(candidates, splits, strict=True))
    assert (seen["cat", "test"], seen["cat", "validation"]) == (20, 20)
    assert (seen["dog", "test"], seen["dog", "validation"]) == (4, 4)
    assert (seen["eel", "test"], seen["eel", "validation"], seen["eel", "train"]) == (1, 1, 1)


def seen(candidates: list[Candidate], **changes: object) -> Counter[tuple[str, str]]:
    splits = assign_splits(candidates, rules(stratify="exact", **changes))
    return Counter((one.stratum, split) for one, split in zip(candidates, splits, strict=True))


def test_exact_splits_give_each_of_three_images_a_split_and_two_none() -> None:
    three, two = seen(many(3)), seen(many(2))

    assert three == {("cat", "train"): 1, ("cat", "validation"): 1, ("cat", "test"): 1}
    assert two == {("cat", "train"): 2}


def test_exact_splits_without_a_share_stay_empty() -> None:
    found = seen(many(40), validation_share=0)

    assert found == {("cat", "test"): 4, ("cat", "train"): 36}


def test_exact_splits_round_to_the_nearest_image() -> None:
    found = seen(many(17), test_share=0.2, validation_share=0.1)

    assert found == {("cat", "test"): 3, ("cat", "validation"): 2, ("cat", "train"): 12}


def test_exact_splits_fill_with_whole_groups() -> None:
    bursts = [Candidate(f"burst {index // 4}", "cat", None) for index in range(40)]

    found = seen(bursts, test_share=0.25, validation_share=0.1)

    # Ten images are wanted for the test, and four for validation: three bursts and one.
    assert found == {("cat", "test"): 12, ("cat", "validation"): 4, ("cat", "train"): 24}


def test_a_group_under_two_labels_counts_as_the_first_of_them() -> None:
    mixed = [Candidate(f"pair {n}", label, None) for n in range(10) for label in ("dog", "cat")]

    splits = assign_splits(mixed, rules(stratify="exact", test_share=0.3, validation_share=0.2))

    alike = [Candidate(one.group, "cat", None) for one in mixed]
    assert splits == assign_splits(
        alike, rules(stratify="exact", test_share=0.3, validation_share=0.2)
    )


def test_a_group_lies_where_its_hash_falls_among_the_shares() -> None:
    chosen = rules(test_share=0.2, validation_share=0.3)
    groups = many(300)

    splits = assign_splits(groups, chosen)

    for one, split in zip(groups, splits, strict=True):
        place = position(one.group, "sightline")
        expected = "test" if place < 0.2 else "validation" if place < 0.5 else "train"
        assert split == expected


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
    free = assign_splits([Candidate(one.group, one.stratum, None) for one in trained], rules())

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


def test_auto_fills_classes_that_chance_may_leave_without_a_split_and_no_others() -> None:
    small, large = many(20, "cat"), many(60, "dog")

    filled = assign_splits([*small, *large], rules(stratify="auto"))

    assert filled[:20] == assign_splits(small, rules(stratify="exact"))
    assert filled[20:] == assign_splits(large, rules(stratify="stable"))


@pytest.mark.parametrize(("share", "largest"), [(0.1, 43), (0.2, 20)])
def test_a_class_is_small_up_to_a_chance_of_one_in_a_hundred(share: float, largest: int) -> None:
    bands = bands_of(rules(test_share=share, validation_share=share))

    # 0.9 ** 43 is 0.0108 and 0.9 ** 44 is 0.0097; 0.8 ** 20 is 0.0115 and 0.8 ** 21 is 0.0092.
    assert is_small(largest, bands)
    assert not is_small(largest + 1, bands)


def test_a_share_of_nothing_makes_no_class_small() -> None:
    assert not is_small(44, bands_of(rules(validation_share=0)))


@pytest.mark.parametrize(
    ("stratify", "count", "fills"),
    [
        ("stable", 5, False),
        ("exact", 500, True),
        ("auto", 43, True),
        ("auto", 44, False),
    ],
)
def test_counts_decide_where_a_class_is_filled(stratify: str, count: int, fills: bool) -> None:
    assert fills_a_class(many(count), rules(stratify=stratify)) is fills


def test_counts_decide_nothing_where_the_source_gives_every_split() -> None:
    candidates = [*many(5, given="train"), *many(5, given="validation"), *many(5, given="test")]

    assert not fills_a_class(candidates, rules(stratify="auto"))
