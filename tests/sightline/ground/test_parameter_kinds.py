import json

import pytest

from sightline.ground.parameter_kinds import KINDS, Value, as_kind, read_kind, words_of


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("text", "STRING", "text"),
        (3, "NUMBER_INTEGER", 3),
        (3.0, "NUMBER_INTEGER", 3),
        (3, "NUMBER_DOUBLE", 3.0),
        (0.5, "NUMBER_DOUBLE", 0.5),
        (True, "BOOLEAN", True),
        ([1], "LIST", [1]),
        ({"a": 1}, "STRUCT", {"a": 1}),
    ],
)
def test_a_value_takes_the_form_of_its_kind(value: Value, kind: str, expected: Value) -> None:
    found = as_kind(value, kind)

    # 3 == 3.0, but they are written differently.
    assert json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3, "STRING"),
        ("3", "NUMBER_INTEGER"),
        (3.5, "NUMBER_INTEGER"),
        (float("inf"), "NUMBER_INTEGER"),
        (float("nan"), "NUMBER_INTEGER"),
        (True, "NUMBER_INTEGER"),
        (True, "NUMBER_DOUBLE"),
        (1, "BOOLEAN"),
        ("[]", "LIST"),
        ([], "STRUCT"),
        ("text", "A_KIND_OF_LATER"),
    ],
)
def test_a_value_of_another_kind_is_refused(value: Value, kind: str) -> None:
    with pytest.raises(ValueError, match=f" is no {kind}"):
        as_kind(value, kind)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("3", "NUMBER_INTEGER", 3),
        ("0.5", "NUMBER_DOUBLE", 0.5),
        ("true", "BOOLEAN", True),
        ('["a"]', "LIST", ["a"]),
        ("3", "STRING", "3"),
    ],
)
def test_the_text_that_a_task_wrote_is_read_as_its_kind(
    text: str, kind: str, expected: Value
) -> None:
    assert read_kind(text, kind) == expected


def test_a_number_that_becomes_part_of_a_text_is_written_as_json() -> None:
    assert read_kind([1, True], "STRING") == "[1, true]"


def test_every_kind_has_words_and_a_later_one_its_name() -> None:
    assert all(words_of(kind) != kind for kind in KINDS)
    assert words_of("A_KIND_OF_LATER") == "A_KIND_OF_LATER"
