"""Commands that remove: runs that are named, and what nothing needs any more."""

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, RunId, load
from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from sightline.targets.local.cleaning.plan import Cleaning

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")]


def delete(
    run_ids: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Run ids or names, or unique parts.")
    ],
    dry_run: DryRun = False,
    yes: Yes = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Remove runs of this machine that nothing needs."""
    from sightline.targets.local.cleaning.plan import plan_delete

    _carry_out(plan_delete(load(file), run_ids), dry_run=dry_run, yes=yes)


def name(
    run_id: RunId,
    new_name: Annotated[str, typer.Argument(metavar="NAME", help='Empty ("") takes it away.')],
    file: File = DEFAULT_FILE,
) -> None:
    """Name a run of this machine, which keeps it."""
    from sightline.targets.local.data_changes import data_changes
    from sightline.targets.local.store import name_run
    from sightline.views.page import write_page

    project = load(file)
    run = name_run(project.root, run_id, new_name)
    write_page(run, changes=data_changes(project, run))
    typer.echo(f"{run.id} is called {run.name}." if run.name else f"{run.id} has no name.")


def gc(
    keep: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Remove runs but the newest N.")
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Remove runs older than this, such as 30d.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Remove what killed runs left, and old runs if asked."""
    from sightline.ground.storage.machine_cache import cache_folder, contents
    from sightline.targets.local.cleaning.plan import plan_gc

    cache = cache_folder(os.environ)
    if cache is not None and cache.is_dir():
        typer.echo(f"The machine's cache, {cache}, holds {contents(cache)}; it bounds itself.")
    age = _age(older_than) if older_than is not None else None
    planned = plan_gc(
        load(file), now=datetime.now(UTC), keep=keep, older_than=age, machine_cache=cache
    )
    _carry_out(planned, dry_run=dry_run, yes=yes)


def _age(text: str) -> timedelta:
    import re

    from sightline.project.sections import DURATION, seconds

    if not text or not re.match(DURATION, text):
        raise UserError(
            f"--older-than: expected a number and s, m, h or d, such as 12h or 30d; received "
            f"{text!r}."
        )
    return timedelta(seconds=seconds(text) or 0)


def _carry_out(planned: "Cleaning", *, dry_run: bool, yes: bool) -> None:
    from sightline.targets.local.cleaning.removal import clean
    from sightline.views.cleaning import cleaning_lines

    doomed, freed = planned.doomed(), planned.freed()
    counts = {kind: len(paths) for kind, paths in doomed.items()}
    for line in cleaning_lines(planned.runs, planned.kept, freed, counts):
        typer.echo(line)
    if not freed:
        typer.echo("Nothing to remove.")
        return
    if dry_run:
        typer.echo("Nothing was removed: this was a dry run.")
        return
    if not yes:
        _ask()
    for line in clean(planned):
        typer.echo(line)
    typer.echo("Done.")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UserError("expected --yes, since nobody can be asked here. Nothing was removed.")
    typer.confirm("Remove this?", abort=True)
