"""Sign a bundle again: other names, signatures, forms and words, without training."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from sightline._house import house
from sightline.ground.errors import UserError

MODULE = "components.export.resign"


def resign(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A folder that export wrote.")],
    out: Annotated[Path, typer.Option(help="Folder for the new bundle; it must not exist.")],
    label: Annotated[
        list[str] | None, typer.Option(help="Another name for a class, old=new; repeatable.")
    ] = None,
    signature: Annotated[
        list[str] | None,
        typer.Option(
            help="keys, top_k, embedding, explanation or filenames; repeatable. Without, those of "
            "the bundle stay."
        ),
    ] = None,
    add: Annotated[
        list[str] | None, typer.Option(help="A form to add: litert-float16 or onnx; repeatable.")
    ] = None,
    name: Annotated[str, typer.Option(help="Another name of the model.")] = "",
    licence: Annotated[str, typer.Option(help="Licence in the model card.")] = "",
    intended_use: Annotated[str, typer.Option(help="Intended use in the model card.")] = "",
) -> None:
    """Write a bundle anew around the model that it holds.

    Its answers stay what they are; labels, signatures, forms and the card may change.
    """
    if not bundle.is_dir():
        raise UserError(f"{bundle}: expected the folder of a bundle, which export writes.")
    if out.exists():
        raise UserError(f"{out}: expected a folder that does not exist yet. Choose another one.")
    words = {
        "labels": json.dumps(label or []),
        "formats": json.dumps(add or []),
        "model-name": name,
        "licence": licence,
        "intended-use": intended_use,
    }
    if signature is not None:
        words["signatures"] = json.dumps(signature)
    given = {"bundle": str(bundle.absolute()), "resigned": str(out.absolute()), **words}
    # Written `--name=value`: a value may begin with a dash.
    flags = [f"--{key}={value}" for key, value in given.items()]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        environment = {**os.environ, "PYTHONPATH": str(house()), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", MODULE, *flags]
        done = subprocess.run(
            command,
            env=environment,
            stdout=told,
            stderr=told,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        told.seek(0)
        lines = told.read().splitlines()
    if done.returncode:
        raise UserError(_reason(lines))
    for event in _events(lines):
        if event.get("event") == "left out a model":
            typer.echo(f"Left out {event['model']}: {event['reason']}.")
    typer.echo(f"Wrote {out}. Serve it:  sightline serve {out}")


def _reason(lines: list[str]) -> str:
    """Return why the stage failed, as its log says it; else the end of what it printed."""
    failed = [event for event in _events(lines) if event.get("event") == "failed"]
    if failed:
        return str(failed[-1]["reason"])
    return "the bundle could not be signed again: " + "\n".join(lines[-20:])


def _events(lines: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what the stage logged, of all that it printed."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
