"""`sightline init`: choose settings for someone's images and write them with their reasons."""

import json
import os
import re
import shlex
import textwrap
from pathlib import Path

from sightline.ground.backbones.kept_weights import available
from sightline.ground.backbones.table import BACKBONES, DEFAULT, is_model_file
from sightline.ground.errors import UserError
from sightline.ground.problems import FIRST_KIND
from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.files import write_whole
from sightline.ground.wording import counted
from sightline.package.pipelines import choose_pipeline
from sightline.project.choice import TRAINING
from sightline.project.editor_schema import SCHEMA_NAME, editor_schema
from sightline.project.roles import first_settings
from sightline.project.settings_file import file_option
from sightline.project.stages import settings_class
from sightline.start.survey import Survey, survey
from sightline.start.weights import (
    given_weights,
    image_size_of,
    weights_state,
)

Choices = dict[str, dict[str, object]]


SMALL_WITHOUT_WEIGHTS_PX = 128
NOTES = {
    ("preprocess", "image_size"): (
        f"{SMALL_WITHOUT_WEIGHTS_PX}, since a small network without pretrained weights "
        "has to do. With weights in train.weights, take 224."
    )
}
"""What to write beside a setting that was chosen because weights are missing."""
CLUSTERS = (
    "# Clusters, for `sightline submit` and `sightline schedule`: docs/clusters.md.",
    "# targets:",
    "#   cluster: {kind: kfp, host: http://localhost:8080}",
    "#   cloud:",
    "#     kind: vertex",
    "#     project: my-project",
    "#     location: europe-west4",
    "#     staging_bucket: gs://my-bucket",
)


def init_project(
    source: str, file: Path, *, weights: str | None = None, force: bool = False
) -> list[str]:
    """Write a settings file for the images in `source`, and say what was seen and chosen.

    Raises:
        UserError: there are no images or no such weights, or the file exists and `force` is not
            given.
    """
    if file.exists() and not force:
        raise UserError(
            f"{file}: expected no settings file here, found one. "
            "Use another name with --file, or overwrite it with --force."
        )
    found = survey(source)
    state = weights_state() if weights is None else given_weights(weights)
    name = project_name(source)
    folder = file.absolute().parent
    if weights is None:
        chosen = choose(found, weights_reachable=state.reachable)
    elif weights == "none":
        chosen = choose(found, weights_reachable=False)
        chosen["train"] = {"recipe": "scratch", "weights": "none"}
    else:
        # Whoever brings weights wants the backbone, at the size that it was trained for.
        chosen = with_weights(weights, folder)
    chosen["ingest"] = {"source": relative_source(source, folder)}
    if found.problem != FIRST_KIND:
        chosen["ingest"]["problem"] = found.problem
    if found.classes and all(len(name) == 1 for name in found.classes):
        chosen.setdefault("train", {})["horizontal_flip"] = False
    write_settings(file, name=name, chosen=chosen)
    lines = [*describe(source, found), f"Wrote {file}."]
    if not state.reachable and chosen.get("train", {}).get("recipe") != "scratch":
        lines.append(weights_hint(source, file, state.detail))
    if weights is None and (hint := others_hint(source, file, chosen)):
        lines.append(hint)
    return lines


def others_hint(source: str, file: Path, chosen: Choices) -> str:
    """Name the backbones beside the default one whose weights are on this machine."""
    others = [name for name in available(os.environ) if name != DEFAULT]
    if not others or chosen.get("train", {}).get("recipe") == "scratch":
        return ""
    return (
        f"This machine has weights of {', '.join(others)}, too. To use them: sightline init "
        f"{shlex.quote(source)} --weights {others[-1]} --force{file_option(file)}"
    )


def with_weights(weights: str, folder: Path) -> Choices:
    """Choose the settings that take weights, or a whole model and the image size that it takes."""
    if weights in BACKBONES:
        side = BACKBONES[weights].image_size
        return {"train": {"backbone": weights}, "preprocess": {"image_size": side}}
    place = relative_source(weights, folder)
    if not is_model_file(weights):
        return {"train": {"weights": place}}
    size = image_size_of(weights)
    return {"train": {"backbone": place}, **({"preprocess": {"image_size": size}} if size else {})}


def weights_hint(source: str, file: Path, detail: str) -> str:
    """Say what happens without weights, and the command that takes a file of them."""
    return (
        f"ImageNet weights: {detail} Until then, recipe auto trains a small network from scratch. "
        f"With a file of weights: sightline init {shlex.quote(source)} --weights FILE --force"
        f"{file_option(file)}"
    )


