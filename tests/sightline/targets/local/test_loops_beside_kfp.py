"""Loops here, held against Kubeflow's own local runner: the same pipeline, of other components.

That runner starts Python functions without Docker and no containers; ours starts containers only.
"""

import builtins
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kfp import dsl, local
from kfp.local.config import LocalExecutionConfig

from tests.sightline.targets.local.toys import EXECUTOR_INPUT, run_toy

pytestmark = pytest.mark.slow  # each task starts a Python, which imports kfp for Kubeflow


def names(text: str) -> list:
    return text.split()


def shout(name: str, said: dsl.Output[dsl.Dataset]) -> str:
    with open(said.path, "w") as file:  # noqa: PTH123 - kfp takes this function alone
        file.write(name.upper())
    return name * 2


def whisper(text: str) -> str:
    return text.lower()


def all_of(texts: list, said: dsl.Input[list[dsl.Dataset]]) -> str:
    return f"{texts} {[open(one.path).read() for one in said]}"  # noqa: PTH123 - the same


TOLD = "told"
"""What containers call their answer; functions call it `Output`, which no parameter can be."""
CALLED = """
import json, sys
from types import SimpleNamespace
class dsl:
    Dataset = None
    Input = Output = dict
message = json.loads(sys.argv[1])
given, made = message["inputs"], message["outputs"]
values = dict(given.get("parameterValues", {}))
for name, one in {**given.get("artifacts", {}), **made.get("artifacts", {})}.items():
    found = [SimpleNamespace(path=artifact["uri"]) for artifact in one["artifacts"]]
    values[name] = found if name in sys.argv[2:] else found[0]
"""
WRITTEN = """
with open(made["parameters"]["told"]["outputFile"], "w") as file:
    file.write(answer if isinstance(answer, str) else json.dumps(answer))
"""


def contained(function: Callable[..., Any]) -> Any:
    """The same function as a container component."""
    signature = inspect.signature(function)
    lists = [name for name, one in function.__annotations__.items() if "list[" in str(one)]
    defined = f"from __future__ import annotations\n{CALLED}{inspect.getsource(function)}"
    program = f"{defined}\nanswer = {function.__name__}(**values)\n{WRITTEN}"

    def component(*_: Any) -> dsl.ContainerSpec:
        command = ["python3", "-c", program, EXECUTOR_INPUT, *lists]
        return dsl.ContainerSpec(image="toy:1", command=command)

    told = inspect.Parameter(
        TOLD,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        annotation=dsl.OutputPath(signature.return_annotation),
    )
    component.__name__ = function.__name__
    vars(component)["__signature__"] = inspect.Signature([*signature.parameters.values(), told])
    return dsl.container_component(component)


def chorus_of(make: Callable[[Callable[..., Any]], Any], told: str) -> Any:
    """The pipeline of one kind of components, which call what they say so."""
    listing, shouting, whispering, gathering = map(make, (names, shout, whisper, all_of))

    @dsl.pipeline(name="chorus")
    def chorus(text: str = "a b c") -> str:
        listed = listing(text=text)
        with dsl.ParallelFor(listed.outputs[told], parallelism=2) as name:
            shouted = shouting(name=name)
            whispering(text=shouted.outputs[told])
        gathered = gathering(
            texts=dsl.Collected(shouted.outputs[told]),
            said=dsl.Collected(shouted.outputs["said"]),
        )
        return gathered.outputs[told]

    return chorus


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_rounds_give_together_is_what_kubeflow_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Its rounds run in threads that each put back the print which they found, so another's stays.
    monkeypatch.setattr(builtins, "print", print)
    monkeypatch.setattr(LocalExecutionConfig, "instance", None)
    runner = local.SubprocessRunner(use_venv=False)
    local.init(runner=runner, pipeline_root=str(tmp_path / "kfp"))

    light = dsl.component(base_image="python:3.11", install_kfp_package=False)
    expected = chorus_of(light, "Output")(text="a B c").output
    record = run_toy(chorus_of(contained, TOLD), tmp_path, text="a B c")

    assert record.status == "succeeded", record.failure
    assert record.tasks["all-of"].outputs.parameters[TOLD] == expected
    assert expected == "['aa', 'BB', 'cc'] ['A', 'B', 'C']"
