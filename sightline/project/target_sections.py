"""Read the section `targets` of a settings file."""

from collections.abc import Mapping
from typing import Any

from sightline.ground.checking import check_section, unknown_section, unknown_setting
from sightline.ground.errors import UserError
from sightline.project.stages import settings_class, stage_names
from sightline.project.target import Target
from sightline.project.target_kinds import LOCAL, remote_kinds, target_kinds
from sightline.project.yaml_file import YamlFile


def read_targets(file: YamlFile, content: Mapping[str, Any]) -> dict[str, Target]:
    """Check every target, so that a mistake in one is seen before that one is needed.

    Raises:
        UserError: an unknown kind or setting, or a value that cannot be used; says the line.
    """
    return {str(name): _read_target(file, str(name), given) for name, given in content.items()}


def expect_settings(file: YamlFile, content: object, *keys: str) -> None:
    """Refuse anything but settings below a name.

    Raises:
        UserError: there is a plain value or a list.
    """
    if content is not None and not isinstance(content, dict):
        raise UserError(
            f"{file.place(*keys)}: expected settings below `{keys[-1]}:`, indented and one per "
            f"line; received {content!r}. Write them as `name: value`."
        )


def _read_target(file: YamlFile, name: str, content: Any) -> Target:
    expect_settings(file, content, "targets", name)
    given = dict(content or {})
    kinds = target_kinds()
    kind = given.get("kind", LOCAL)
    if kind not in kinds or (name == LOCAL and kind != LOCAL):
        wanted = LOCAL if name == LOCAL else ", ".join(kinds)
        clusters = ", ".join(f"{one} is {kinds[one].title}" for one in remote_kinds())
        raise UserError(
            f"{file.place('targets', name, 'kind')}: `targets.{name}.kind`: expected one of "
            f"{wanted}; received {kind!r}. {clusters}, and the name {LOCAL} is kept for this "
            "machine."
        )
    foreign = [setting for setting in given if setting not in kinds[kind].model_fields]
    if "kind" not in given and foreign:
        fitting = [one for one, model in kinds.items() if set(foreign) <= model.model_fields.keys()]
        raise UserError(
            f"{file.place('targets', name)}: `targets.{name}.kind` is required beside "
            f"`{foreign[0]}`: expected {' or '.join(fitting or kinds)}; received nothing. Set it."
        )
    target = check_section(
        kinds[kind],
        f"targets.{name}",
        given,
        lambda setting: file.place("targets", name, *setting.split(".")),
    )
    if target.remote:
        _check_stages(file, name, "settings", target.remote.settings)
        _check_stages(file, name, "resources", target.remote.resources)
        _check_settings(file, name, target.remote.settings)
    return target


def _check_stages(file: YamlFile, target: str, section: str, content: Mapping[str, Any]) -> None:
    for stage in content:
        if stage not in stage_names():
            place = file.place("targets", target, section, stage)
            raise UserError(unknown_section(stage, stage_names(), place))


def _check_settings(file: YamlFile, target: str, content: Mapping[str, Mapping[str, Any]]) -> None:
    for stage, settings in content.items():
        of_stage = settings_class(stage)
        known = [f"{stage}.{name}" for name in of_stage.model_fields]
        for name in settings:
            if f"{stage}.{name}" not in known:
                place = file.place("targets", target, "settings", stage, name)
                raise UserError(unknown_setting(f"{stage}.{name}", known, place, of_stage.replaced))
