"""Commands about the versions of a model: who is live, where each comes from, who goes."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, load
from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from sightline.stage.registry.place import Place

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
    folder: Folder = None, json_output: Json = False, file: File = DEFAULT_FILE
) -> None:
    """List the versions of a model folder, newest first."""
    from sightline.stage.registry.lineage import facts_of
    from sightline.stage.registry.registry import Registry
    from sightline.views import render
    from sightline.views.models import versions_table

    registry = Registry(place_named(folder, file))
    found = [facts_of(registry, entry) for entry in registry.entries()]
    if json_output:
        typer.echo(render.as_json({"aliases": registry.aliases, "versions": found}))
    else:
        render.show(versions_table(found, registry.place.shown))


@models.command()
def show(
    version: Version = "champion",
    folder: Folder = None,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Show where a version comes from, and what happened to it."""
    from sightline.stage.registry.lineage import facts_of
    from sightline.stage.registry.registry import Registry
    from sightline.views import render
    from sightline.views.models import version_view

    registry = Registry(place_named(folder, file))
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
    file: File = DEFAULT_FILE,
) -> None:
    """Make a version live, also one that was rolled back."""
    from sightline.stage.registry.canary import Order, give_order
    from sightline.stage.registry.changes import challenge
    from sightline.stage.registry.changes import promote as make_live
    from sightline.stage.registry.local_place import LocalPlace

    place = place_named(folder, file)
    if share is None:
        done = make_live(place, version)
        aside = f" Set aside: {', '.join(map(str, done.set_aside))}." if done.set_aside else ""
        before = f" in place of version {done.before}" if done.before else ""
        typer.echo(f"Version {done.live} is live{before}.{aside}")
        return
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
    file: File = DEFAULT_FILE,
) -> None:
    """Make the version before the live one live again."""
    go_back(place_named(folder, file), to)


@models.command()
def delete(
    versions: Annotated[list[str], typer.Argument(metavar="VERSION...", help="Their numbers.")],
    folder: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Remove versions with their files; not the live one."""
    from sightline.stage.registry.changes import check_deletable
    from sightline.stage.registry.changes import delete as remove
    from sightline.stage.registry.registry import Registry

    place = place_named(folder, file)
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
    file: File = DEFAULT_FILE,
) -> None:
    """Keep a note about a version."""
    from sightline.stage.registry.changes import write_note

    number = write_note(place_named(folder, file), version, text)
    typer.echo(f"Noted at version {number}.")


def place_named(folder: str | None, file: "File") -> "Place":
    """Return the model folder that a command is about."""
    from sightline.stage.registry.places import place_of

    return place_of(folder or load(file).model_address)


def go_back(place: "Place", to: int | None) -> None:
    """Roll back, and say what became of it."""
    from sightline.stage.registry.changes import rollback

    done = rollback(place, to)
    aside = ", ".join(map(str, done.set_aside)) or str(done.before)
    many = "versions" if len(done.set_aside) > 1 else "version"
    is_are = "are" if len(done.set_aside) > 1 else "is"
    if done.before == done.live:
        typer.echo(f"Challenger {aside} is taken back; version {done.live} answers everything.")
    else:
        typer.echo(f"Version {done.live} is live again; {many} {aside} {is_are} set aside.")
