"""Ask the live model, or a model server, about photos: predict."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, load
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import TOKEN_VARIABLE
from sightline.ground.storage.redaction import redact
from sightline.ground.wording import counted, visible

if TYPE_CHECKING:
    from sightline.batch.answering import Answerer, Prediction
    from sightline.batch.beam.engine import BeamOptions
    from sightline.batch.engine import Engine, Task
    from sightline.batch.job import Job, Outcome
    from sightline.batch.listing import Listing
    from sightline.batch.rows import Row
    from sightline.batch.stored import Table
    from sightline.batch.words import Meant
    from sightline.client.answers import Answer
    from sightline.client.finding import ProtocolName

INTERRUPTED = 130


def predict(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO|FOLDER|GLOB|TABLE|URI...",
            help="Image files and folders of them; or one table, archive or URI that holds them.",
        ),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Look into the folders of folders, too.")
    ] = False,
    image_column: Annotated[
        str, typer.Option(help="Column of a table that names the images, if it is not plain.")
    ] = "",
    folder: Annotated[
        str | None,
        typer.Option(help="Model folder, here or at gs:// or s3://, not the project's."),
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Version in the model folder, not the live one.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Ask a running server instead.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Model of the server; Sightline's tells it.")
    ] = None,
    protocol: Annotated[
        Literal["auto", "tensorflow-serving", "v2"],
        typer.Option(help="What the server speaks; auto finds out."),
    ] = "auto",
    top_k: Annotated[
        int,
        typer.Option(min=0, help="Name so many of the most probable classes, the best first."),
    ] = 0,
    csv: Annotated[
        str | None,
        typer.Option("--csv", help="Write a table for people, here or at gs:// or s3://."),
    ] = None,
    parquet: Annotated[
        str | None, typer.Option("--parquet", help="Write the same table for programs.")
    ] = None,
    jsonl: Annotated[
        str | None, typer.Option("--jsonl", help="Write it with a line of JSON for each photo.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that answer; 0 is one per core.")
    ] = 0,
    batch: Annotated[int, typer.Option(min=1, max=256, help="Photos to answer together.")] = 8,
    shard: Annotated[
        int, typer.Option(min=1, help="Photos that a stopped command may have to answer again.")
    ] = 1_000,
    engine: Annotated[
        Literal["plain", "beam"],
        typer.Option(help="What answers: this machine, or Apache Beam where it is installed."),
    ] = "plain",
    beam_options: Annotated[
        str,
        typer.Option(help="Options of Beam, such as '--runner DataflowRunner --region ...'."),
    ] = "",
    beam_folder: Annotated[
        str, typer.Option(help="Folder that Beam's workers on other machines reach, such as gs://.")
    ] = "",
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Print what the live model sees in photos.

    Or write it to files, however many photos there are; an interrupted command goes on.
    """
    from sightline.batch.answering import Prediction, version_answerer
    from sightline.batch.beam.engine import BeamOptions
    from sightline.batch.stored import sent
    from sightline.batch.words import meant
    from sightline.commands.models import quiet_tensorflow
    from sightline.stage import log
    from sightline.stage.registry.bringing import version_here

    outputs = _outputs(csv, parquet, jsonl)
    if outputs and json_output:
        raise UserError("expected files or --json; received both. Choose one.")
    if not url and (name or protocol != "auto"):
        raise UserError("--name and --protocol are for a server: expected --url with them.")
    if url and version is not None:
        raise UserError("--version is for a model folder: expected no --url with it.")
    beam = BeamOptions(flags=beam_options, folder=beam_folder)
    _check_beam(engine, beam, outputs, url)
    quiet_tensorflow()
    log.configure("predict")  # warnings go to standard error, beside the answers
    with ExitStack() as stack:
        found = stack.enter_context(meant(photos, recursive=recursive, image_column=image_column))
        starting: Starting = _in_turn
        if url:
            answerer = _server(url, name, protocol, batch, top_k)
        else:
            place = version_here(folder or load(file).model_address, version)
            opening = version_answerer(place, version, workers=workers, batch=batch, top_k=top_k)
            answerer = stack.enter_context(opening)
            if engine == "beam":
                found = _reached(found, beam_folder)
                prediction = Prediction(folder=place, workers=workers, batch=batch, top_k=top_k)
                starting = _by_beam(prediction, beam)
        if outputs:
            with sent(outputs):
                num_refused = _write(outputs, found, answerer, starting, shard)
        else:
            num_refused = _print(found, answerer, as_json=json_output)
    if num_refused:
        raise typer.Exit(2)


def _check_beam(
    engine: str, options: "BeamOptions", outputs: "Sequence[Table]", url: str | None
) -> None:
    from sightline.batch.beam.engine import require_beam

    if engine != "beam":
        if options.flags or options.folder:
            raise UserError(
                "--beam-options and --beam-folder are for Beam: expected --engine beam with them."
            )
        return
    if url or not outputs:
        raise UserError(
            "--engine beam writes what a model folder answers: expected --csv, --parquet or "
            "--jsonl with it, and no --url."
        )
    require_beam()


