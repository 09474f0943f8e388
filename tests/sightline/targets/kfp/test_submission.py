import dataclasses
import json

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.packages import submission
from tests.sightline.targets.kfp.server import KubeflowServer, kubeflow_server


def test_a_run_is_started_from_an_uploaded_version(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    started = engine.submit(submission(package, train_epochs=5))

    (run,) = server.runs.runs.values()
    (version,) = server.library.versions.values()
    assert run["run_id"] == started.run_id
    assert started.url == f"{server.address}/#/runs/details/{started.run_id}"
    assert not started.was_there
    assert run["display_name"] == "flowers-1"
    assert run["runtime_config"]["parameters"]["train_epochs"] == 5
    assert (
        run["pipeline_version_reference"]["pipeline_version_id"] == (version["pipeline_version_id"])
    )
    assert version["display_name"] == package.version
    assert [one["display_name"] for one in server.library.pipelines.values()] == ["flowers"]
    assert [one["display_name"] for one in server.library.experiments.values()] == ["flowers"]


def test_the_uploaded_package_is_what_was_compiled(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.submit(submission(package))

    (content,) = server.library.packages.values()
    assert content == package.path.read_bytes()
    pipeline, platform = yaml.safe_load_all(content)
    spec = json_format.ParseDict(pipeline, pipeline_spec_pb2.PipelineSpec())
    settings = json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
    assert spec.pipeline_info.name == "flowers-training"
    assert "kubernetes" in settings.platforms


def test_a_second_run_of_the_same_package_uploads_nothing(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.submit(submission(package))
    engine.submit(submission(package, "flowers-2"))

    assert server.faults.count("POST", "/pipelines/upload_version") == 1
    assert server.faults.count("POST", "/pipelines") == 1
    assert server.faults.count("POST", "/experiments") == 1
    assert len(server.runs.runs) == 2


def test_another_package_becomes_another_version_of_the_same_pipeline(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.submit(submission(package))
    engine.submit(submission(dataclasses.replace(package, version="0.2.0-abc"), "flowers-2"))

    assert len(server.library.pipelines) == 1
    assert len(server.library.versions) == 2


def test_sending_a_submission_again_finds_its_run(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    first = engine.submit(submission(package))

    again = engine.submit(submission(package))

    assert again == dataclasses.replace(first, was_there=True)
    assert len(server.runs.runs) == 1


def test_a_name_that_stands_for_another_run_is_refused(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.submit(submission(package))

    with pytest.raises(UserError, match=r"one with other parameters.*--name"):
        engine.submit(submission(package, train_epochs=5))
    with pytest.raises(UserError, match=r"one with another version of the pipeline.*--name"):
        engine.submit(submission(dataclasses.replace(package, version="0.2.0-abc")))
    assert len(server.runs.runs) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 129])
@pytest.mark.parametrize("verb", ["plan", "submit"])
def test_a_name_that_kubeflow_does_not_take_is_refused_before_anything_is_sent(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, name: str, verb: str
) -> None:
    with pytest.raises(UserError, match=r"Name of a run: expected 1 to 128 characters"):
        getattr(engine, verb)(submission(package, name))

    assert server.faults.requests == []


def test_without_the_cache_no_task_may_use_it(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.submit(submission(package, cache=False))

    (version,) = server.library.versions.values()
    assert version["display_name"] == f"{package.version}-no-cache"
    assert "enableCache" not in json.dumps(version["pipeline_spec"])
    assert "enableCache" in package.path.read_text(encoding="utf-8")


def test_a_setting_that_the_pipeline_does_not_have_is_refused_before_anything_is_sent(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    with pytest.raises(UserError, match="train_epochs"):
        engine.submit(submission(package, train_epoch=5))
    assert server.faults.requests == []


def test_the_plan_is_what_is_sent(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    wanted = submission(package, train_epochs=5)

    plan = engine.plan(wanted)

    assert server.faults.requests == []
    engine.submit(wanted)
    sent = [line for line in server.faults.requests if line.startswith("POST")]
    assert [f"{r.method} {r.address.removeprefix(server.address)}" for r in plan] == sent
    (run,) = server.runs.runs.values()
    body = json.loads(json.dumps(plan[-1].body))
    assert body.pop("experiment_id") == "<id of experiment flowers>"
    assert body.pop("pipeline_version_reference") == {
        "pipeline_id": "<id of pipeline flowers>",
        "pipeline_version_id": f"<id of version {package.version}>",
    }
    assert body.items() <= run.items()
    assert plan[2].body["uploadfile"]["size_bytes"] == package.path.stat().st_size


def test_the_targets_settings_go_with_the_run(server: KubeflowServer, package: Package) -> None:
    target = server.target(pipeline_root="s3://runs/flowers", service_account="trainer")
    engine = KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)

    engine.submit(submission(package))

    (run,) = server.runs.runs.values()
    assert run["service_account"] == "trainer"
    assert run["runtime_config"]["pipeline_root"] == "s3://runs/flowers"


def test_where_users_are_separated_everything_is_in_the_targets_namespace(
    package: Package,
) -> None:
    with kubeflow_server(multi_user=True) as server:
        engine = KubeflowEngine(
            server.target(namespace="team"), "kfp", "flowers", environment={}, patience=QUICK
        )
        engine.submit(submission(package))
        engine.submit(submission(package, "flowers-2"))

        kept = [*server.library.experiments.values(), *server.library.pipelines.values()]
        assert [entry["namespace"] for entry in kept] == ["team", "team"]
        assert len(server.runs.runs) == 2