def choose(found: Survey, *, weights_reachable: bool) -> Choices:
    """Choose the settings that follow from what the images are like."""
    chosen: Choices = {}
    size = found.middle_size_px
    if size is not None and size <= 96:
        chosen["preprocess"] = {"image_size": 32 if size <= 48 else 64}
        chosen["train"] = {"recipe": "scratch", "weights": "none"}
    elif not weights_reachable:
        chosen["preprocess"] = {"image_size": SMALL_WITHOUT_WEIGHTS_PX}
    return chosen


def describe(source: str, found: Survey) -> list[str]:
    """Say what was seen."""
    if found.kind == "remote":
        return [f"{source}: remote, not looked at. `sightline run` reads it."]
    counts = sorted(found.classes.values())
    classes = f", {counted(len(counts), 'class', 'classes')}" if counts else ""
    lines = [f"{source}: about {counted(found.num_images or 0, 'image')}{classes}"]
    if counts:
        each = f"{counts[0]:,} to {counts[-1]:,}" if counts[0] != counts[-1] else f"{counts[0]:,}"
        lines[0] += f" ({each} {'image' if each == '1' else 'images'} each)"
    if found.middle_size_px:
        lines[0] += f", around {found.middle_size_px} px"
        lines.append(
            f"Of {len(found.sizes):,} of them, the headers were read: damage further on, such as a "
            "photo cut in half, is found by `sightline run`, which puts it aside with the reason."
        )
    lines += _problem_lines(found)
    if found.splits:
        lines.append(f"Splits found and kept: {', '.join(found.splits)}.")
    return [f"{lines[0]}.", *lines[1:], *found.taken, *found.problems]


def _problem_lines(found: Survey) -> list[str]:
    """Say what was taken for what is to be learned, and what else could be meant."""
    if found.problem != FIRST_KIND:
        return [f"Taken for ingest.problem {found.problem}, since {found.why}."]
    if len(found.classes) == 2:
        hint = (
            "Two classes are told apart alike; for precision and recall of one of them, set "
            "ingest.problem to binary and ingest.positive_class to it."
        )
        return [hint]
    return []


def write_settings(file: Path, *, name: str, chosen: Choices) -> None:
    """Write a commented settings file, and beside it the schema for editors."""
    lines = [
        f"# yaml-language-server: $schema={SCHEMA_NAME}",
        "# Settings of a Sightline project. Every setting: docs/settings.md.",
        "",
        "pipeline:",
        *_setting("Name of the project; the model and its address take it.", "name", name),
    ]
    for stage in choose_pipeline(TRAINING).stages:
        fields = settings_class(stage).model_fields
        own = chosen.get(stage, {})
        shown = dict.fromkeys((*first_settings(stage), *own))
        lines += ["", f"{stage}:"] if shown else []
        for setting in shown:
            value = own.get(setting, fields[setting].default)
            description = fields[setting].description or ""
            if value == SMALL_WITHOUT_WEIGHTS_PX and (stage, setting) in NOTES:
                description = f"{description} {NOTES[stage, setting]}"
            lines += _setting(description, setting, value)
    lines += ["", *CLUSTERS]
    schema = json.dumps(editor_schema(), indent=1)
    write_whole(file.parent / SCHEMA_NAME, schema + "\n")
    write_whole(file, "\n".join(lines) + "\n")


def project_name(source: str) -> str:
    """Name the project after its source."""
    last = Path(source.rstrip("/")).expanduser().name.split(".")[0] or "model"
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", last).strip("-_")
    return name or "model"


def relative_source(source: str, folder: Path) -> str:
    """Write a local source relative to the settings file where it lies near; URIs stay."""
    if not is_local(source):
        return source
    path = Path(source).expanduser().absolute()
    relative = os.path.relpath(path, folder)
    return str(path) if relative.startswith("../..") else Path(relative).as_posix()


def _setting(description: str, name: str, value: object) -> list[str]:
    comment = textwrap.wrap(description, 92, initial_indent="  # ", subsequent_indent="  # ")
    return [*comment, f"  {name}: {_scalar(value)}"]


def _scalar(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z./][\w./ -]*[\w/]|[A-Za-z]", value):
        plain = value.lower() not in {"true", "false", "null", "yes", "no", "on", "off"}
        return value if plain else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)
