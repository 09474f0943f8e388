"""Settings of a project: `sightline.yaml` and `--set`, checked once."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.ground.checking import Place, check_section, unknown_section
from sightline.ground.errors import UserError, shorten
from sightline.ground.settings import StageSettings
from sightline.ground.storage.addresses import Address, revealed
from sightline.project.choice import TRAINING, PipelineChoice
from sightline.project.defaults import Given, absolute, fill
from sightline.project.overrides import parse_override
from sightline.project.roles import needs_word, settings_filled_with
from sightline.project.sections import PipelineSection, Resources
from sightline.project.settings_file import file_option
from sightline.project.stages import settings_class, stage_names
from sightline.project.target import Target
from sightline.project.target_kinds import LOCAL, this_machine
from sightline.project.target_sections import expect_settings, read_targets
from sightline.project.yaml_file import YamlFile, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything that a user decided for one target, and what follows from it."""

    path: Path
    pipeline: PipelineSection
    target_name: str
    target: Target
    resources: Mapping[str, Resources]
    definition: str = TRAINING
    """Which pipeline it is about, by the name of its file in `pipelines/`."""
    stages: Mapping[str, StageSettings]
    """Settings by stage: of those that the pipeline uses, where one was chosen."""
    notes: tuple[str, ...]
    """What was decided for the user, to be said."""

    @property
    def options(self) -> str:
        """Return what commands about it need here, such as ` --target cluster --file a.yaml`."""
        target = f" --target {self.target_name}" if self.target_name != LOCAL else ""
        return target + file_option(self.path)

    @property
    def pipeline_option(self) -> str:
        """Return what commands that compile it need, such as ` --pipeline screening`."""
        return f" --pipeline {self.definition}" if self.definition != TRAINING else ""

    @property
    def root(self) -> Path:
        """Folder for runs, cache and models."""
        return self.path.parent / self.pipeline.root

    @property
    def model_folder(self) -> Path:
        """Folder that receives the numbered versions of the model."""
        stage, name = next(settings_filled_with("model folder"))
        return Path(self.stages[stage].model_dump()[name])

    @property
    def model_address(self) -> str:
        """The same as it is set: it may be in a store."""
        stage, name = next(settings_filled_with("model folder"))
        return str(revealed(getattr(self.stages[stage], name)))

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return the settings that are addresses with a secret in them."""
        values = (value for settings in self.stages.values() for _, value in settings)
        return tuple(one for one in values if isinstance(one, Address) and one.has_secret)

    def parameters(self) -> dict[str, Any]:
        """Return the value of every pipeline parameter, by `<stage>_<setting>`.

        A stage that is turned off has none.
        """
        return {
            f"{stage}_{name}": value
            for stage, settings in self.stages.items()
            if not settings.is_off
            for name, value in settings.model_dump(mode="json").items()
        }


def load_project(
    path: Path,
    overrides: Sequence[str] = (),
    target: str | None = None,
    pipeline: PipelineChoice | None = None,
) -> Project:
    """Read a project's settings file for a target, and apply `stage.setting=value` texts on top.

    Args:
        path: the settings file.
        overrides: values that win over the file's.
        target: name of a target in the file; this machine unless given.
        pipeline: what will be compiled; only the stages that it uses need their settings then.

    Raises:
        UserError: no file, no such target, or settings that cannot be used; says the line.
    """
    path = _existing(path)
    file = read_yaml(path)
    sections = _sections(file)
    pipeline = pipeline or PipelineChoice(TRAINING, _stages_meant(sections))
    section = check_section(
        PipelineSection, "pipeline", sections.get("pipeline", {}), _places(file, "pipeline")
    )
    chosen = choose_target(path, read_targets(file, sections.get("targets", {})), target)
    given, places = _stage_values(file, sections, *chosen)
    instead = _override(given, places, overrides, pipeline)
    given, notes = fill(given, section, path.parent, chosen[1])
    checked = _checked({*pipeline.stages, *sections}, given, places, instead)
    resources = pipeline.only(_resources(file, sections, chosen[1]))
    return Project(
        path=path,
        pipeline=section,
        definition=pipeline.name,
        target_name=chosen[0],
        target=chosen[1],
        resources=resources,
        stages=pipeline.only(checked),
        notes=(
            *pipeline.only(notes).values(),
            *_of_stages_off(pipeline.only(checked)),
            *chosen[1].without_effect(resources),
        ),
    )


def _stages_meant(sections: Container[str]) -> tuple[str, ...]:
    """Name the stages that a file is about, where no pipeline is named.

    Those that begin a pipeline need the word of a person, such as where the images are: who has
    said it for one of them need not for the others.
    """
    told = {stage for stage in stage_names() if needs_word(stage)}
    if not any(stage in sections for stage in told):
        return stage_names()
    return tuple(stage for stage in stage_names() if stage not in told or stage in sections)


def _of_stages_off(stages: Mapping[str, StageSettings]) -> Iterator[str]:
    """Say which settings do nothing, since their stage is turned off."""
    for stage, settings in stages.items():
        switch = settings.switch
        without = [f"{stage}.{name}" for name in sorted(settings.model_fields_set - {switch})]
        if without and settings.is_off:
            yield (
                f"{shorten(without)} has no effect: {stage}.{switch} is "
                f"{getattr(settings, switch)}, so {stage} is left out."
            )


def _existing(path: Path) -> Path:
    path = path.absolute()
    if not path.is_file():
        raise UserError(
            f"{path}: expected a settings file, found none. Write one with "
            "`sightline init PHOTOS`, or name another with --file."
        )
    return path


def _checked(
    wanted: Container[str], given: Given, places: Mapping[str, Place], instead: Given
) -> dict[str, StageSettings]:
    # What the file says of other stages is checked, too: a mistake is seen before it matters.
    return {
        stage: check_section(
            settings_class(stage), stage, given[stage], places[stage], instead=instead[stage]
        )
        for stage in stage_names()
        if stage in wanted
    }


def _override(
    given: Given, places: dict[str, Place], overrides: Sequence[str], pipeline: PipelineChoice
) -> Given:
    """Put overrides on top of the file's values, and return the values that they replaced."""
    file = {stage: dict(values) for stage, values in given.items()}
    replaced: Given = {stage: {} for stage in given}
    for text in overrides:
        stage, name, value = parse_override(text)
        pipeline.expect_stage(stage, text)
        if name in file[stage]:
            replaced[stage][name] = file[stage][name]
        given[stage][name] = value
        places[stage] = _at(places[stage], name, "--set")
    for stage in {parse_override(text)[0] for text in overrides}:
        # What is wrong with several settings together may be so by either.
        places[stage] = _at(places[stage], "", f"{places[stage]('')} with --set")
    return replaced


