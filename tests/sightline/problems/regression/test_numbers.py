"""Numbers as people write them, and how they are refused."""

import pytest

from sightline.ground.source.refusals import RefusedError
from sightline.problems import problem_of
from sightline.problems.regression.numbers import DecimalMark, read_number
from sightline.problems.regression.reader import Reader


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("12", "auto", 12.0),
        (" -3.5 ", "auto", -3.5),
        ("3,5", "auto", 3.5),
        ("0,125", "auto", 0.125),
        ("1.234", "auto", 1.234),
        ("1,234.5", "auto", 1234.5),
        ("1.234,5", "auto", 1234.5),
        ("1,234,567", "auto", 1234567.0),
        ("1.234.567", "auto", 1234567.0),
        ("1\u00a0234,5", "auto", 1234.5),
        ("1'234.5", "auto", 1234.5),
        ("\u22122", "auto", -2.0),
        ("6.02e23", "auto", 6.02e23),
        (".5", "auto", 0.5),
        ("1,234", "comma", 1.234),
        ("1,234", "point", 1234.0),
        ("1.234", "comma", 1234.0),
        ("1.234,5", "comma", 1234.5),
        ("-12,345.25", "point", -12345.25),
        ("0.500", "point", 0.5),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, mark: DecimalMark, number: float) -> None:
    assert read_number(text, mark=mark) == number


def test_a_unit_may_stand_behind_the_number() -> None:
    assert read_number("12,5 mm", unit="mm") == 12.5
    with pytest.raises(RefusedError, match="not a number: '12 cm'"):
        read_number("12 cm", unit="mm")


def test_a_comma_that_may_part_thousands_or_decimals_is_refused_with_both() -> None:
    with pytest.raises(RefusedError, match=r"'1,234' may be 1234 or 1\.234") as refused:
        read_number("1,234")

    assert "ingest.decimal_mark to point" in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        *(("0.500", "comma"), ("1.5", "comma"), ("1.2345", "comma"), ("1.234.5", "comma")),
        *(("0,500", "point"), ("1,5", "point"), ("12,34.5", "point"), ("1.5,5", "point")),
    ],
)
def test_the_other_mark_may_only_part_thousands(text: str, mark: DecimalMark) -> None:
    with pytest.raises(RefusedError, match=f"'{text}' where ingest.decimal_mark is {mark}"):
        read_number(text, mark=mark)


@pytest.mark.parametrize("text", ["0,123,456", "0.123.456", "0'500", "01.234,5"])
def test_no_thousands_begin_with_nought(text: str) -> None:
    with pytest.raises(RefusedError, match="not a number"):
        read_number(text)


@pytest.mark.parametrize("text", ["inf", "-Infinity", "NaN ", "1e999", "1_000", "0x1f", "12,34,5"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match=r"not a number|missing label"):
        read_number(text)


@pytest.mark.parametrize("text", ["", "  ", "NA", "null"])
def test_a_missing_number_is_named_as_missing(text: str) -> None:
    with pytest.raises(RefusedError, match="missing label: no number"):
        read_number(text)


def test_a_folder_of_a_word_is_told_how_numbers_are_given() -> None:
    with pytest.raises(RefusedError, match="not a number: 'cats'") as refused:
        Reader().read_words(["cats"])

    assert "a column of a table, or as the name of its folder" in refused.value.remedy
    assert Reader().read_words(["7"]).value == 7.0
    with pytest.raises(RefusedError, match="one number per image"):
        Reader().read_words(["7", "8"])


def test_a_line_of_json_has_its_number_under_its_name_or_as_value() -> None:
    reader = Reader({"name": "red cells", "decimal_mark": "comma"})

    assert reader.read_line({"red cells": 12}).value == 12.0
    assert reader.read_line({"value": 1.5}).value == 1.5
    assert reader.read_line({"value": "1,5"}).value == 1.5
    for content, words in (
        ({"value": None}, 'no "value"'),
        ({}, 'no "value"'),
        ({"value": True}, "not a number: True"),
        ({"value": float("inf")}, "is not finite"),
    ):
        with pytest.raises(RefusedError, match=words):
            reader.read_line(content)


def test_amounts_suit_and_numbers_that_may_be_classes_do_not() -> None:
    reader = Reader()
    weights = [[f"{number * 1.37:.2f}"] for number in range(1, 41)]

    assert reader.suits(weights) == (
        "the labels are amounts: 40 numbers from 1.37 to 54.8 for 40 images"
    )
    assert reader.suits([["3,5"], ["2,25"], ["1000,5"]]).startswith("the labels are amounts")
    parted = [["3", "5"], ["2", "25"], ["1000", "5"]]
    assert reader.suits(parted) == reader.suits([[",".join(words)] for words in parted])
    assert problem_of("multi_label").reader.suits(parted) == ""
    assert reader.suits([[str(number % 10)] for number in range(200)]) == ""
    assert reader.suits([["cat"], ["dog"]]) == ""
    assert reader.suits([["1", "2", "3"], ["3"]]) == ""
    assert reader.suits([]) == ""
