"""Kubeflow components of stages: ports from `component.py`, settings from `settings.py`."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kfp import dsl

from sightline._house import name_in_image
from sightline.ground.parameter_kinds import SCALARS, kind_of_schema
from sightline.ground.settings import StageSettings
from sightline.images.recipes import image_reference, module_of


def stage_component(settings: type[StageSettings]) -> Callable[[Callable[..., None]], Any]:
    """Make a function that declares ports a Kubeflow component that takes `settings`, too.

    Every setting becomes an input with the type, the default and the sentence that its class
    gives it. The container runs the stage's folder, or the module in that folder that is named
    like the function, such as `components.ingest.fingerprint`.
    """

    def component(ports: Callable[..., None]) -> Any:
        folder = name_in_image(ports.__module__).removesuffix(".component")
        stage = folder.rpartition(".")[2]

        def described(*_: object) -> dsl.ContainerSpec:
            return container(module_of(folder, ports.__name__), stage)

        described.__name__ = ports.__name__
        described.__module__ = ports.__module__
        described.__doc__ = with_arguments(ports.__doc__, sentences(settings))
        vars(described)["settings"] = settings
        vars(described)["stage"] = stage
        vars(described)["__signature__"] = inspect.Signature(
            [*inspect.signature(ports).parameters.values(), *parameters(settings)]
        )
        return dsl.container_component(described)

    return component


def settings_of(component: Any) -> dict[str, inspect.Parameter]:
    """Return the settings of a component: keyword-only, after ports and values of other tasks."""
    signature = inspect.signature(component.pipeline_func)
    return {
        name: parameter
        for name, parameter in signature.parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def parameters_of(component: Any) -> dict[str, str]:
    """Return the settings of a component, each with the pipeline parameter that it follows.

    That is `<stage>_<setting>`, of the stage whose section of `sightline.yaml` has the setting.
    """
    return {
        name: f"{component.pipeline_func.settings.owner_of(name) or stage_of(component)}_{name}"
        for name in settings_of(component)
    }


def stage_of(component: Any) -> str:
    """Name the stage that a component belongs to, by the folder that declares it."""
    return str(component.pipeline_func.stage)


def with_arguments(docstring: str | None, described: Mapping[str, str]) -> str:
    """Add arguments to a docstring that ends with its arguments, or has none."""
    text = inspect.cleandoc(docstring or "")
    heading = [] if "\nArgs:\n" in text else ["", "Args:"]
    lines = [f"    {name}: {' '.join(words.split())}" for name, words in described.items()]
    return "\n".join([text, *heading, *lines])


def container(module: str, stage: str) -> dsl.ContainerSpec:
    """Describe the container that runs `module`, such as `components.train`, in a stage's image.

    The executor input placeholder carries ports and settings; the stage answers into the
    file that it names. The command is explicit, because kfp.local runs an image's ENTRYPOINT
    in its place and reports success.
    """
    return dsl.ContainerSpec(
        image=image_reference(stage),
        command=["python3", "-m", module],
        args=["--executor-input", dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER],
    )


def parameters(settings: type[StageSettings]) -> Iterator[inspect.Parameter]:
    """Yield a parameter per setting, with its type and default as they travel.

    Raises:
        TypeError: a setting has a type that no parameter can have.
    """
    travelling = settings.model_json_schema(mode="serialization")["properties"]
    defaults = settings.model_construct().model_dump(mode="json")
    for name in settings.model_fields:
        kind = kind_of_schema(travelling[name])
        if kind is None:
            raise TypeError(
                f"{settings.__name__}.{name}: expected {', '.join(k.words for k in SCALARS)} or "
                f"TextList; received {settings.model_fields[name].annotation}, which no pipeline "
                "can pass on. Choose one of them."
            )
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(name, inspect.Parameter.empty),
            annotation=kind.python,
        )


def sentences(settings: type[StageSettings]) -> dict[str, str]:
    """Return what each setting is for, in the words of its field."""
    return {name: field.description or "" for name, field in settings.model_fields.items()}
