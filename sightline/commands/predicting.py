"""Ask the live model, or a model server, about photos: predict."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, load
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import TOKEN_VARIABLE
from sightline.ground.wording import counted, visible

if TYPE_CHECKING:
    from sightline.client.answer_files import Kind
    from sightline.client.answers import Answer
    from sightline.client.photos import Photo

    Ask = Callable[[Iterable[Photo]], Iterator[Answer]]

INTERRUPTED = 130


def predict(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO|FOLDER|GLOB...", help="Image files, or folders of them."),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Look into the folders of folders, too.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(help="Model folder, not the project's.")] = None,
    url: Annotated[str | None, typer.Option(help="Ask a running server instead.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Model of the server; Sightline's tells it.")
    ] = None,
    protocol: Annotated[
        Literal["auto", "tensorflow-serving", "v2"],
        typer.Option(help="What the server speaks; auto finds out."),
    ] = "auto",
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write a table; go on with one that was begun.")
    ] = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", help="The same, with a line of JSON for each photo.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=256, help="Photos to answer together.")] = 8,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Print what the live model sees in photos.

    Or write it to a file, in which an interrupted command goes on.
    """
    from sightline.client.photos import find_photos
    from sightline.commands.models import quiet_tensorflow
    from sightline.stage import log

    if sum((csv is not None, jsonl is not None, json_output)) > 1:
        raise UserError("expected one of --csv, --jsonl and --json; received several. Choose one.")
    if not url and (name or protocol != "auto"):
        raise UserError("--name and --protocol are for a server: expected --url with them.")
    quiet_tensorflow()
    log.configure("predict")  # warnings go to standard error, beside the answers
    found = find_photos(photos, recursive=recursive)
    if url:
        from sightline.client.client import Client

        token = os.environ.get(TOKEN_VARIABLE)
        ask = Client(url, name=name, protocol=protocol, batch=batch, token=token).stream
    else:
        from sightline.serving.predict import stream

        ask = partial(stream, folder or load(file).model_folder, batch=batch)
    if table := csv or jsonl:
        num_errors = _write(table, "csv" if csv else "jsonl", found, ask)
    elif json_output:
        answers = list(_watched(ask(found), len(found)))
        typer.echo(json.dumps([answer.as_json() for answer in answers], indent=2))
        num_errors = sum(answer.error is not None for answer in answers)
    else:
        num_errors = _print(ask(found), len(found))
    if num_errors:
        raise typer.Exit(2)


def _print(answers: "Iterator[Answer]", total: int) -> int:
    """Print a line for each answer; return how many photos have none."""
    num_errors = 0
    # On a terminal the answers themselves show how far it is.
    for answer in _watched(answers, total, drawn=not sys.stdout.isatty()):
        typer.echo(visible(f"{answer.photo}: {answer.error or answer.said}"))
        num_errors += answer.error is not None
    return num_errors


def _write(path: Path, kind: "Kind", photos: "Sequence[Photo]", ask: "Ask") -> int:
    """Write a line for each answer, after those of an earlier command; count photos without one."""
    from sightline.client.answer_files import open_answers

    with open_answers(path, kind, photos) as file:
        if file.num_done:
            _say(f"{file.num_done:,} of {len(photos):,} photos were answered before; going on.")
        num_errors, num_done = file.num_errors, file.num_done
        rest = photos[num_done:]
        try:
            answers = _watched(ask(rest), len(photos), num_done, file.version) if rest else ()
            for photo, answer in zip(rest, answers, strict=True):
                file.write(photo, answer)
                num_done += 1
                num_errors += answer.error is not None
        except (UserError, KeyboardInterrupt) as error:
            if num_done:
                done = f"{num_done:,} of {counted(len(photos), 'photo')}"
                _say(f"Stopped after {done}; the same command goes on.")
            if isinstance(error, KeyboardInterrupt):
                raise typer.Exit(INTERRUPTED) from error
            raise
    errors = f", {num_errors:,} of them without an answer" if num_errors else ""
    typer.echo(f"{visible(str(path))}: {counted(num_done, 'photo')}{errors}.")
    return num_errors


def _watched(
    answers: "Iterator[Answer]",
    total: int,
    done: int = 0,
    version: str = "",
    *,
    drawn: bool = True,
) -> "Iterator[Answer]":
    """Pass answers through, draw how far they are, and say when another version gives them."""
    from sightline.views.bar import bar

    with bar("photos", total, done=done, drawn=drawn) as advance:
        for answer in answers:
            told = "" if answer.version is None else str(answer.version)
            if version and told and told != version:
                _say(f"From {answer.photo} on, version {told} answers, not {version} any more.")
            version = told or version
            yield answer
            advance()


def _say(line: str) -> None:
    typer.echo(visible(line), err=True)