def choose_target(
    path: Path, targets: Mapping[str, Target], name: str | None
) -> tuple[str, Target]:
    """Return the named target; without a name, this machine.

    Raises:
        UserError: there is no such target.
    """
    targets = {LOCAL: this_machine(), **targets}
    if (name or LOCAL) in targets:
        return name or LOCAL, targets[name or LOCAL]
    raise UserError(
        f"{path}: expected the name of a target in section `targets` (known: "
        f"{', '.join(targets)}); received `{name}`. Add it there, or leave out --target to stay "
        "on this machine."
    )


def section_names() -> tuple[str, ...]:
    """Name every section that a settings file may have."""
    return ("pipeline", *stage_names(), "resources", "targets")


def _sections(file: YamlFile) -> Given:
    for name, content in file.content.items():
        if name not in section_names():
            raise UserError(unknown_section(str(name), section_names(), file.place(str(name))))
        expect_settings(file, content, name)
    return {name: dict(content or {}) for name, content in file.content.items()}


def _stage_values(
    file: YamlFile, sections: Given, target_name: str, target: Target
) -> tuple[Given, dict[str, Place]]:
    """Return the values that the file gives to each stage, and where: the target's come last."""
    given: Given = {}
    places: dict[str, Place] = {}
    own = target.remote.settings if target.remote else {}
    for stage in stage_names():
        values = {**sections.get(stage, {}), **own.get(stage, {})}
        given[stage] = {
            name: absolute(stage, name, value, file.path.parent) for name, value in values.items()
        }
        places[stage] = _places(file, stage)
        for name in own.get(stage, {}):
            place = file.place("targets", target_name, "settings", stage, name)
            places[stage] = _at(places[stage], name, place)
    return given, places


def _places(file: YamlFile, *section: str) -> Place:
    return lambda name: file.place(*section, *name.split("."))


def _at(otherwise: Place, setting: str, place: str) -> Place:
    return lambda name: place if name == setting else otherwise(name)


def _resources(file: YamlFile, sections: Given, target: Target) -> dict[str, Resources]:
    found = {}
    for stage, content in sections.get("resources", {}).items():
        if stage not in stage_names():
            place = file.place("resources", str(stage))
            raise UserError(unknown_section(str(stage), stage_names(), place))
        expect_settings(file, content, "resources", str(stage))
        found[str(stage)] = check_section(
            Resources, f"resources.{stage}", content or {}, _places(file, "resources", stage)
        )
    own = target.remote.resources if target.remote else {}
    for stage, wanted in own.items():
        base = found.get(stage, Resources())
        found[stage] = base.model_copy(update=wanted.model_dump(exclude_unset=True))
    for stage, asked in found.items():
        if asked.gpu_count > 1:
            raise UserError(
                f"resources.{stage}.gpu_count: expected 1, as every stage computes on one "
                f"accelerator; received {asked.gpu_count}: all but one would stand idle, and be "
                "paid for. Remove gpu_count, or take a faster accelerator (resources."
                f"{stage}.gpu)."
            )
    return found
