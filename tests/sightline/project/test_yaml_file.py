from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.ground.errors import UserError
from sightline.package.reading.specification import read_documents
from sightline.project.yaml_file import parse_value, read_yaml

names = st.from_regex(r"[a-z][a-z_]{0,11}", fullmatch=True).filter(
    lambda name: parse_value(name) == name
)
values = st.one_of(st.integers(-999, 999), st.booleans(), names)


def write(folder: Path, text: str) -> Path:
    path = folder / "sightline.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.dictionaries(names, st.dictionaries(names, values, min_size=1), max_size=4))
def test_every_key_is_found_on_its_line(
    tmp_path: Path, content: dict[str, dict[str, object]]
) -> None:
    path = write(tmp_path, yaml.safe_dump(content))

    file = read_yaml(path)

    lines = path.read_text(encoding="utf-8").splitlines()
    assert file.content == content
    for section, names_below in content.items():
        assert lines[file.lines[section,] - 1].lstrip("'").startswith(section)
        for name in names_below:
            assert lines[file.lines[section, name] - 1].lstrip(" '").startswith(name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("2e-5", 2e-5),
        ("010", 10.0),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("[cat, dog]", ["cat", "dog"]),
        ("[cat", "[cat"),
        ("", None),
    ],
)
def test_plain_values_mean_what_they_say(text: str, value: object) -> None:
    assert parse_value(text) == value


def test_an_empty_file_has_no_settings(tmp_path: Path) -> None:
    assert read_yaml(write(tmp_path, "# nothing yet\n")).content == {}


def test_a_key_set_twice_names_both_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "train:\n  epochs: 3\n  seed: 1\n  epochs: 4\n")

    with pytest.raises(UserError, match=r":4: `train.epochs` is set twice, first in line 2"):
        read_yaml(path)


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    path = write(tmp_path, "train:\n  epochs: 3\n recipe: auto\n")

    with pytest.raises(UserError, match=r"sightline.yaml:3: expected YAML.*indentation"):
        read_yaml(path)


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected sections such as `train:`, received list"):
        read_yaml(write(tmp_path, "- one\n- two\n"))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sightline.yaml"
    path.write_bytes("pipeline:\n  name: Gänse\n".encode("latin-1"))

    with pytest.raises(UserError, match="expected UTF-8 text"):
        read_yaml(path)


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in pairwise("abcdefghij")
)


@pytest.mark.parametrize(
    ("text", "line"), [("train:\n  x: " + "[" * 3000, 2), (LAUGHS, 6), ("a: &a\n  b: [*a]", 2)]
)
def test_a_text_that_would_fill_the_memory_is_refused_at_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_text(text)

    with pytest.raises(UserError, match=rf"sightline\.yaml:{line}: .* nest deeper than 100"):
        read_yaml(file)
    with pytest.raises(UserError, match="nest deeper than 100"):
        read_documents(file)


def test_an_alias_says_the_same_again(tmp_path: Path) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_text("train: &one {epochs: 3}\nother: *one\n")

    assert read_yaml(file).content["other"] == {"epochs": 3}


@pytest.mark.parametrize(
    "value", ["9" * 5000, "!!float abc", "!!int 0x", "!!timestamp soon", "!!bool maybe"]
)
def test_a_value_that_its_type_cannot_have_is_refused_at_its_line(
    tmp_path: Path, value: str
) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_text(f"train:\n  epochs: {value}\n")

    with pytest.raises(UserError, match=r"sightline\.yaml:2: expected YAML"):
        read_yaml(file)
    with pytest.raises(UserError, match="expected a compiled pipeline"):
        read_documents(file)
    assert parse_value(value) == value


def test_a_file_with_unreadable_characters_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_bytes(b"train: {epochs: 3}\n\0")

    with pytest.raises(UserError, match="expected YAML, received something else: unacceptable"):
        read_yaml(file)
