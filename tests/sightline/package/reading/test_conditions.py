"""Conditions of compiled pipelines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.ground.errors import UserError
from sightline.package.reading.conditions import Condition, parse_condition

TEXTS = st.text(st.characters(exclude_characters="'"))


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_text_condition_holds_for_exactly_its_text(expected: str, other: str) -> None:
    condition = parse_condition(f"inputs.parameter_values['x'] == '{expected}'", "task")

    assert condition == Condition("x", expected)
    assert condition.holds(expected)
    assert condition.holds(other) == (other == expected)


@settings(deadline=None)
@given(st.integers())
def test_a_whole_number_condition_holds_for_the_number_as_int_or_float(expected: int) -> None:
    condition = parse_condition(f"int(inputs.parameter_values['x']) == {expected}", "task")

    assert condition.holds(expected)
    assert not condition.holds(expected + 1)
    assert not condition.holds(str(expected))


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_condition_holds_for_the_number(expected: float) -> None:
    condition = parse_condition(f"inputs.parameter_values['x'] == {expected!r}", "task")

    assert condition.holds(expected)


def test_true_is_not_one_and_not_a_text() -> None:
    condition = parse_condition("inputs.parameter_values['x'] == true", "task")

    assert condition.holds(True)
    assert not condition.holds(1)
    assert not condition.holds("true")
    assert not Condition("x", 1).holds(True)


@pytest.mark.parametrize(
    "text",
    [
        "inputs.parameter_values['x'] != 'a'",
        "inputs.parameter_values['x'] >= 3",
        "!(inputs.parameter_values['x'] == 'a')",
        "inputs.parameter_values['x'] == inputs.parameter_values['y']",
        "inputs.parameter_values['x'] == 'a' && inputs.parameter_values['y'] == 'b'",
        "inputs.parameter_values['x'] == 'it's'",
        "__import__('os').system('true') == 'a'",
        "",
    ],
)
def test_any_other_condition_is_refused_with_the_task_and_a_remedy(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_condition(text, "train")

    assert str(caught.value).startswith(f"train: condition `{text}` cannot run here.")
    assert "dsl.If(decision == 'deploy')" in str(caught.value)
