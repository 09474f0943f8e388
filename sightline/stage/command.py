"""The edge of a stage: argv and executor input on one side, a plain function on the other."""

import argparse
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from sightline.ground.checking import check_section
from sightline.ground.cores import schedulable_cores, usable_cores
from sightline.ground.errors import SettingsError, UserError
from sightline.ground.pages import WARNINGS
from sightline.ground.parameter_kinds import Value, read_kind
from sightline.ground.ports import Facts, Signature, as_text, signature_of
from sightline.ground.storage.addresses import from_environment
from sightline.ground.storage.disk import disk_error
from sightline.ground.storage.files import remove, write_whole
from sightline.ground.storage.partial import partial_path
from sightline.ground.storage.redaction import redact_words
from sightline.stage import log
from sightline.stage.own_process import is_own, leave, limited
from sightline.stage.threads import bound_threads
from sightline.stage.timing import seconds_writing

Stage = Callable[..., Facts]

# Where Kubeflow and Vertex AI mount the object stores that artifact URIs name.
MOUNTS = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/", "oci://": "/oci/"}


def run(stage: Stage, argv: Sequence[str] | None = None) -> None:
    """Run a stage from the command line and exit: 0 done, 2 a person can fix it."""
    log.configure(stage.__name__)
    if is_own(stage):
        bound_threads(os.environ, usable=usable_cores(), seen=schedulable_cores())
        sys.excepthook = _without_secrets
    try:
        call = parse(stage, sys.argv[1:] if argv is None else argv)
        execute(stage, replace(call, settings=from_environment(call.settings, os.environ)))
    except UserError as error:
        _end(error)
    except OSError as error:
        if (told := disk_error(error)) is None:
            raise
        _end(told)
    leave(stage)


def _without_secrets(*error: Any) -> None:
    """Print a traceback; a library's error may hold the address that it could not open."""
    sys.stderr.write(redact_words("".join(traceback.format_exception(*error))))


def _end(error: UserError) -> NoReturn:
    log.failure(str(error), kind=type(error).__name__)
    if sys.stderr.isatty():
        sys.stderr.write(f"{error}\n")
    raise SystemExit(2) from None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a stage: where its ports are, its values and settings, what to answer where."""

    paths: dict[str, Path | list[Path]]
    values: dict[str, str]
    settings: dict[str, Any]
    executor_input: dict[str, Any] | None
    timeout_seconds: int | None = None

    def place(self, setting: str) -> str:
        """Say where a setting was given, or all of them, as messages do."""
        if self.executor_input is not None:
            return "executor input"
        return f"--{setting.replace('_', '-')}" if setting else "flags"


def parse(stage: Stage, argv: Sequence[str]) -> Call:
    """Turn flags, or Kubeflow's executor input, into a call.

    Raises:
        SettingsError: a port is missing from the flags.
    """
    signature = signature_of(stage)
    arguments = vars(build_parser(stage).parse_args(argv))
    text, timeout_seconds = arguments.pop("executor_input"), arguments.pop("timeout_seconds")
    if text is not None:
        call = call_from_executor_input(json.loads(text), signature)
        return replace(call, timeout_seconds=timeout_seconds)
    given = {name: value for name, value in arguments.items() if value is not None}
    given = {**signature.assumed, **given}
    missing = [name for name in (*signature.ports, *signature.values) if name not in given]
    if missing:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise SettingsError(f"{stage.__name__}: expected {flags}; received none. See --help.")
    return Call(
        paths={
            name: [Path(one) for one in given[name]] if port.several else Path(given[name])
            for name, port in signature.ports.items()
        },
        values={name: given[name] for name in signature.values},
        settings={k: v for k, v in given.items() if k in signature.settings.model_fields},
        executor_input=None,
        timeout_seconds=timeout_seconds,
    )


def build_parser(stage: Stage) -> argparse.ArgumentParser:
    """Build the command line of a stage from its signature: a flag per port and setting."""
    signature = signature_of(stage)
    module = stage.__module__.removesuffix(".stage")
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=stage.__doc__)
    parser.add_argument("--executor-input", help="Kubeflow's executor input, instead of flags")
    parser.add_argument(
        "--timeout-seconds", type=int, help="end with exit code 124 after this time (no limit)"
    )
    for name, port in signature.ports.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(
            flag,
            metavar="PATH",
            nargs="*" if port.several else None,
            help=f"{port.direction} {port.kind}{', any number of them' if port.several else ''}",
        )
    for name in signature.values:
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help="value")
    for name, field in signature.settings.model_fields.items():
        default = "required" if field.is_required() else f"default: {field.default}"
        description = f"{field.description} ({default})".replace("%", "%%")
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=description)
    return parser


def call_from_executor_input(message: dict[str, Any], signature: Signature) -> Call:
    """Read ports, values and settings from Kubeflow's executor input message."""
    inputs, outputs = message.get("inputs", {}), message.get("outputs", {})
    artifacts = {**inputs.get("artifacts", {}), **outputs.get("artifacts", {})}
    paths: dict[str, Path | list[Path]] = {}
    for name, port in signature.ports.items():
        if port.direction != "parameter":
            found = [local_path(one["uri"]) for one in artifacts[name]["artifacts"]]
            paths[name] = found if port.several else found[0]
    for name, value in outputs.get("parameters", {}).items():
        paths[name] = local_path(value["outputFile"])
    given = inputs.get("parameterValues", inputs.get("parameters", {}))
    return Call(
        paths=paths,
        values={name: as_text(given[name]) for name in signature.values if name in given},
        settings={k: v for k, v in given.items() if k in signature.settings.model_fields},
        executor_input=message,
    )


