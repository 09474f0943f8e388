"""A small pipeline with the shape of Sightline's: a gate, an exit task, typed parameters."""

import warnings
from pathlib import Path

from kfp import compiler, dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output

from sightline.engines.engine import Submission
from sightline.package.compiled import Package

IMAGE = "registry.example.com/sightline/stage@sha256:" + "0" * 64


@dsl.container_component
def ingest(source: str, dataset: Output[Dataset], report: Output[HTML]):
    return dsl.ContainerSpec(IMAGE, ["python3", "-m", "components.ingest"], ["{{$}}"])


@dsl.container_component
def train(
    dataset: Input[Dataset],
    model: Output[Model],
    report: Output[HTML],
    epochs: int = 9,
    learning_rate: float = 0.001,
    mixed_precision: bool = False,
):
    return dsl.ContainerSpec(IMAGE, ["python3", "-m", "components.train"], ["{{$}}"])


@dsl.container_component
def evaluate(
    model: Input[Model],
    metrics: Output[Metrics],
    evaluation: Output[Artifact],
    report: Output[HTML],
    decision: dsl.OutputPath(str),
):
    return dsl.ContainerSpec(IMAGE, ["python3", "-m", "components.evaluate"], ["{{$}}", decision])


@dsl.container_component
def deploy(model: Input[Model], deployment: Output[Artifact]):
    return dsl.ContainerSpec(IMAGE, ["python3", "-m", "components.deploy"], ["{{$}}"])


@dsl.container_component
def notify(webhook: str):
    return dsl.ContainerSpec(IMAGE, ["python3", "-m", "components.notify"], ["{{$}}"])


@dsl.pipeline(name="flowers")
def flowers(
    ingest_source: str,
    train_epochs: int = 9,
    train_learning_rate: float = 0.001,
    train_mixed_precision: bool = False,
) -> None:
    with dsl.ExitHandler(notify(webhook="")):
        read = ingest(source=ingest_source)
        trained = train(
            dataset=read.outputs["dataset"],
            epochs=train_epochs,
            learning_rate=train_learning_rate,
            mixed_precision=train_mixed_precision,
        )
        judged = evaluate(model=trained.outputs["model"])
        with dsl.If(judged.outputs["decision"] == "deploy"):
            deploy(model=trained.outputs["model"])


def flowers_package(folder: Path) -> Package:
    path = folder / "flowers.yaml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        compiler.Compiler().compile(flowers, str(path))
    return Package(path=path, name="flowers", version="0.1.0-3f2a9c01b7de")


def submission(package: Package, run_name: str = "flowers-1", **parameters: object) -> Submission:
    given = {"ingest_source": "gs://photos/flowers", **parameters}
    return Submission(package=package, run_name=run_name, parameters=given)