def _outputs(csv: str | None, parquet: str | None, jsonl: str | None) -> "list[Table]":
    from sightline.batch.joining import Form
    from sightline.batch.stored import table_of

    named: list[tuple[Form, str | None]] = [("csv", csv), ("parquet", parquet), ("jsonl", jsonl)]
    return [table_of(name, form) for form, name in named if name is not None]


def _server(
    url: str, name: str | None, protocol: "ProtocolName", batch: int, top_k: int
) -> "Answerer":
    from sightline.batch.answering import Answerer
    from sightline.client.client import Client

    token = os.environ.get(TOKEN_VARIABLE)
    client = Client(url, name=name, protocol=protocol, batch=batch, top_k=top_k, token=token)
    identity = f"{url} {name or ''} {protocol} {top_k}"
    return Answerer(identity=identity, stream=client.stream)


def _print(found: "Meant", answerer: "Answerer", *, as_json: bool) -> int:
    """Print each answer, or all of them as JSON; return how many photos have none."""
    from sightline.batch.answering import answer_items

    items = list(found.items())
    with closing(answer_items(items, answerer.stream, found.places)) as rows:
        answers = (row.answer for row in rows)
        if as_json:
            listed = list(_watched(answers, len(items)))
            typer.echo(json.dumps([answer.as_json() for answer in listed], indent=2))
            return sum(answer.error is not None for answer in listed)
        num_errors = 0
        # On a terminal the answers themselves show how far it is.
        for answer in _watched(answers, len(items), drawn=not sys.stdout.isatty()):
            typer.echo(visible(f"{answer.photo}: {answer.error or answer.said}"))
            num_errors += answer.error is not None
        return num_errors


def _watched(answers: "Iterator[Answer]", total: int, *, drawn: bool = True) -> "Iterator[Answer]":
    """Pass answers through, and draw how far they are."""
    from sightline.views.bar import bar

    with bar("photos", total, drawn=drawn) as advance:
        for answer in answers:
            yield answer
            advance()


Starting = Callable[["Listing", "Meant", "Answerer", Callable[[], None]], "Engine"]
"""Returns an engine for what is listed; it calls the function after each photo."""


def _in_turn(
    listing: "Listing", found: "Meant", answerer: "Answerer", advance: Callable[[], None]
) -> "Engine":
    from sightline.batch.engine import in_turn

    def watched(rows: "Iterable[Row]", _: int) -> "Iterator[Row]":
        for row in rows:
            yield row
            advance()

    return in_turn(answerer, found.places, columns=listing.columns, watched=watched)


def _reached(found: "Meant", beam_folder: str) -> "Meant":
    """Return the images as workers on other machines may be told them."""
    from sightline.batch.beam.exchange import as_elsewhere, source_elsewhere

    if not beam_folder:
        return found
    settings = source_elsewhere(found.settings) if found.settings else None
    return replace(found, items=lambda: as_elsewhere(found.items()), settings=settings)


def _by_beam(prediction: "Prediction", options: "BeamOptions") -> Starting:
    from sightline.batch.beam.engine import beam_engine
    from sightline.batch.rows import count_rows

    def start(
        listing: "Listing", found: "Meant", answerer: "Answerer", advance: Callable[[], None]
    ) -> "Engine":
        def told(task: "Task") -> None:
            for _ in range(count_rows(task.output).num_images):
                advance()

        whole = replace(
            prediction,
            folder=prediction.folder.resolve(),
            version=answerer.version,
            source=found.settings,
            columns=listing.columns,
        )
        return beam_engine(whole, answerer, options, told)

    return start


def _write(
    outputs: "Sequence[Table]",
    found: "Meant",
    answerer: "Answerer",
    starting: Starting,
    per_shard: int,
) -> int:
    """Write a row for each photo, after those of an earlier command; count those without answer."""
    from sightline.batch.job import Job

    with Job([table.output for table in outputs]) as job:
        listing = job.listed(
            found.items(), source=found.source, columns=found.columns, per_shard=per_shard
        )
        outcome = job.finished(listing, answerer.mark)
        if outcome is None:
            outcome = _answer(job, listing, found, answerer, starting)
    if len(outcome.versions) > 1:
        listed = ", ".join(outcome.versions)
        _say(f"Versions {listed} answered, as the server changed; the column version tells which.")
    names = ", ".join(visible(redact(table.name)) for table in outputs)
    errors = f", {outcome.num_refused:,} of them without an answer" if outcome.num_refused else ""
    typer.echo(f"{names}: {counted(outcome.num_images, 'photo')}{errors}.")
    return outcome.num_refused


def _answer(
    job: "Job", listing: "Listing", found: "Meant", answerer: "Answerer", starting: Starting
) -> "Outcome":
    from sightline.views.bar import bar

    total, done = listing.num_images, job.num_answered(listing, answerer)
    if done:
        _say(f"{done:,} of {total:,} photos were answered before; going on.")
    try:
        with bar("photos", total, done=done) as advance:
            return job.answer(listing, answerer, starting(listing, found, answerer, advance))
    except (UserError, KeyboardInterrupt) as error:
        if done := job.num_answered(listing, answerer):
            kept = f"{done:,} of {counted(total, 'photo')}"
            _say(f"Stopped after {kept}; the same command goes on.")
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(INTERRUPTED) from error
        raise


def _say(line: str) -> None:
    typer.echo(visible(line), err=True)
