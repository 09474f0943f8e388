"""The picture of docs/architecture.md: which room imports from which, read from the imports."""

from collections import defaultdict
from collections.abc import Mapping

Arrows = Mapping[str, set[str]]
"""Rooms that each room imports from."""
GROUPS = {
    "stages and their order": ("pipelines", "components"),
    "stage side, in containers": ("client", "serving", "problems", "stage"),
    "both sides": ("clouds",),
}
"""Rooms beside those of the user's side; everything below the others is the ground."""
GROUND = "ground"
LEFT_OUT = ("_house", "reference", "cli", "__main__", "components")


def picture() -> list[str]:
    """Return the lines of a Mermaid diagram, for Markdown."""
    arrows = reduced(arrows_between_rooms())
    rooms = {*arrows, *(below for targets in arrows.values() for below in targets)}
    grouped = {name: [one for one in members if one in rooms] for name, members in GROUPS.items()}
    others = rooms - {GROUND} - {one for members in grouped.values() for one in members}
    lines = ["```mermaid", "flowchart TD"]
    for name, members in {"user's side": sorted(others), **grouped}.items():
        lines += [f'  subgraph "{name}"', *(f"    {one}" for one in members), "  end"]
    lines += [f"  {GROUND}"]
    for room in sorted(arrows):
        lines += [f"  {room} --> {below}" for below in sorted(arrows[room])]
    return [*lines, "```"]


def arrows_between_rooms() -> Arrows:
    """Read which rooms import from which others; imports for type checkers do not count."""
    import grimp

    graph = grimp.build_graph(
        "sightline",
        "components",
        "pipelines",
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        room = room_of(module)
        for imported in graph.find_modules_directly_imported_by(module):
            other = room_of(imported)
            if room and other and room != other:
                found[room].add(other)
    return found


def room_of(module: str) -> str | None:
    """Name the room that a module lies in; None where the picture has no place for it."""
    package, *inside = module.split(".")
    if package == "sightline":
        return inside[0] if inside and inside[0] not in LEFT_OUT else None
    return package


def reduced(arrows: Arrows) -> Arrows:
    """Leave out every arrow that follows from others."""
    return {
        room: {
            below
            for below in targets
            if not any(below in _reached(arrows, other) for other in targets - {below})
        }
        for room, targets in arrows.items()
    }


def _reached(arrows: Arrows, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = arrows.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen
