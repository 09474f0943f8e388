"""Commands that bring a bundle to where it answers, without a run, and take it away again."""

from typing import Annotated, Any

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, Overrides, Place


def deploy(
    bundle: Annotated[
        str,
        typer.Argument(metavar="BUNDLE", help="What export wrote; here, or at gs:// or s3://."),
    ],
    target: Place = None,
    overrides: Overrides = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done; change nothing.")
    ] = False,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Put a bundle live, without a run."""
    from sightline.launch.by_hand import deploy_by_hand, deploy_settings
    from sightline.views import render

    wanted = [*(overrides or ()), *(["deploy.dry_run=true"] if dry_run else [])]
    settings = deploy_settings(file, target, wanted)
    found = deploy_by_hand(bundle, settings)
    if json_output:
        typer.echo(render.as_json(found))
        return
    for line in told(found):
        typer.echo(line)
    if not (found["live"] or found["dry_run"]):
        raise typer.Exit(1)


def undeploy(
    model: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="What it is called there; the project's model."),
    ] = None,
    target: Place = None,
    overrides: Overrides = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Take a model out of service, and end what it costs.

    Its versions stay known.
    """
    from sightline.launch.by_hand import deploy_settings, model_name, undeploy_by_hand

    settings = deploy_settings(file, target, overrides or ())
    for line in undeploy_by_hand(settings, model or model_name(file)):
        typer.echo(line)


def told(found: dict[str, Any]) -> list[str]:
    """Say what a deployment did, or would do, a sentence a line."""
    lines = [str(step["text"]) for step in found["steps"]]
    if found["dry_run"]:
        return [*lines, "Nothing was changed: --dry-run."]
    if found["held_back"] and found["held_back"] not in lines:
        lines.append(str(found["held_back"]))
    if found["serve_command"]:
        lines.append(f"Ask it:  {found['serve_command']}")
    if found["earlier_versions"] and found["rollback_command"]:
        lines.append(f"Back to the version before:  {found['rollback_command']}")
    return lines
