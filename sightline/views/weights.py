"""Pretrained weights as a table."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sightline.ground.backbones.kept_weights import KeptWeights, weights_here
from sightline.ground.backbones.table import STRONGER, Backbone, usable_backbones
from sightline.ground.wording import sized

NONE = (
    "No pretrained weights here yet. Fetch some, such as `sightline weights fetch "
    f"{STRONGER}`; `sightline weights list --all` names every backbone."
)


def facts_of(environment: Mapping[str, str], *, all_names: bool) -> list[dict[str, Any]]:
    """Return what this machine has, and if asked what it could have, as facts for programs."""
    known = {one.name: one for one in usable_backbones()}
    found = weights_here(environment)
    facts = [_facts(one, known.get(name)) for name, here in found.items() for one in here]
    if all_names:
        facts += [
            {
                "backbone": one.name,
                "place": "not here",
                "image_size": one.image_size,
                "parameters": one.num_parameters,
                "licence": one.licence,
                "source": one.source,
            }
            for one in known.values()
            if one.name not in found
        ]
    return facts


def weights_table(facts: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Show the facts as a table."""
    if not facts:
        return Text(NONE)
    table = Table(box=None, pad_edge=False)
    for column in ("Backbone", "Where", "px", "M", "Size", "SHA-256", "Licence", "Source", "Used"):
        justify = "right" if column in ("px", "M", "Size") else "left"
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for one in facts:
        table.add_row(
            one["backbone"],
            one["place"],
            str(one["image_size"]),
            f"{one['parameters'] / 1e6:.1f}",
            sized(one["size"]) if "size" in one else "",
            one.get("sha256", "")[:12],
            one["licence"],
            one["source"],
            one.get("used", "")[:10],
        )
    return table


def _facts(one: KeptWeights, known: Backbone | None) -> dict[str, Any]:
    used = datetime.fromtimestamp(one.used, UTC)
    return {
        "backbone": one.backbone,
        "place": one.place,
        "image_size": known.image_size if known else 0,
        "parameters": known.num_parameters if known else 0,
        "size": one.size,
        "sha256": one.sha256,
        "licence": one.licence,
        "source": one.source,
        "used": used.isoformat(timespec="seconds"),
        "path": str(one.path),
    }
