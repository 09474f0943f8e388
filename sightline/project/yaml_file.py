"""YAML files with line numbers, read without the surprises of YAML 1.1."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from sightline.ground.errors import UserError, one_line

KeyPath = tuple[str, ...]

MOST_LEVELS = 100
MOST_VALUES = 200_000
"""With what aliases repeat; a compiled pipeline of eight stages has some 5,000."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a YAML file and the line of each key in it."""

    path: Path
    content: dict[str, Any]
    lines: dict[KeyPath, int]

    def place(self, *keys: str) -> str:
        """Say where a key, or the nearest one above it, stands, such as `sightline.yaml:12`."""
        for length in range(len(keys), 0, -1):
            if line := self.lines.get(keys[:length]):
                return f"{self.path}:{line}"
        return str(self.path)


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML mapping.

    Raises:
        UserError: the text is no YAML, no mapping, or holds a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        check_bounds(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[KeyPath, int] = {}
        if node is not None:
            _collect_lines(path, node, (), lines)
        content = loader.construct_document(node) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(
            f"{path}:{line}: expected YAML, received something else: {error.problem}. "
            "Check the indentation and the colons around this line."
        ) from error
    except yaml.YAMLError as error:
        raise UserError(
            f"{path}: expected YAML, received something else: {one_line(error)}. Save it as text."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: expected UTF-8 text. Save the file as UTF-8.") from error
    if not isinstance(content, dict):
        raise UserError(
            f"{path}: expected sections such as `train:`, received {type(content).__name__}. "
            "See docs/settings.md."
        )
    return YamlFile(path, content, lines)


def parse_value(text: str) -> Any:
    """Read one value as it would stand in a YAML file; what is no YAML stays text."""
    try:
        check_bounds(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return text


def check_bounds(text: str) -> None:
    """Refuse a text that nests too deep, or whose aliases stand for too much, before it is built.

    Raises:
        MarkedYAMLError: it does, or it is no YAML.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sizes: dict[str | None, int] = {}
    around: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=loader):
        size = sizes.get(event.anchor, 1) if isinstance(event, yaml.AliasEvent) else 1
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = around.pop()
            size, total = 1 + total - before, before
            sizes[anchor] = size
        elif isinstance(event, yaml.CollectionStartEvent):
            around.append((event.anchor, total))
            size = 0
        total += size
        in_itself = isinstance(event, yaml.AliasEvent) and event.anchor in dict(around)
        if in_itself or total > MOST_VALUES or len(around) > MOST_LEVELS:
            raise yaml.MarkedYAMLError(
                problem=f"values nest deeper than {MOST_LEVELS} levels, or aliases make more than "
                f"{MOST_VALUES:,} values of them",
                problem_mark=cast("yaml.Mark | None", event.start_mark),
            )


class Located:
    """Mixed into a loader: a value that its type cannot have is an error with a place.

    PyYAML's constructors pass on what int, float and their like raise.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build the value of a node.

        Raises:
            MarkedYAMLError: its text does not have the form of its type.
        """
        try:
            return super().construct_object(node, deep=deep)  # type: ignore[misc]
        except yaml.YAMLError:
            raise
        except Exception as error:
            raise yaml.MarkedYAMLError(
                problem=one_line(error), problem_mark=node.start_mark
            ) from error


class _Loader(Located, yaml.SafeLoader):
    """Safe loader of YAML 1.2's plain values: `no` is text, not false, and dates stay text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _collect_lines(path: Path, node: yaml.Node, keys: KeyPath, lines: dict[KeyPath, int]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*keys, str(index))] = item.start_mark.line + 1
            _collect_lines(path, item, (*keys, str(index)), lines)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*keys, str(key.value))
        line = key.start_mark.line + 1
        if here in lines:
            raise UserError(
                f"{path}:{line}: `{'.'.join(here)}` is set twice, first in line {lines[here]}. "
                "Remove one of the two."
            )
        lines[here] = line
        _collect_lines(path, value, here, lines)
