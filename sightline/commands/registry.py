"""Commands about the versions of a model: who is live, where each comes from, who goes."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, Overrides, Place, load
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import is_local, revealed

if TYPE_CHECKING:
    from pydantic import BaseModel

    from sightline.stage.registry.place import Place as ModelFolder

Folder = Annotated[
    str | None,
    typer.Option(
        "--folder", metavar="MODEL", help="Model folder, here or at gs:// or s3://; the project's."
    ),
]
Version = Annotated[
    str,
    typer.Argument(metavar="VERSION", help="Its number, or champion, challenger or previous."),
]
Share = Annotated[
    float | None,
    typer.Option(min=0.0, max=0.99, help="Make it challenger, with this share of the requests."),
]

models = typer.Typer(
    name="models", help="Versions of the model: list, show, promote.", no_args_is_help=True
)


@models.callback()
def choose() -> None:
    """Versions of the model: list, show, promote."""


@models.command("list")
def list_versions(
    folder: Folder = None,
    target: Place = None,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """List the versions of a model folder, newest first."""
    from sightline.stage.registry.lineage import facts_of
    from sightline.stage.registry.registry import Registry
    from sightline.views import render
    from sightline.views.models import versions_table

    registry = Registry(model_named(folder, file, target).place)
    found = [facts_of(registry, entry) for entry in registry.entries()]
    if json_output:
        typer.echo(render.as_json({"aliases": registry.aliases, "versions": found}))
    else:
        render.show(versions_table(found, registry.place.shown))


@models.command()
def show(
    version: Version = "champion",
    folder: Folder = None,
    target: Place = None,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Show where a version comes from, and what happened to it."""
    from sightline.stage.registry.lineage import facts_of
    from sightline.stage.registry.registry import Registry
    from sightline.views import render
    from sightline.views.models import version_view

    registry = Registry(model_named(folder, file, target).place)
    found = facts_of(registry, registry.entry(registry.number_of(version)))
    if json_output:
        typer.echo(render.as_json(found))
    else:
        render.show(version_view(found))


@models.command()
def promote(
    version: Version = "challenger",
    share: Share = None,
    folder: Folder = None,
    target: Place = None,
    overrides: Overrides = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Make a version live, also one that was rolled back."""
    from sightline.stage.registry.changes import promote as make_live

    model = model_named(folder, file, target, overrides)
    if share is not None:
        share_requests(model, version, share)
    elif model.cloud:
        move_requests(model.cloud, "promote", version)
    else:
        done = make_live(model.place, version)
        aside = f" Set aside: {', '.join(map(str, done.set_aside))}." if done.set_aside else ""
        before = f" in place of version {done.before}" if done.before else ""
        typer.echo(f"Version {done.live} is live{before}.{aside}")


def share_requests(model: "Model", version: str, share: float) -> None:
    """Make a version challenger, with a share of the requests of the folder's servers."""
    from sightline.stage.registry.canary import Order, give_order
    from sightline.stage.registry.changes import challenge
    from sightline.stage.registry.local_place import LocalPlace

    place = model.place
    if model.cloud:
        raise UserError(
            f"{place.shown}: expected no --share where a cloud answers: nobody would look after "
            "it. Deploy the version with a canary: sightline deploy "
            f"{place.shown}/VERSION --set deploy.canary_share={share:g}."
        )
    if share and not isinstance(place, LocalPlace):
        raise UserError(
            f"{place.shown}: expected a folder of this machine to share requests by; servers do "
            "not follow a store. Leave --share out, or set it to 0 for the alias alone."
        )
    number = challenge(place, version)
    if isinstance(place, LocalPlace):
        give_order(place.folder, Order(version=number, share=share))
    typer.echo(
        f"Version {number} is challenger, with {share:.0%} of the requests of the folder's "
        "servers. sightline models promote makes it live, sightline rollback takes it back."
    )


@models.command("rollback")
def roll_back(
    to: Annotated[int | None, typer.Option(help="Version to go back to.")] = None,
    folder: Folder = None,
    target: Place = None,
    overrides: Overrides = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Make the version before the live one live again."""
    go_back(model_named(folder, file, target, overrides), to)


@models.command()
def delete(
    versions: Annotated[list[str], typer.Argument(metavar="VERSION...", help="Their numbers.")],
    folder: Folder = None,
    target: Place = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Remove versions with their files; not the live one."""
    from sightline.stage.registry.changes import check_deletable
    from sightline.stage.registry.changes import delete as remove
    from sightline.stage.registry.registry import Registry

    place = model_named(folder, file, target).place
    registry = Registry(place)
    check_deletable(registry, [registry.number_of(one) for one in versions])
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("expected --yes, since nobody can be asked here. Nothing was removed.")
        typer.confirm(f"Remove {', '.join(versions)} from {place.shown}?", abort=True)
    removed = remove(place, versions)
    typer.echo(f"Removed from {place.shown}: {', '.join(map(str, removed))}.")


@models.command()
def note(
    version: Version,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember.")],
    folder: Folder = None,
    target: Place = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Keep a note about a version."""
    from sightline.stage.registry.changes import write_note

    number = write_note(model_named(folder, file, target).place, version, text)
    typer.echo(f"Noted at version {number}.")


@dataclass(frozen=True, slots=True)
class Model:
    """The model folder that a command is about, and who answers from it."""

    place: "ModelFolder"
    cloud: "BaseModel | None"
    """Settings of deploy, where a cloud answers whose requests move with a change."""


def model_named(
    folder: str | None, file: Path, target: str | None, overrides: list[str] | None = None
) -> Model:
    """Return the model that a command is about: the project's, or that of a folder."""
    from sightline.launch.by_hand import LOCAL, deploy_settings
    from sightline.stage.command import address_of
    from sightline.stage.registry.places import place_of

    if folder and is_local(folder):
        return Model(place_of(folder), None)
    if not file.is_file() and not target:
        return Model(place_of(folder or load(file).model_address), None)
    named = [f"deploy.folder={folder}"] if folder else []
    settings = deploy_settings(file, target, [*(overrides or ()), *named])
    found = str(revealed(getattr(settings, "folder", "")))
    if getattr(settings, "target", LOCAL) == LOCAL:
        return Model(place_of(found), None)
    # A pipeline sees a bucket as a folder.
    return Model(place_of(address_of(Path(found)) if is_local(found) else found), settings)


def move_requests(settings: "BaseModel", action: str, version: str) -> None:
    """Change what is live in a cloud, and say what became of it."""
    from sightline.launch.by_hand import change_by_hand

    for line in change_by_hand(settings, action, version):
        typer.echo(line)


def go_back(model: Model, to: int | None) -> None:
    """Roll back, and say what became of it."""
    from sightline.stage.registry.changes import rollback

    if model.cloud:
        move_requests(model.cloud, "rollback", str(to or ""))
        return
    done = rollback(model.place, to)
    aside = ", ".join(map(str, done.set_aside)) or str(done.before)
    many = "versions" if len(done.set_aside) > 1 else "version"
    is_are = "are" if len(done.set_aside) > 1 else "is"
    if done.before == done.live:
        typer.echo(f"Challenger {aside} is taken back; version {done.live} answers everything.")
    else:
        typer.echo(f"Version {done.live} is live again; {many} {aside} {is_are} set aside.")
