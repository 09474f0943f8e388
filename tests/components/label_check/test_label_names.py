"""Labels as text: blank ones, several on one image, and likely misspellings."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.label_check.label_names import alike_pairs, one_letter_less
from sightline.ground.errors import DataError
from tests.components.label_check.labelled import check, example, photographs, two_classes
from tests.data import encoded, photograph


@pytest.mark.parametrize(
    ("rarer", "other", "why"),
    [
        ("Daisy", "daisy", "differ only in case, spaces or dashes"),
        ("1.0", "1", "the same number"),
        (" daisy", "daisy", "differ only in case, spaces or dashes"),
        ("oxeye-daisy", "oxeye_daisy", "differ only in case, spaces or dashes"),
        ("rose", "roses", "singular and plural"),
        ("box", "boxes", "singular and plural"),
        ("berries", "berry", "singular and plural"),
        ("dandelon", "dandelion", "one letter apart"),
        ("dandelionn", "dandelion", "one letter apart"),
        ("dandeliom", "dandelion", "one letter apart"),
        ("dnadelion", "dandelion", "one letter apart"),
    ],
)
def test_labels_that_look_like_one_are_found(rarer: str, other: str, why: str) -> None:
    pairs = list(alike_pairs([rarer, other, "tulips"], Counter({rarer: 2, other: 50})))

    assert pairs == [(rarer, other, why)]


@pytest.mark.parametrize(
    ("first", "second"),
    [("cat", "bat"), ("class 1", "class 2"), ("n02085620", "n02085621"), ("0", "1"), ("a", "b")],
)
def test_short_words_and_numbers_are_no_misspellings(first: str, second: str) -> None:
    assert list(alike_pairs([first, second], Counter({first: 1, second: 50}))) == []


def test_two_common_words_one_letter_apart_are_no_misspelling() -> None:
    assert list(alike_pairs(["horse", "house"], Counter({"horse": 40, "house": 50}))) == []


@given(st.text("abcde", min_size=1, max_size=8), st.data())
def test_any_single_slip_shares_a_form_with_the_word(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcde"))
    swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    slips = [
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
        swapped,
    ]

    assert all(one_letter_less(word) & one_letter_less(slip) for slip in slips)


def test_a_misspelt_label_is_reported_with_its_images(tmp_path: Path) -> None:
    examples = [*two_classes(), *photographs("dogs", 2, first=50)]

    finding = check(tmp_path, examples).finding("labels_alike")

    assert finding["severity"] == "warning"
    assert finding["title"] == (
        "1 pair of labels may mean the same class: 'dogs' and 'dog' (singular and plural)."
    )
    assert finding["classes"] == ["dogs", "dog"]
    assert finding["count"] == 2


def test_a_blank_label_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 images have no label or a blank one"):
        check(tmp_path, [*two_classes(), *photographs("  ", 3, first=50)])


def test_several_labels_on_one_image_fail_the_run(tmp_path: Path) -> None:
    both = example(["cat", "dog"], encoded(photograph(50)))

    with pytest.raises(DataError, match=r"1 image has several labels\. This pipeline trains"):
        check(tmp_path, [*two_classes(), both])
