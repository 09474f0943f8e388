"""What a stage warns of is told to people: there is no other way to warn."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGE_SIDE = ("components", "sightline/stage", "sightline/problems", "sightline/ground")
LOG = ROOT / "sightline/stage/log.py"
TOLD = ("log.warning", "warning")
"""Ways to call our own `warning`, which tells people what it logs."""


def mistakes_in(code: str) -> Iterator[str]:
    """Yield the calls that warn a log alone, and those that do not say it in sentences."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and _is_mistake(node):
            yield ast.unparse(node)


def _is_mistake(call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    if called in TOLD:
        return bool(call.keywords) or _is_name_of_event(call.args[0])
    return called.rpartition(".")[2] in ("warning", "warn")


def _is_name_of_event(text: ast.expr) -> bool:
    return isinstance(text, ast.Constant) and not str(text.value).endswith(".")


def test_stages_warn_people_in_sentences_and_no_log_alone() -> None:
    paths = [path for folder in STAGE_SIDE for path in (ROOT / folder).rglob("*.py")]
    found = {
        str(path): list(mistakes_in(path.read_text(encoding="utf-8")))
        for path in paths
        if path != LOG
    }

    assert len(paths) > 100
    assert {path: calls for path, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "call",
    [
        "log.warning('no gpu')",
        "log.warning('No GPU.', reason=reason)",
        "logging.getLogger(__name__).warning('No GPU.')",
        "warnings.warn('No GPU.')",
        "structlog.get_logger().warning('No GPU.')",
    ],
)
def test_a_warning_that_nobody_would_read_is_found(call: str) -> None:
    assert list(mistakes_in(call)) == [call]


def test_a_sentence_is_no_mistake() -> None:
    assert list(mistakes_in("log.warning(f'No GPU: {why}')")) == []
