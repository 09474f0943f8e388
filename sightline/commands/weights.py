"""Commands about pretrained weights that this machine keeps for all projects."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import Json
from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from sightline.ground.backbones.kept_weights import KeptWeights

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a backbone, such as EfficientNetLite2.")
]

weights = typer.Typer(
    name="weights",
    help="Pretrained weights that this machine keeps for all projects.",
    no_args_is_help=True,
)


@weights.callback()
def choose() -> None:
    """Pretrained weights that this machine keeps for all projects."""


@weights.command("list")
def list_weights(
    all_names: Annotated[
        bool, typer.Option("--all", help="Name the backbones without weights here, too.")
    ] = False,
    json: Json = False,
) -> None:
    """Name what this machine keeps, and what Keras has fetched before."""
    from sightline.views.render import as_json, show
    from sightline.views.weights import facts_of, weights_table

    facts = facts_of(os.environ, all_names=all_names)
    if json:
        typer.echo(as_json(facts))
        return
    show(weights_table(facts))


@weights.command()
def fetch(name: Name) -> None:
    """Fetch the weights of a backbone once, held against a hash."""
    from sightline.start.fetching import fetch as fetch_weights

    _say("Fetched", fetch_weights(name, os.environ))


@weights.command()
def add(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Weights without a top: .weights.h5 or .pth.")
    ],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Backbone that they are of.")],
    licence: Annotated[str, typer.Option("--licence", help="Their licence, for model cards.")] = "",
    source: Annotated[str, typer.Option("--source", help="Who made them, for model cards.")] = "",
) -> None:
    """Keep a file of weights that you bring, for machines without a network."""
    from sightline.start.fetching import add as add_weights

    _say("Kept", add_weights(file, name, os.environ, licence=licence, source=source))


@weights.command()
def remove(name: Name) -> None:
    """Remove the weights of a backbone that this machine keeps."""
    from sightline.ground.backbones.kept_weights import WeightsStore
    from sightline.ground.wording import sized

    store = WeightsStore(os.environ)
    found = [one for one in store.all() if one.backbone == name]
    if not found:
        here = ", ".join(dict.fromkeys(one.backbone for one in store.all())) or "none"
        raise UserError(
            f"expected weights that this machine keeps ({here}); received {name!r}. What Keras "
            "has fetched lies in its own folder: sightline weights list."
        )
    for one in found:
        size = one.size
        store.remove(one)
        typer.echo(f"Removed {one.path.name} of {name} ({sized(size)}).")


def _say(done: str, kept: "KeptWeights") -> None:
    from sightline.ground.backbones.table import BACKBONES
    from sightline.ground.wording import sized

    side = BACKBONES[kept.backbone].image_size
    typer.echo(
        f"{done} the weights of {kept.backbone}: {sized(kept.size)}, SHA-256 {kept.sha256[:12]}, "
        f"licence {kept.licence}, source {kept.source}.\n"
        "train.weights auto finds them from now on. In sightline.yaml:\n"
        f"preprocess:\n  image_size: {side}\ntrain:\n  backbone: {kept.backbone}"
    )
