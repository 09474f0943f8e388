"""Commands that use the live model: serve, predict, roll back."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, ModelFolder, load


def serve(
    folder: ModelFolder = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8501,
    name: Annotated[str | None, typer.Option(help="Model name in the address.")] = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Serve the live model over REST until Ctrl-C."""
    quiet_tensorflow()
    from sightline.serving.server import serve as serve_folder

    serve_folder(
        folder or load(file).model_folder, host=host, port=port, name=name, ready=_say_ready
    )


def predict(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Image files.")],
    folder: Annotated[Path | None, typer.Option(help="Model folder, not the project's.")] = None,
    url: Annotated[str | None, typer.Option(help="Ask a running server instead.")] = None,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Print what the live model sees in photos."""
    quiet_tensorflow()
    from sightline.serving import predict as predicting
    from sightline.stage import log

    log.configure("predict")  # warnings go to standard error, beside the answers
    if url:
        answers = predicting.predict_at(url, photos)
    else:
        answers = predicting.predict(folder or load(file).model_folder, photos)
    if json_output:
        typer.echo(json.dumps([answer.as_json() for answer in answers], indent=2))
    else:
        for answer in answers:
            typer.echo(f"{answer.photo}: {answer.error or answer.said}")
    if any(answer.error for answer in answers):
        raise typer.Exit(2)


def rollback(
    folder: ModelFolder = None,
    to: Annotated[int | None, typer.Option(help="Version to go back to.")] = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Make the version before the live one live again."""
    from sightline.serving.rollback import rollback as roll_back

    done = roll_back(folder or load(file).model_folder, to)
    typer.echo(
        f"Version {done.to_version} is live again; version {done.from_version} is set aside."
    )


def quiet_tensorflow() -> None:
    """Keep TensorFlow's start-up notes out of the answers, unless the user asked for them."""
    # Level 2 lets notes on the processor through that TensorFlow calls errors; real ones raise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _say_ready(url: str) -> None:
    typer.echo(f"Serving at {url}. Stop with Ctrl-C.\nAsk it:  sightline predict PHOTO --url {url}")
