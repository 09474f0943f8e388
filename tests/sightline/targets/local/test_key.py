"""The cache key: the same for the same, another for anything that decides a result."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.targets.local.code_version import CodeVersion
from sightline.targets.local.reuse.differences import differences
from sightline.targets.local.reuse.key import InputVersion, KeyMaterial, without_time_limit

NAMES = st.text("abc", min_size=1, max_size=3)
VALUES = (
    st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.dictionaries(NAMES, st.text(max_size=5), max_size=3)
MATERIALS = st.builds(
    KeyMaterial,
    component=NAMES,
    command=st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    environment=TEXTS,
    code=st.builds(CodeVersion, image=st.none() | NAMES, files=TEXTS, packages=TEXTS),
    settings=st.dictionaries(NAMES, VALUES, max_size=3),
    locations=TEXTS,
    inputs=st.dictionaries(
        NAMES, st.builds(InputVersion, digest=NAMES, metadata=TEXTS), max_size=3
    ),
    outputs=TEXTS,
)


def turned(value: Any) -> Any:
    """The same mappings in another order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return value


@settings(deadline=None)
@given(MATERIALS)
def test_the_key_does_not_depend_on_any_order(material: KeyMaterial) -> None:
    other = KeyMaterial.model_validate(turned(material.model_dump()))

    assert other.key() == material.key()


@settings(deadline=None)
@given(MATERIALS)
def test_the_key_survives_the_file_of_an_entry(material: KeyMaterial) -> None:
    read = KeyMaterial.model_validate_json(material.model_dump_json())

    assert read.key() == material.key()


@settings(deadline=None)
@given(MATERIALS, MATERIALS)
def test_keys_differ_exactly_where_a_difference_can_be_named(
    one: KeyMaterial, other: KeyMaterial
) -> None:
    other = other.model_copy(update={"component": one.component})

    found = differences(one, other, {})

    assert (one.key() == other.key()) == (not found)
    assert all(difference.sentence for difference in found)


@settings(deadline=None)
@given(MATERIALS, st.text())
def test_a_location_can_be_left_out_of_the_key(material: KeyMaterial, value: str) -> None:
    changed = material.model_copy(update={"locations": {**material.locations, "champion": value}})

    without = {**material.locations, "champion": "other"}
    same = material.model_copy(update={"locations": without})

    key = changed.key(without_location="champion")
    assert key == same.key(without_location="champion")
    assert (key == changed.key()) is False


def test_how_long_a_task_may_take_does_not_decide_its_result() -> None:
    command = ("python3", "-m", "components.train", "--executor-input", "{{$}}")

    limited = without_time_limit((*command, "--timeout-seconds", "7200"))

    assert limited == without_time_limit(command) == command
