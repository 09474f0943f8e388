"""The `sightline` command. Heavy modules are imported by the command that needs them."""

import sys
from typing import Annotated, NoReturn

import typer

from sightline import __version__
from sightline.commands.cleaning import gc
from sightline.commands.data import data
from sightline.commands.deploying import deploy, undeploy
from sightline.commands.images import images
from sightline.commands.logs import logs
from sightline.commands.looking import artifacts, compare, doctor, runs, schema, show, verify, why
from sightline.commands.models import rollback, serve
from sightline.commands.predicting import predict
from sightline.commands.registry import models
from sightline.commands.resigning import resign
from sightline.commands.running import compile_package, demo, init, lint_package, run
from sightline.commands.scheduling import schedule
from sightline.commands.submitting import cancel, submit
from sightline.commands.weights import weights
from sightline.ground.errors import UserError
from sightline.ground.storage.disk import disk_error

app = typer.Typer(
    name="sightline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo)
app.command()(init)
app.command()(run)
app.command("compile")(compile_package)
app.command("lint")(lint_package)
app.command()(submit)
app.command()(cancel)
app.add_typer(schedule)
app.add_typer(runs)
app.command()(show)
app.command()(logs)
app.command()(artifacts)
app.command()(compare)
app.command()(why)
app.command()(deploy)
app.command()(undeploy)
app.command()(serve)
app.command()(predict)
app.command()(resign)
app.command()(rollback)
app.command()(doctor)
app.command()(verify)
app.command()(gc)
app.command()(schema)
app.add_typer(data)
app.add_typer(images)
app.add_typer(models)
app.add_typer(weights)


def main() -> None:
    """Run the command line; what a person can fix ends with one message and exit code 2."""
    try:
        app()
    except UserError as error:
        _end(error)
    except OSError as error:
        if (told := disk_error(error)) is None:
            raise
        _end(told)


def _end(error: UserError) -> NoReturn:
    typer.secho(f"error: {error}", err=True, fg="red" if sys.stderr.isatty() else None)
    raise SystemExit(2) from None


@app.callback(invoke_without_command=True)
def sightline(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Labelled images to a deployed, watched vision model."""
    if version:
        typer.echo(f"sightline {__version__}")
        raise typer.Exit
