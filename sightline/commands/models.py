"""Commands that bring the live model to others: serve, roll back."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, ModelFolder, Overrides, Place, load
from sightline.commands.registry import go_back, model_named
from sightline.ground.storage.addresses import TOKEN_VARIABLE


def serve(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="Model folder or bundle, here or at gs:// or s3://; the project's if left.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; `localhost` is IPv4 and IPv6.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8501,
    uds: Annotated[
        Path | None, typer.Option(help="Socket file to listen at, and on no port.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate in PEM: serve HTTPS.")] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its key, if that is in a file of its own.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help=f"File with the token to ask for; else the variable {TOKEN_VARIABLE}."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Model name in the address.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="A form of the bundle, such as litert-int8, not its best.")
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Requests worked on at once; 0 is one per core.")
    ] = 0,
    max_body_mb: Annotated[int, typer.Option(help="Largest body of a request.")] = 32,
    deadline: Annotated[float, typer.Option(help="Seconds that a request may take.")] = 20.0,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Name in Host headers to answer to; repeatable.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Web page that may ask; repeatable, * is any.")
    ] = None,
    allow_forwarder: Annotated[
        list[str] | None,
        typer.Option(help="Proxy whose X-Forwarded-For is believed; repeatable, * is any."),
    ] = None,
    page: Annotated[
        bool, typer.Option("--page/--no-page", help="A page to try the model with a browser.")
    ] = True,
    sample_share: Annotated[
        float, typer.Option(help="Share of the answered images to keep for monitoring.")
    ] = 0.0,
    sample_folder: Annotated[Path | None, typer.Option(help="Where to keep them.")] = None,
    sample_images: Annotated[
        bool, typer.Option("--sample-images", help="Keep the images themselves, too.")
    ] = False,
    sample_max_mb: Annotated[int, typer.Option(help="Largest size of that folder.")] = 1_000,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Log a line for each request.")
    ] = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Serve the live model over REST until Ctrl-C."""
    quiet_tensorflow()
    from sightline.serving.container.fetching import fetched
    from sightline.serving.options import ServerOptions
    from sightline.serving.server import serve as serve_folder
    from sightline.serving.web.token import token_of

    options = ServerOptions(
        folder=Path(),
        host=host,
        port=port,
        uds=uds,
        tls_cert=tls_cert,
        tls_key=tls_key,
        token=token_of(token_file, os.environ),
        name=name,
        engine=engine,
        workers=workers,
        max_body_mb=max_body_mb,
        deadline_seconds=deadline,
        allow_hosts=tuple(allow_host or ()),
        allow_origins=tuple(allow_origin or ()),
        allow_forwarders=tuple(allow_forwarder or ()),
        page=page,
        sample_share=sample_share,
        sample_folder=sample_folder,
        sample_images=sample_images,
        sample_max_mb=sample_max_mb,
        access_log=access_log,
    )
    with tempfile.TemporaryDirectory(prefix="sightline-model-") as scratch:
        folder = fetched(model or load(file).model_address, Path(scratch))
        serve_folder(replace(options, folder=folder), ready=_say_ready)


def rollback(
    folder: ModelFolder = None,
    to: Annotated[int | None, typer.Option(help="Version to go back to.")] = None,
    target: Place = None,
    overrides: Overrides = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Make the version before the live one live again."""
    go_back(model_named(folder, file, target, overrides), to)


def quiet_tensorflow() -> None:
    """Keep TensorFlow's start-up notes out of the answers, unless the user asked for them."""
    # Level 2 lets notes on the processor through that TensorFlow calls errors; real ones raise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _say_ready(url: str) -> None:
    way = f"sightline predict PHOTO --url {url}"
    if url.startswith("unix:"):
        path = url.removeprefix("unix:")
        way = f"curl --unix-socket {path} --data-binary @PHOTO http://localhost/predict"
    typer.echo(f"Serving at {url}. Stop with Ctrl-C.\nAsk it:  {way}")
