"""Turn the order of the stages into a Kubeflow pipeline with one typed parameter per setting."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kfp import dsl
from kfp.dsl import PipelineTask
from kfp.dsl.base_component import BaseComponent

from sightline.ground.settings import StageSettings
from sightline.package.component import parameters_of, settings_of, stage_of, with_arguments
from sightline.project.sections import TIME_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What a stage's task gets at compile time, beside its settings."""

    cpu: str | None = None
    memory: str | None = None
    accelerator: str | None = None
    accelerator_count: int = 0
    image: str | None = None
    """Image by digest; the stage's local name unless given."""
    retries: int = 0
    retry_delay_seconds: int | None = None
    timeout_seconds: int | None = None
    cache: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    also: Callable[[PipelineTask], None] | None = None
    """What a target adds to a task, such as volumes."""


class TaskFactory(Protocol):
    """Creates a task of a component, with every setting connected to its pipeline parameter."""

    def __call__(
        self, component: BaseComponent, *, cache: bool = True, **inputs: object
    ) -> PipelineTask: ...

    def wants(self, component: BaseComponent) -> bool:
        """Tell whether a component has a task, as its stage is turned on or always is."""
        ...


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The order of the stages, before it is compiled for anywhere."""

    name: str
    stages: Sequence[BaseComponent]
    order: Callable[[TaskFactory], None]

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages that its tasks may belong to, in the order of the pipeline."""
        return tuple(dict.fromkeys(map(stage_of, self.stages)))

    def component(
        self,
        *,
        options: Mapping[str, TaskOptions] | None = None,
        defaults: Mapping[str, object] | None = None,
        name: str | None = None,
    ) -> BaseComponent:
        """Build the Kubeflow pipeline.

        Args:
            name: what targets show and file its runs under; the definition's unless given.
            options: per stage name, what its task gets at compile time.
            defaults: pipeline parameters (`train_epochs`) with a default of their own.
        """
        stages = [one for one in self.stages if _is_on(one, defaults or {})]
        parameters = _parameters(stages, defaults or {})

        def pipeline_function(*channels: object) -> None:
            given = dict(zip(parameters, channels, strict=True))
            self.order(_Tasks(given, options or {}))

        pipeline_function.__name__ = self.name.replace("-", "_")
        pipeline_function.__doc__ = _docstring(self.order, stages)
        vars(pipeline_function)["__signature__"] = inspect.Signature(list(parameters.values()))
        return dsl.pipeline(name=name or self.name)(pipeline_function)


def pipeline(
    *, name: str, stages: Sequence[BaseComponent]
) -> Callable[[Callable[[TaskFactory], None]], Pipeline]:
    """Declare a pipeline over `stages` by the function that creates their tasks in order."""
    return lambda order: Pipeline(name, stages, order)


@dataclass
class _Tasks:
    given: Mapping[str, object]
    options: Mapping[str, TaskOptions] = field(default_factory=dict)

    def __call__(
        self, component: BaseComponent, *, cache: bool = True, **inputs: object
    ) -> PipelineTask:
        stage = stage_of(component)
        settings = {
            name: self.given[parameter]
            for name, parameter in parameters_of(component).items()
            if name not in inputs
        }
        task = component(**inputs, **settings)
        options = self.options.get(stage, TaskOptions())
        if component.pipeline_func.__name__ != stage:
            # What prepares a stage's work, such as fingerprint or backbone, needs no GPU.
            options = replace(options, accelerator=None)
        _apply(task, options, cache)
        return task

    def wants(self, component: BaseComponent) -> bool:
        return all(parameter in self.given for parameter in parameters_of(component).values())


def _apply(task: PipelineTask, options: TaskOptions, cache: bool) -> None:
    task.set_caching_options(cache and options.cache)
    if options.image:
        task.set_container_image(options.image)
    if options.cpu:
        task.set_cpu_limit(options.cpu)
    if options.memory:
        task.set_memory_limit(options.memory)
    if options.accelerator:
        task.set_accelerator_type(options.accelerator)
        task.set_accelerator_limit(options.accelerator_count or 1)
    if options.retries:
        delay = options.retry_delay_seconds or 0
        # Kubeflow's own limit for the longest delay is an hour.
        task.set_retry(options.retries, f"{delay}s", 2.0 if delay else 1.0, "3600s")
    if options.timeout_seconds:
        task.container_spec.args += [TIME_LIMIT, str(options.timeout_seconds)]
    for name, value in options.environment.items():
        task.set_env_variable(name, value)
    if options.also:
        options.also(task)


def _is_on(component: BaseComponent, defaults: Mapping[str, object]) -> bool:
    parameters = parameters_of(component).items()
    given = {name: defaults[key] for name, key in parameters if key in defaults}
    settings: type[StageSettings] = component.pipeline_func.settings
    return settings.is_on(given)


def _parameters(
    stages: Sequence[BaseComponent], defaults: Mapping[str, object]
) -> dict[str, inspect.Parameter]:
    required: dict[str, inspect.Parameter] = {}
    optional: dict[str, inspect.Parameter] = {}
    for component in stages:
        for name, key in parameters_of(component).items():
            setting = settings_of(component)[name]
            default = defaults.get(key, setting.default)
            parameter = setting.replace(
                name=key, kind=inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default
            )
            (required if default is inspect.Parameter.empty else optional)[key] = parameter
    return {**required, **optional}


def _docstring(order: Callable[..., None], stages: Sequence[BaseComponent]) -> str:
    described = {
        parameter: component.component_spec.inputs[name].description or ""
        for component in stages
        for name, parameter in parameters_of(component).items()
    }
    return with_arguments(order.__doc__, described)
