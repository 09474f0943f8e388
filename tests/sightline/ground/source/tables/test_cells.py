"""Cells that hold a list of words, and those that only look like it."""

import json

import numpy as np
import pytest

from sightline.ground.source.tables.cells import words_of_list


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(["it's", 'a "b"', "\N{CAT FACE}", "c,d", "1"]),
        repr(["it's", 'a "b"', "\N{CAT FACE}", "c,d", 1]),
        str(np.array(["it's", 'a "b"', "\N{CAT FACE}", "c,d", 1], object)),
        "[u'it\\'s', u'a \"b\"', '\N{CAT FACE}', 'c,d', 1.0]",
    ],
    ids=["json", "python", "numpy", "python2"],
)
def test_a_list_is_read_whoever_wrote_it(text: str) -> None:
    assert words_of_list(text) == ["it's", 'a "b"', "\N{CAT FACE}", "c,d", "1"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", []),
        ("[null]", [""]),
        ('["a", null, true, 2.0]', ["a", "", "true", "2"]),
        ("['a' None 'b']", ["a", "", "b"]),
        ("['a'\n 'b']", ["a", "b"]),
        ("[1. 2. 3.]", ["1", "2", "3"]),
    ],
)
def test_what_stands_for_nothing_is_no_word(text: str, words: list[str]) -> None:
    assert words_of_list(text) == words


@pytest.mark.parametrize(
    "text", ["a", "[cat]", "[cat dog]", "['cat'", "['a' b]", "[a], [b]", "[" * 9**5 + "]" * 9**5]
)
def test_what_only_looks_like_a_list_is_a_word(text: str) -> None:
    assert words_of_list(text) is None
