"""The command line's `--set stage.setting=value`."""

from pathlib import Path
from typing import Any

from sightline.ground.checking import unknown_setting
from sightline.ground.errors import UserError
from sightline.project.defaults import absolute
from sightline.project.stages import settings_class, stage_names
from sightline.project.yaml_file import parse_value


def parse_override(text: str) -> tuple[str, str, Any]:
    """Split `train.epochs=5` into stage, setting and value; paths start at the working folder.

    Raises:
        UserError: the text has another form, or names a setting that does not exist.
    """
    name, equals, value = text.partition("=")
    stage, dot, setting = name.strip().partition(".")
    if not equals or not dot:
        raise UserError(
            f"--set: expected stage.setting=value, such as train.epochs=5; received {text!r}."
        )
    if stage in ("pipeline", "resources", "targets"):
        raise UserError(
            f"--set: expected a setting of a stage, such as train.epochs=5; received "
            f"{name.strip()!r}. Section `{stage}` is part of the package: change it in the file."
        )
    known = all_settings()
    if name.strip() not in known:
        here = [other for other in known if other.startswith(f"{stage}.")] or known
        replaced = settings_class(stage).replaced if stage in stage_names() else {}
        raise UserError(unknown_setting(name.strip(), here, "--set", replaced))
    parsed = parse_value(value) if value.strip().startswith(("[", "{")) else value
    return stage, setting, absolute(stage, setting, parsed, Path.cwd())


def all_settings() -> list[str]:
    """Name every setting of every stage, such as `train.epochs`."""
    return [
        f"{stage}.{name}" for stage in stage_names() for name in settings_class(stage).model_fields
    ]
