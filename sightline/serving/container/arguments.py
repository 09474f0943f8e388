"""The options of the server as clusters give them: arguments, and Vertex AI's environment."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_type_hints

from sightline.ground.errors import SettingsError
from sightline.ground.storage.addresses import TOKEN_VARIABLE
from sightline.serving.options import ServerOptions, VertexRoutes
from sightline.serving.web.token import token_of

MODELS = "/mnt/models"
"""Where KServe puts a model."""
PORT = 8080
"""What KServe and Vertex AI expect without a word."""
ELSEWHERE = ("folder", "vertex", "time_limits", "token")
KSERVE = {"name": "--model_name", "port": "--http_port", "workers": "--workers"}
"""What KServe's own servers call these options."""
KINDS = (str, int, float, Path)


def read_arguments(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[str, Callable[[Path], ServerOptions]]:
    """Return where the model is, and what makes the options once it is in a folder here.

    Arguments go before the environment.

    Raises:
        SettingsError: a value of the environment is out of its bounds.
    """
    given = vars(_parser().parse_args(arguments))
    named, folder = given.pop("model", None), given.pop("model_dir", None)
    model = named or folder or environment.get("AIP_STORAGE_URI") or MODELS
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    told: dict[str, Any] = {"host": "0.0.0.0", "port": PORT}
    told["token"] = token_of(given.pop("token_file", None), environment)
    told |= {**_from_vertex(environment), **given, **lists}
    return model, lambda place: ServerOptions(folder=place, **told)


def _from_vertex(environment: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if port := environment.get("AIP_HTTP_PORT"):
        if not (port.isascii() and port.isdigit()):
            raise SettingsError(f"AIP_HTTP_PORT: expected a number; received {port!r}.")
        told["port"] = int(port)
    predict, health = environment.get("AIP_PREDICT_ROUTE"), environment.get("AIP_HEALTH_ROUTE")
    if predict or health:
        told["vertex"] = VertexRoutes(
            predict=predict or "/predict",
            health=health or "/readyz",
            deployed_model=environment.get("AIP_DEPLOYED_MODEL_ID", ""),
        )
    return told


def _parser() -> argparse.ArgumentParser:
    """Return a parser with an option for each of the server's."""
    parser = argparse.ArgumentParser(
        prog="python -m sightline.serving.container",
        description="Serve a model over REST. docs/serving.md tells what the options mean.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument(
        "model",
        nargs="?",
        help=f"model folder, bundle or their gs:// or s3:// address; AIP_STORAGE_URI or {MODELS}",
    )
    parser.add_argument("--model_dir", help="the same, as KServe names it")
    parser.add_argument("--token-file", type=Path, help=f"file with a token; {TOKEN_VARIABLE}")
    hints = get_type_hints(ServerOptions)
    for option in fields(ServerOptions):
        if option.name not in ELSEWHERE:
            _add(parser, option, hints[option.name])
    return parser


def _add(parser: argparse.ArgumentParser, option: Field[Any], hint: Any) -> None:
    name = option.name.removesuffix("_seconds")
    alias = [KSERVE[option.name]] if KSERVE.get(option.name, f"--{name}") != f"--{name}" else []
    add = partial(parser.add_argument, dest=option.name)
    flag = f"--{name.replace('_', '-')}"
    if hint is bool:
        add(flag, action=argparse.BooleanOptionalAction)
    elif isinstance(option.default, tuple):
        add(flag.removesuffix("s"), action="append", type=str)
    else:
        kind = next(one for one in KINDS if one is hint or one in get_args(hint))
        add(flag, *alias, type=kind)
