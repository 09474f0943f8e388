"""Settings of a project: `sightline.yaml` and `--set`, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from sightline.platform.checking import Place, check_section, unknown_section
from sightline.platform.defaults import Given, absolute, fill
from sightline.platform.errors import UserError
from sightline.platform.overrides import parse_override
from sightline.platform.sections import PipelineSection, Resources, Target
from sightline.platform.stages import settings_class, stage_names
from sightline.platform.yaml_file import YamlFile, read_yaml

FILE_NAME = "sightline.yaml"
Named = TypeVar("Named", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything that a user decided, and what follows from it."""

    path: Path
    pipeline: PipelineSection
    resources: Mapping[str, Resources]
    targets: Mapping[str, Target]
    stages: Mapping[str, BaseModel]
    notes: tuple[str, ...]
    """What was decided for the user, to be said."""

    @property
    def root(self) -> Path:
        """Folder for runs, cache and models."""
        return self.path.parent / self.pipeline.root

    @property
    def model_folder(self) -> Path:
        """Folder that receives the numbered versions of the model."""
        return Path(self.stages["deploy"].model_dump()["folder"])

    def parameters(self) -> dict[str, Any]:
        """Return the value of every pipeline parameter, by `<stage>_<setting>`."""
        return {
            f"{stage}_{name}": value
            for stage, settings in self.stages.items()
            for name, value in settings.model_dump(mode="json").items()
        }

    def target(self, name: str | None) -> Target:
        """Return the named target; without a name, this machine.

        Raises:
            UserError: there is no such target.
        """
        if name is None:
            return self.targets.get("local", Target())
        if name in self.targets:
            return self.targets[name]
        known = ", ".join(self.targets) or "none"
        raise UserError(
            f"{self.path}: expected the name of a target in section `targets` (known: {known}); "
            f"received `{name}`. Add it there, or leave out --target to run here."
        )


def load_project(path: Path, overrides: Sequence[str] = ()) -> Project:
    """Read a project's settings file and apply `stage.setting=value` texts on top.

    Raises:
        UserError: no file, or settings that cannot be used; says the line.
    """
    path = path.absolute()
    if not path.is_file():
        raise UserError(
            f"{path}: expected a settings file, found none. Write one with "
            "`sightline init PHOTOS`, or name another with --file."
        )
    file = read_yaml(path)
    sections = _sections(file)
    pipeline = check_section(
        PipelineSection, "pipeline", sections.get("pipeline", {}), _places(file, "pipeline")
    )
    places = {stage: _places(file, stage) for stage in stage_names()}
    given = _stage_values(path.parent, sections)
    for text in overrides:
        stage, name, value = parse_override(text)
        given[stage][name] = value
        places[stage] = _command_line(name, places[stage])
    given, notes = fill(given, pipeline, path.parent)
    return Project(
        path=path,
        pipeline=pipeline,
        resources=_named(file, sections, "resources", Resources, stage_names()),
        targets=_named(file, sections, "targets", Target),
        stages={
            stage: check_section(settings_class(stage), stage, given[stage], places[stage])
            for stage in stage_names()
        },
        notes=notes,
    )


def section_names() -> tuple[str, ...]:
    """Name every section that a settings file may have."""
    return ("pipeline", *stage_names(), "resources", "targets")


def _sections(file: YamlFile) -> Given:
    for name, content in file.content.items():
        if name not in section_names():
            raise UserError(unknown_section(str(name), section_names(), file.place(str(name))))
        _expect_settings(file, content, name)
    return {name: dict(content or {}) for name, content in file.content.items()}


def _stage_values(base: Path, sections: Given) -> Given:
    return {
        stage: {
            name: absolute(stage, name, value, base)
            for name, value in sections.get(stage, {}).items()
        }
        for stage in stage_names()
    }


def _places(file: YamlFile, *section: str) -> Place:
    return lambda name: file.place(*section, name)


def _command_line(setting: str, otherwise: Place) -> Place:
    return lambda name: "--set" if name == setting else otherwise(name)


def _named(
    file: YamlFile,
    sections: Given,
    section: str,
    model: type[Named],
    known: Sequence[str] | None = None,
) -> dict[str, Named]:
    found = {}
    for name, content in sections.get(section, {}).items():
        if known is not None and name not in known:
            raise UserError(unknown_section(str(name), known, file.place(section, str(name))))
        _expect_settings(file, content, section, str(name))
        found[str(name)] = check_section(
            model, f"{section}.{name}", content or {}, _places(file, section, str(name))
        )
    return found


def _expect_settings(file: YamlFile, content: object, *keys: str) -> None:
    if content is not None and not isinstance(content, dict):
        raise UserError(
            f"{file.place(*keys)}: expected settings below `{keys[-1]}:`, indented and one per "
            f"line; received {content!r}. Write them as `name: value`."
        )
