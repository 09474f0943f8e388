from collections.abc import Callable

import pytest

from sightline.package.reading.plan import Plan
from sightline.package.reading.specification import read_plan
from tests.data import digit_folder
from tests.end_to_end.executor_contract import Rehearsal
from tests.end_to_end.rehearsals import (
    CLUSTERS,
    MODELS,
    PARAMETERS,
    STAGES,
    STAGES_ON,
    SWITCHED_ON,
    tasks_of,
)


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The training pipeline with the stages that are left out by default."""
    from kfp import compiler

    from pipelines.training import training

    package = tmp_path_factory.mktemp("every-stage") / "pipeline.yaml"
    compiler.Compiler().compile(training.component(defaults=SWITCHED_ON), str(package))
    return read_plan(package)


@pytest.fixture(scope="session")
def rehearse(
    docker_engine, stage_images, plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Rehearsal]:
    """Runs the pipeline on a cluster, once."""
    data = tmp_path_factory.mktemp("data")
    data.chmod(0o755)  # pytest's folders are closed to the users of containers
    digit_folder(data / "digits", per_class=40)
    done: dict[str, Rehearsal] = {}

    def run_once(name: str) -> Rehearsal:
        if name not in done:
            cluster = CLUSTERS[name]
            done[name] = Rehearsal(
                engine=docker_engine,
                plan=plan,
                cluster=cluster,
                folder=tmp_path_factory.mktemp(name.replace(" ", "-")),
                parameters={**PARAMETERS, **SWITCHED_ON, "deploy_folder": MODELS},
                data=data,
            )
            done[name].run_tasks(
                (task for stage in STAGES_ON[name] for task in tasks_of(stage, plan)),
                others=None if STAGES_ON[name] == STAGES else run_once("kubeflow"),
            )
        return done[name]

    return run_once


@pytest.fixture(scope="session")
def on_kubeflow(rehearse: Callable[[str], Rehearsal]) -> Rehearsal:
    return rehearse("kubeflow")
