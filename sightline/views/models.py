"""The versions of a model folder as tables and lines."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sightline.ground.headlines.headline import KEY, Figure, figures_in
from sightline.ground.wording import visible

Facts = Mapping[str, Any]
NONE = "No versions yet in {folder}. The first good run puts one there: `sightline run`."
SHORT = 12


def versions_table(versions: Sequence[Facts], folder: str) -> RenderableType:
    """List versions: number, standing, since when, the first figure, data, run and last note."""
    if not versions:
        return Text(NONE.format(folder=folder))
    table = Table(box=None, pad_edge=False)
    for column in ("Version", "Standing", "Alias", "Since", "Figure", "Data", "Run", "Note"):
        table.add_column(column, overflow="fold")
    for one in versions:
        table.add_row(
            str(one["version"]),
            "cannot be read" if one["problem"] else one["standing"],
            one["alias"],
            minutes(one["since"]),
            _first_figure(one),
            one["dataset_fingerprint"][:SHORT],
            visible(one["run"]),
            visible(one["notes"][-1]["text"]) if one["notes"] else "",
        )
    return table


def version_view(one: Facts) -> RenderableType:
    """Show all that is known about a version."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _lines(one):
        table.add_row(name, visible(text))
    return table


def _lines(one: Facts) -> Iterator[tuple[str, str]]:
    alias = f", {one['alias']}" if one["alias"] else ""
    yield "Version", f"{one['version']} ({one['standing']}{alias}) since {minutes(one['since'])}"
    if one["problem"]:
        yield "Problem", one["problem"]
        return
    yield "Model", f"{one['model']}, {one['problem_kind']}, {one['num_classes']} classes"
    for number, figure in enumerate(figures_in(one)):
        images = f" on {one['num_test_images']:,} test images" if one["num_test_images"] else ""
        yield figure.label, figure.text + ("" if number else images)
    yield "Run", one["run"] or "not known"
    yield "Data", one["dataset_fingerprint"] or "not known"
    for name, value in one["settings"].items():
        if value != "":
            yield name, str(value)
    if one["started_from"]:
        yield "Started from", f"version {one['started_from'].get('version')}"
    yield "Exported", minutes(one["exported"])
    yield "Code", ", ".join(f"{name} {version}" for name, version in one["code"].items())
    yield "Answers with", ", ".join(one["engines"])
    yield "Model hash", one["model_sha256"]
    yield "Bundle", one["bundle_digest"]
    yield "Files", one["folder"]
    for note in one["notes"]:
        yield f"Note {minutes(note['time'])}", note["text"]
    for line in one["history"]:
        if line["action"] != "note":
            yield minutes(line["time"]), _happened(line, one["version"])


def _happened(line: Facts, number: int) -> str:
    why = f" {line['text']}" if line["text"] else ""
    if number in line["set_aside"]:
        words = {"prune": "removed", "delete": "deleted", "damaged": "found damaged"}
        return words.get(line["action"], "taken out of service") + f" ({line['action']}).{why}"
    if line["about"] == number:
        words = {"challenge": "challenger.", "withdraw": "waits as challenger."}
        return words[line["action"]] + why
    before = f", in place of version {line['replaced']}" if line["replaced"] else ""
    return f"live ({line['action']}){before}."


def _first_figure(one: Facts) -> str:
    figure: Figure | None = next(iter(figures_in({KEY: one[KEY]})), None)
    return f"{figure.label} {figure.short}" if figure else ""


def minutes(time: str) -> str:
    """Write a time of a document as people do."""
    return time[:16].replace("T", " ") if time else "not known"
