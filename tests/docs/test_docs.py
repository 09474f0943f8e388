import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sightline.package.pipeline import stage_of
from sightline.package.pipelines import load_pipeline, pipeline_names
from sightline.project.stages import stage_names
from sightline.reference.pages import fill_in, outdated, ports
from tests.sightline.command_line import sightline

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def schemas() -> Iterator[tuple[str, int]]:
    """Every schema name in the code with the version beside it."""
    for path in sorted(REPOSITORY.glob("*/**/*.py")):
        if path.relative_to(REPOSITORY).parts[0] not in {"sightline", "components"}:
            continue
        constants = {
            target.id: node.value.value
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for name, value in constants.items():
            if name.endswith("SCHEMA") and str(value).startswith("sightline."):
                versions = [v for k, v in constants.items() if k.endswith("VERSION")]
                yield str(value), int(str(versions[0]))


def commands(page: Path) -> list[list[str]]:
    """Every `sightline` command in the page's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith("sightline")]


def test_generated_pages_are_what_make_docs_writes() -> None:
    assert outdated(REPOSITORY) == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_in_the_docs_exists(page: Path) -> None:
    for words in commands(page):
        names = [word for word in words[1:] if word.isalpha()]
        depth = 2 if names[0] in ("images", "models", "schedule") else 1

        help_text = sightline(*names[:depth], "--help").out

        assert help_text, words
        for option in (word for word in words if word.startswith("--")):
            assert option in help_text, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_docs_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))

    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


def test_every_setting_in_the_guide_exists() -> None:
    reference = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    guide = (REPOSITORY / "docs" / "guide.md").read_text(encoding="utf-8")

    named = re.findall(rf"\b((?:{'|'.join(stage_names())})\.[a-z_]+)\b", guide)

    assert len(named) > 5
    for name in named:
        stage, setting = name.split(".")
        section = reference.split(f"\n## {stage}\n")[1].split("\n## ")[0]
        assert f"| `{setting}` |" in section, name


def test_every_schema_is_described_with_its_version() -> None:
    page = (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")

    found = list(schemas())

    assert len(found) > 8
    for name, version in found:
        assert f"| `{name}` | {version} |" in page


@pytest.mark.parametrize(
    "page", sorted((REPOSITORY / "docs/decisions").glob("*.md")), ids=lambda page: page.stem
)
def test_a_decision_is_a_question_and_its_answer_on_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.match(rf"# {page.name[:4]} \S", text)
    assert text.index("**Question.**") < text.index("**Decision.**")
    assert len(text.splitlines()) <= 22


def test_the_readme_names_both_set_up_commands_and_the_makefile_has_them() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    named = re.findall(r"^make (\w+)", readme, flags=re.MULTILINE)

    assert named == ["demo", "test"]
    for name in named:
        rule = re.search(rf"^{name}: (.*)$", makefile, flags=re.MULTILINE)
        assert rule is not None
        assert rule[1] in {"$(READY)", "lint"}


def test_generated_parts_replace_only_what_is_between_their_markers() -> None:
    once = fill_in("# train\n\nBy hand.\n", "old")

    twice = fill_in(f"{once}\nMore by hand.\n", "new")

    assert "By hand." in twice
    assert "More by hand." in twice
    assert "old" not in twice


COMPONENTS = {
    stage_of(component): component
    for name in pipeline_names()
    for component in load_pipeline(name).stages
}


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS)
def test_every_stage_page_names_its_ports_and_how_it_fails(component: Any) -> None:
    page = REPOSITORY / "components" / stage_of(component) / "README.md"

    text = page.read_text(encoding="utf-8")

    assert "## How it fails" in text
    assert [name for name in ports(component) if f"`{name}`" not in text] == []