def local_path(uri: str) -> Path:
    """Map an artifact URI to where Kubeflow and Vertex AI mount it; a local path stays."""
    for scheme, mount in MOUNTS.items():
        if uri.startswith(scheme):
            return Path(mount + uri.removeprefix(scheme))
    return Path(uri.removeprefix("file://"))


def address_of(path: Path) -> str:
    """Return the URI of which a path is the mount; any other path stays."""
    for scheme, mount in MOUNTS.items():
        if str(path).startswith(mount):
            return scheme + str(path).removeprefix(mount)
    return str(path)


def execute(stage: Stage, call: Call) -> Facts:
    """Call the stage with outputs beside their final places, then move them there together.

    Raises:
        SettingsError: a setting is unknown or has a value that it cannot have.
    """
    signature = signature_of(stage)
    settings = check_section(signature.settings, signature.name, call.settings, call.place)
    final = {
        name: path
        for name, path in call.paths.items()
        if isinstance(path, Path) and signature.ports[name].direction != "input"
    }
    partial = {name: partial_path(path, one_writer=True) for name, path in final.items()}
    clear(partial, signature)
    for path in partial.values():
        path.parent.mkdir(parents=True, exist_ok=True)

    # Without defaults, such as fail_on: Kubeflow's pages mark every line with "fail" as an error.
    log.event("started", settings=settings.model_dump(mode="json", exclude_defaults=True))
    start = time.perf_counter()
    with (
        log.hearing() as warned,
        clearing(partial, final, signature),
        limited(stage, call.timeout_seconds),
        after_warnings(warned),
    ):
        facts = storable(stage(**{**call.paths, **partial}, **call.values, settings=settings))
        facts = with_warnings(facts, partial, signature, warned)
    seconds = time.perf_counter() - start

    values = {
        name: read_kind(path.read_text(encoding="utf-8"), signature.ports[name].kind)
        for name, path in partial.items()
        if signature.ports[name].direction == "parameter"
    }
    put_in_place(partial, final, facts)
    if call.executor_input is not None:
        answer(call.executor_input, facts, values)
    log.event(
        "finished",
        compute_seconds=round(seconds - seconds_writing(), 3),
        writing_seconds=round(seconds_writing(), 3),
        facts=facts,
    )
    return facts


@contextmanager
def after_warnings(warned: Sequence[str]) -> Iterator[None]:
    """Say with the reason of a failure what the stage warned of before: it leaves no page."""
    try:
        yield
    except UserError as error:
        if warned:
            error.args = (f"{error} Before that it warned: {' '.join(dict.fromkeys(warned))}",)
        raise


def with_warnings(
    facts: Facts, outputs: Mapping[str, Path], signature: Signature, warned: Sequence[str]
) -> Facts:
    """Tell alike, in the log, on the report's page and in its metadata, what a stage warned of."""
    is_page = {name: port.kind == "HTML" for name, port in signature.ports.items()}
    pages = {name: path for name, path in outputs.items() if is_page[name] and path.is_file()}
    if not pages:
        return facts
    from sightline.stage.report.warned import add_warnings, read_warnings

    told = dict(facts)
    for name, path in pages.items():
        said = set(warned)
        for text in read_warnings(path):
            if text not in said:
                log.warning(text)
        if warned:
            add_warnings(path, warned)
            told[name] = {**facts.get(name, {}), WARNINGS: list(read_warnings(path))}
    return told


@contextmanager
def clearing(
    partial: Mapping[str, Path], final: Mapping[str, Path], signature: Signature
) -> Iterator[None]:
    """Leave no half-written output behind where the stage fails, and say what a disk refused."""
    try:
        yield
    except BaseException as error:
        told = None
        if isinstance(error, OSError):
            # Said before the clearing, so that what is free is what was free.
            told = disk_error(error, next(iter(final.values()), None))
        clear(partial, signature)
        if told is None:
            raise
        raise told from error


def put_in_place(partial: dict[str, Path], final: dict[str, Path], facts: Facts) -> None:
    """Move outputs to their final places; one that is metadata only becomes a file of it."""
    for name, path in partial.items():
        if not path.exists():
            path.write_text(json.dumps(facts.get(name, {}), indent=2), encoding="utf-8")
        remove(final[name])
        shutil.move(path, final[name])


def clear(partial: Mapping[str, Path], signature: Signature) -> None:
    """Remove half-written outputs, except those that another attempt goes on from."""
    for name, path in partial.items():
        if not signature.ports[name].resumable:
            remove(path)


def storable(facts: Facts) -> Facts:
    """Return facts without what no metadata store takes: null, NaN and infinity; say which."""
    kept = {
        name: {key: value for key, value in metadata.items() if is_storable(value)}
        for name, metadata in facts.items()
    }
    left_out = [
        f"{name}.{key}"
        for name, metadata in facts.items()
        for key in metadata
        if key not in kept[name]
    ]
    if left_out:
        log.event("left out of the metadata: no value", names=", ".join(left_out))
    return kept


def is_storable(value: object) -> bool:
    """Tell whether a value can be metadata on Kubeflow, whose launcher fails on NaN and null."""
    try:
        return json.dumps(value, allow_nan=False) != "null"
    except ValueError:
        return False


def answer(message: dict[str, Any], facts: Facts, parameters: Mapping[str, Value]) -> None:
    """Write the executor output: artifacts with their metadata, and output parameters."""
    outputs = message["outputs"]
    artifacts = {}
    for name, listing in outputs.get("artifacts", {}).items():
        artifact = dict(listing["artifacts"][0])
        artifact["metadata"] = {**artifact.get("metadata", {}), **facts.get(name, {})}
        artifacts[name] = {"artifacts": [artifact]}
    path = local_path(outputs["outputFile"])
    write_whole(path, json.dumps({"artifacts": artifacts, "parameterValues": parameters}))
