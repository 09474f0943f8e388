"""What is reused, what runs again, and what is said about it."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.ground.storage.sealed import SEAL, seal
from sightline.project.stages import Location
from sightline.runs.records import PortsRecord, RunRecord
from sightline.targets.local.code_version import CodeVersion
from sightline.targets.local.reuse.cache import Cache, Place
from sightline.targets.local.reuse.key import KeyMaterial
from tests.sightline.targets.local.toys import (
    run_toy,
    say,
    script,
    shell,
    states,
    write,
    write_and_copy,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def material_of(component: str) -> KeyMaterial:
    """What a task without inputs depends on."""
    return KeyMaterial(
        component=component,
        command=("true",),
        environment={},
        code=CodeVersion(),
        settings={},
        locations={},
        inputs={},
        outputs={},
    )


def sentences(record: RunRecord, task: str) -> list[str]:
    """What is said about a task."""
    verdict = record.tasks[task].cache
    assert verdict is not None
    return verdict.sentences()


def test_an_unchanged_run_reuses_everything(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path)

    second = run_toy(write_and_copy, tmp_path)

    assert sentences(first, "write") == ["Ran: first run of this task."]
    assert states(second) == {"write": "reused", "copy": "reused", "say": "reused"}
    assert sentences(second, "copy") == [
        f"Reused from run {first.id}: nothing that it depends on has changed."
    ]
    assert second.artifact_path("copy", "copied").read_text() == "hello"
    assert second.tasks["write"].outputs.parameters == {"decision": "deploy"}


def test_a_changed_setting_runs_its_task_and_those_that_read_from_it(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path, suffix="a")

    second = run_toy(write_and_copy, tmp_path, suffix="b")
    third = run_toy(write_and_copy, tmp_path, suffix="b", text="hi")

    assert states(second) == {"write": "reused", "copy": "succeeded", "say": "reused"}
    assert sentences(second, "copy") == [
        f"Ran, because of what changed since run {first.id}:",
        'settings: suffix "a" -> "b"',
    ]
    assert sentences(third, "copy") == [
        f"Ran, because of what changed since run {second.id}:",
        "input data: content changed because write ran again",
    ]


def test_a_task_that_ran_again_with_the_same_result_changes_nothing_after_it(
    tmp_path: Path,
) -> None:
    run_toy(write_and_copy, tmp_path)

    second = run_toy(write_and_copy, tmp_path, options={"from_task": "write"}, suffix="")

    assert sentences(second, "write") == ["Ran: it was asked to run again."]
    assert states(second) == {"write": "succeeded", "copy": "succeeded", "say": "succeeded"}


def test_from_a_task_reuses_what_is_before_it(tmp_path: Path) -> None:
    run_toy(write_and_copy, tmp_path)

    second = run_toy(write_and_copy, tmp_path, options={"from_task": "copy"})

    assert states(second) == {"write": "reused", "copy": "succeeded", "say": "succeeded"}


def test_from_a_task_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no task `cpoy`\. Did you mean copy\?"):
        run_toy(write_and_copy, tmp_path, options={"from_task": "cpoy"})


def test_without_the_cache_everything_runs_and_later_runs_may_reuse_it(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path, options={"cache": False})

    second = run_toy(write_and_copy, tmp_path, options={"cache": False})
    third = run_toy(write_and_copy, tmp_path)

    assert sentences(first, "copy") == sentences(second, "copy") == ["Ran: the cache is off."]
    assert states(third) == {"write": "reused", "copy": "reused", "say": "reused"}


def test_a_task_that_the_pipeline_never_caches_says_so(tmp_path: Path) -> None:
    @dsl.pipeline(name="uncached")
    def uncached() -> None:
        say(text="a").set_caching_options(False)

    run_toy(uncached, tmp_path)

    second = run_toy(uncached, tmp_path)

    assert sentences(second, "say") == ["Ran: never cached: the pipeline declares it so."]


def test_a_failed_task_is_not_reused(tmp_path: Path) -> None:
    flag = tmp_path / "flag"

    @dsl.pipeline(name="flaky")
    def flaky() -> None:
        script(text=f"test -e {flag}")

    first = run_toy(flaky, tmp_path)
    flag.touch()

    second = run_toy(flaky, tmp_path)

    assert (states(first), states(second)) == ({"script": "failed"}, {"script": "succeeded"})


def test_a_run_stays_readable_when_the_one_that_it_reused_is_removed(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path)
    second = run_toy(write_and_copy, tmp_path)

    shutil.rmtree(first.folder)
    third = run_toy(write_and_copy, tmp_path)

    assert second.artifact_path("copy", "copied").read_text() == "hello"
    assert states(third)["copy"] == "reused"
    assert third.tasks["copy"].cache is not None
    assert third.tasks["copy"].cache.from_run == second.id


def test_artifacts_that_were_changed_or_removed_are_not_reused(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path)
    (first.artifact_path("write", "data") / "text").write_text("tampered with")

    second = run_toy(write_and_copy, tmp_path)

    assert states(second) == {"write": "succeeded", "copy": "reused", "say": "reused"}
    assert sentences(second, "write") == [
        f"Ran: run {first.id} had done this, but its artifacts were removed or changed since."
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is no JSON"),
        (b"\xff\xfe\x00", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON (nested too deeply)"),
        (b"[]", "it carries no checksum"),
        (b'{"seal": "0"}', "its content does not match its checksum"),
    ],
)
def test_a_damaged_cache_entry_is_a_miss_with_its_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    run_toy(write_and_copy, tmp_path)
    (entry,) = (tmp_path / "root/cache/write").glob("*.json")
    entry.write_bytes(content)

    second = run_toy(write_and_copy, tmp_path)
    third = run_toy(write_and_copy, tmp_path)

    assert states(second)["write"] == "succeeded"
    (sentence,) = sentences(second, "write")
    assert sentence.startswith(f"Ran: its earlier result is damaged ({entry}: {reason}")
    assert states(third)["write"] == "reused"


def test_a_result_of_which_a_bit_has_flipped_is_made_again(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path)
    text = first.artifact_path("write", "data") / "text"
    times = text.stat()
    text.write_text("iello")
    os.utime(text, ns=(times.st_atime_ns, times.st_mtime_ns))

    second = run_toy(write_and_copy, tmp_path)

    assert states(second) == {"write": "succeeded", "copy": "reused", "say": "reused"}
    (sentence,) = sentences(second, "write")
    assert sentence.startswith(f"Ran: its earlier result is damaged ({text.parent}: its content")
    assert (second.artifact_path("write", "data") / "text").read_text() == "hello"


def test_a_result_with_another_value_in_its_entry_is_not_used(tmp_path: Path) -> None:
    run_toy(write_and_copy, tmp_path)
    (entry,) = (tmp_path / "root/cache/write").glob("*.json")
    entry.write_text(entry.read_text().replace('"decision": "deploy"', '"decision": "deplox"'))

    second = run_toy(write_and_copy, tmp_path)

    assert states(second)["say"] == "reused"
    assert "does not match its checksum" in sentences(second, "write")[0]


def test_an_entry_that_lies_under_another_name_is_not_used(tmp_path: Path) -> None:
    run_toy(write_and_copy, tmp_path)
    (written,) = (tmp_path / "root/cache/write").glob("*.json")
    (copied,) = (tmp_path / "root/cache/copy").glob("*.json")
    written.write_bytes(copied.read_bytes())

    second = run_toy(write_and_copy, tmp_path)

    assert "it is the result for another key" in sentences(second, "write")[0]


@given(
    content=st.binary() | st.text().map(str.encode) | json_values.map(json.dumps).map(str.encode)
)
@settings(max_examples=300, deadline=None)
def test_whatever_bytes_a_cache_file_holds_the_answer_is_a_miss_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.getbasetemp() / "any-bytes"
    cache, material, nothing = Cache(root), material_of("write"), PortsRecord()
    path = root / "cache" / material.component / f"{material.key()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

    verdict, entry, place = cache.find(material, nothing, {}, "write")

    assert (verdict.kind, entry, place) == ("damaged", None, None)
    assert str(path) in verdict.sentences()[0]


@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
@settings(max_examples=300, deadline=None)
def test_no_flipped_bit_in_a_cache_file_changes_a_result(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    root = tmp_path_factory.getbasetemp() / "flipped"
    cache, material, nothing = Cache(root), material_of("write"), PortsRecord()
    outputs = PortsRecord(parameters={"decision": "deploy", "share": 0.125, "names": ["ü", "b"]})
    cache.remember(material, outputs, Place(run="r1", task="write"), datetime.now(UTC))
    path = root / "cache" / material.component / f"{material.key()}.json"
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)

    verdict, entry, _ = cache.find(material, nothing, {}, "write")

    assert verdict.kind == "damaged" or (entry is not None and entry.outputs == outputs)


def test_changed_code_of_a_module_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "toy_components/stage"
    package.mkdir(parents=True)
    (tmp_path / "toy_components/__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("from toy_components.stage.steps import x\n")
    (package / "steps.py").write_text("x = 1\n")
    (package / "README.md").write_text("what it is")
    monkeypatch.syspath_prepend(str(tmp_path))

    @dsl.container_component
    def stage():
        return dsl.ContainerSpec(image="toy", command=["python3", "-m", "toy_components.stage"])

    @dsl.pipeline(name="modules")
    def modules() -> None:
        stage()

    first = run_toy(modules, tmp_path)
    (package / "README.md").write_text("said better")
    second = run_toy(modules, tmp_path)
    (package / "steps.py").write_text("x = 2\n")
    third = run_toy(modules, tmp_path)

    assert first.failure is None
    assert states(second) == {"stage": "reused"}
    assert sentences(third, "stage") == [
        f"Ran, because of what changed since run {second.id}:",
        "code of toy_components/stage changed: stage/steps.py",
    ]


@dsl.container_component
def look(report: dsl.OutputPath(str), place: str):
    return shell('ls "$2" > "$1" || echo none > "$1"', report, place)


@dsl.pipeline(name="looks")
def looks(place: str):
    look(place=place)


READ: dict[str, Any] = {"locations": {("look", "place"): Location("read", ("", "none"))}}
WRITE: dict[str, Any] = {"locations": {("look", "place"): Location("write", ("",))}}


def test_what_a_read_location_holds_is_part_of_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_text("a")

    first = run_toy(looks, tmp_path, options=READ, place=str(folder))
    same = run_toy(looks, tmp_path, options=READ, place=str(folder))
    (folder / "b.jpg").write_text("b")
    more = run_toy(looks, tmp_path, options=READ, place=str(folder))

    assert states(first) == states(more) == {"look": "succeeded"}
    assert states(same) == {"look": "reused"}
    assert "settings: what place names has other content" in sentences(more, "look")


def test_a_file_that_was_moved_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "weights.h5").write_text("weights")
    run_toy(looks, tmp_path, options=READ, place=str(tmp_path / "weights.h5"))
    (tmp_path / "weights.h5").rename(tmp_path / "moved.h5")

    second = run_toy(looks, tmp_path, options=READ, place=str(tmp_path / "moved.h5"))

    assert states(second) == {"look": "reused"}


def test_words_uris_and_written_locations_count_by_their_text(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    run_toy(looks, tmp_path, options=WRITE, place=str(folder))
    (folder / "new").touch()

    written = run_toy(looks, tmp_path, options=WRITE, place=str(folder))
    word = run_toy(looks, tmp_path, options=READ, place="none")
    other = run_toy(looks, tmp_path, options=READ, place="gs://bucket/data")

    assert folder.is_dir()
    assert states(written) == {"look": "reused"}
    assert word.tasks["look"].inputs.parameters == {"place": "none"}
    assert 'settings: place "none" -> "gs://bucket/data"' in sentences(other, "look")


def test_a_source_with_a_fingerprint_is_not_read_again(tmp_path: Path) -> None:
    @dsl.container_component
    def take(report: dsl.OutputPath(str), source: str, fingerprint: str):
        return shell('ls "$2" > "$1"', report, source)

    @dsl.pipeline(name="takes")
    def takes(source: str, fingerprint: str) -> None:
        take(source=source, fingerprint=fingerprint)

    options = {"locations": {("take", "source"): Location("read", ("",))}}
    folder = tmp_path / "photos"
    folder.mkdir()
    run_toy(takes, tmp_path, options=options, source=str(folder), fingerprint="1")
    (folder / "a.jpg").touch()

    same = run_toy(takes, tmp_path, options=options, source=str(folder), fingerprint="1")
    new = run_toy(takes, tmp_path, options=options, source=str(folder), fingerprint="2")

    assert states(same) == {"take": "reused"}
    assert 'settings: fingerprint "1" -> "2"' in sentences(new, "take")


# A stage in miniature: the model's hash is in the metadata of its artifact.
TRAIN = """
import json, pathlib, sys
message = json.loads(sys.argv[1])
model = message["outputs"]["artifacts"]["model"]["artifacts"][0]
name = message["inputs"]["parameterValues"]["name"]
pathlib.Path(model["uri"]).write_text(name)
model["metadata"] = {"model_sha256": f"sha of {name}"}
answer = {"artifacts": {"model": {"artifacts": [model]}}}
pathlib.Path(message["outputs"]["outputFile"]).write_text(json.dumps(answer))
"""


@dsl.container_component
def fit(model: dsl.Output[dsl.Model], name: str):
    return dsl.ContainerSpec(image="toy", command=["python3", "-c", TRAIN], args=["{{$}}"])


@dsl.container_component
def judge(model: dsl.Input[dsl.Model], decision: dsl.OutputPath(str), champion: str = ""):
    return shell('printf deploy > "$1"', decision)


@dsl.pipeline(name="judges")
def judges(name: str, champion: str = ""):
    judge(model=fit(name=name).outputs["model"], champion=champion)


CHAMPION: dict[str, Any] = {"locations": {("judge", "champion"): Location("read", ("",))}}


def deploy(folder: Path, version: int, model: str) -> None:
    """Lay out a version of a model folder."""
    (folder / str(version)).mkdir(parents=True)
    (folder / str(version) / "bundle.json").write_text(json.dumps({"model_sha256": model}))
    (folder / str(version) / "saved_model.pb").touch()


def test_a_model_held_against_itself_is_not_judged_again(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    first = run_toy(judges, tmp_path, options=CHAMPION, name="a")
    deploy(folder, 1, "sha of a")

    second = run_toy(judges, tmp_path, options=CHAMPION, name="a", champion=str(folder))
    third = run_toy(judges, tmp_path, options=CHAMPION, name="b", champion=str(folder))
    deploy(folder, 2, "sha of b")
    fourth = run_toy(judges, tmp_path, options=CHAMPION, name="b", champion=str(folder))

    assert states(second) == {"fit": "reused", "judge": "reused"}
    assert sentences(second, "judge") == [
        f"Reused from run {first.id}: champion is this very model."
    ]
    assert states(third) == {"fit": "succeeded", "judge": "succeeded"}
    assert states(fourth) == {"fit": "reused", "judge": "reused"}


@dsl.container_component
def divide(records: dsl.Output[dsl.Dataset], text: str, splits: str = ""):
    lines = 'mkdir -p "$1"; printf %s "$2" > "$1/assignment.parquet"'
    return shell(lines, records.path, text, splits)


@dsl.pipeline(name="divides")
def divides(text: str, splits: str = ""):
    divide(text=text, splits=splits)


def test_the_splits_that_a_task_made_are_no_news_to_it(tmp_path: Path) -> None:
    options = {"locations": {("divide", "splits"): Location("read", ("",))}}
    first = run_toy(divides, tmp_path, options=options, text="a")
    made = first.artifact_path("divide", "records") / "assignment.parquet"
    other = tmp_path / "other.parquet"
    other.write_text("b")

    same = run_toy(divides, tmp_path, options=options, text="a", splits=str(made))
    changed = run_toy(divides, tmp_path, options=options, text="b", splits=str(made))
    foreign = run_toy(divides, tmp_path, options=options, text="a", splits=str(other))

    assert states(same) == {"divide": "reused"}
    assert sentences(same, "divide") == [
        f"Reused from run {first.id}: splits names what was made then."
    ]
    assert (states(changed), states(foreign)) == ({"divide": "succeeded"},) * 2


def test_another_champion_is_another_judgement(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    deploy(folder, 9, "sha of x")
    run_toy(judges, tmp_path, options=CHAMPION, name="a", champion=str(folder))
    deploy(folder, 10, "sha of y")

    second = run_toy(judges, tmp_path, options=CHAMPION, name="a", champion=str(folder))

    assert states(second) == {"fit": "reused", "judge": "succeeded"}
    assert "settings: what champion names has other content" in sentences(second, "judge")


def test_artifacts_are_shared_by_hard_links(tmp_path: Path) -> None:
    first = run_toy(write_and_copy, tmp_path)

    second = run_toy(write_and_copy, tmp_path)

    files = [run.artifact_path("write", "data") / "text" for run in (first, second)]
    assert files[0].samefile(files[1])


def test_metadata_of_an_input_is_part_of_the_key(tmp_path: Path) -> None:
    first = run_toy(judges, tmp_path, name="a")
    entry = next((tmp_path / "root/cache/fit").glob("*.json"))
    changed = json.loads(entry.read_text().replace("sha of a", "sha of z"))
    del changed[SEAL]
    entry.write_text(json.dumps(seal(changed)))

    second = run_toy(judges, tmp_path, name="a")

    assert sentences(second, "judge") == [
        f"Ran, because of what changed since run {first.id}:",
        'input model: metadata changed (model_sha256 "sha of a" -> "sha of z")',
    ]


def test_the_environment_of_a_container_is_part_of_the_key(tmp_path: Path) -> None:
    def coloured(colour: str) -> Any:
        @dsl.pipeline(name="coloured")
        def pipeline() -> None:
            say(text="a").set_env_variable("COLOUR", colour)

        return pipeline

    run_toy(coloured("red"), tmp_path)

    second = run_toy(coloured("blue"), tmp_path)

    assert 'environment: {"COLOUR": "red"} -> {"COLOUR": "blue"}' in sentences(second, "say")


def test_an_output_without_change_keeps_the_same_digest(tmp_path: Path) -> None:
    @dsl.pipeline(name="writes")
    def writes(text: str) -> None:
        write(text=text, answer="x")

    def digest(text: str) -> str | None:
        record = run_toy(writes, tmp_path, options={"cache": False}, text=text)
        return record.tasks["write"].outputs.artifacts["data"].digest

    assert digest("a") == digest("a")
    assert digest("a") != digest("b")
