import json
import math
from pathlib import Path
from typing import Any, Literal

import pytest
from structlog.testing import capture_logs

from sightline.ground.errors import DataError, SettingsError
from sightline.ground.ports import (
    Facts,
    InputDataset,
    OutputDataset,
    OutputReport,
    OutputText,
    ResumableModel,
)
from sightline.ground.settings import StageSettings, TextList
from sightline.stage import log
from sightline.stage.command import execute, local_path, parse, run
from sightline.stage.report.page import Page
from sightline.stage.report.warned import read_warnings


class CountSettings(StageSettings):
    """How to count."""

    limit: int = 3
    """Most words to count."""
    strict: bool = False
    """Whether to refuse longer texts."""
    mode: Literal["words", "lines"] = "words"
    """What to count."""
    skip: TextList = ()
    """Words to leave out."""


def doubt(*, report: OutputReport, settings: CountSettings) -> Facts:
    """Warn on the page."""
    page = Page(title="doubt")
    page.notice("warning", "Few words.", detail="Write more.")
    page.write(report)
    return {"report": {"num_findings": 1}}


def count(
    *,
    dataset: InputDataset,
    counted: OutputDataset,
    report: OutputReport,
    verdict: OutputText,
    settings: CountSettings,
) -> Facts:
    """Count words."""
    words = [word for word in dataset.read_text().split() if word not in settings.skip]
    if settings.strict and len(words) > settings.limit:
        raise DataError(f"expected {settings.limit} words, received {len(words)}; shorten it.")
    counted.write_text(str(len(words)))
    verdict.write_text("deploy")
    return {"counted": {"num_words": len(words)}}


def executor_input(root: Path, **parameters: Any) -> dict[str, Any]:
    """A message as Kubeflow's driver writes it."""

    def artifact(name: str, kind: str) -> dict[str, Any]:
        return {
            "artifacts": [
                {
                    "name": name,
                    "type": {"schemaTitle": f"system.{kind}", "schemaVersion": "0.0.1"},
                    "uri": str(root / name),
                    "metadata": {"display_name": name},
                }
            ]
        }

    return {
        "inputs": {
            "parameterValues": parameters,
            "artifacts": {"dataset": artifact("dataset", "Dataset")},
        },
        "outputs": {
            "parameters": {"verdict": {"outputFile": str(root / "out/verdict")}},
            "artifacts": {
                "counted": artifact("out/counted", "Dataset"),
                "report": artifact("out/report", "HTML"),
            },
            "outputFile": str(root / "out/executor_output.json"),
        },
    }


def test_flags_and_executor_input_call_the_stage_alike(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("one two three")
    message = executor_input(tmp_path, limit=5.0, skip='["two"]')
    flags = ["--dataset", str(tmp_path / "dataset"), "--counted", str(tmp_path / "a/counted")]
    flags += ["--report", str(tmp_path / "a/report"), "--verdict", str(tmp_path / "a/verdict")]

    from_message = execute(count, parse(count, ["--executor-input", json.dumps(message)]))
    from_flags = execute(count, parse(count, [*flags, "--limit", "5", "--skip", '["two"]']))

    assert from_message == from_flags == {"counted": {"num_words": 2}}
    assert (tmp_path / "a/counted").read_text() == (tmp_path / "out/counted").read_text() == "2"


def test_the_executor_output_carries_artifacts_metadata_and_parameters(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("one two")
    message = executor_input(tmp_path)

    execute(count, parse(count, ["--executor-input", json.dumps(message)]))

    output = json.loads((tmp_path / "out/executor_output.json").read_text())
    counted = output["artifacts"]["counted"]["artifacts"][0]
    assert counted["uri"] == str(tmp_path / "out/counted")
    assert counted["metadata"] == {"display_name": "out/counted", "num_words": 2}
    assert output["parameterValues"] == {"verdict": "deploy"}


def test_a_declared_output_that_the_stage_did_not_write_gets_a_file(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("one")
    message = executor_input(tmp_path)

    execute(count, parse(count, ["--executor-input", json.dumps(message)]))

    assert json.loads((tmp_path / "out/report").read_text()) == {}


@pytest.mark.parametrize(("text", "fails"), [("true", True), ("false", False)])
def test_booleans_travel_as_words(tmp_path: Path, text: str, fails: bool) -> None:
    (tmp_path / "dataset").write_text("one two three four")
    call = parse(count, ["--executor-input", json.dumps(executor_input(tmp_path, strict=text))])

    if fails:
        with pytest.raises(DataError, match="expected 3 words, received 4"):
            execute(count, call)
    else:
        assert execute(count, call) == {"counted": {"num_words": 4}}


def test_a_failed_stage_exits_with_2_and_leaves_no_output(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("one two three four")
    message = executor_input(tmp_path, strict=True)

    with pytest.raises(SystemExit) as exit_info:
        run(count, ["--executor-input", json.dumps(message)])

    assert exit_info.value.code == 2
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name[0] != "."] == []


def test_a_failed_stage_leaves_nothing_half_written_beside_its_outputs(tmp_path: Path) -> None:
    def write(*, counted: OutputDataset, model: ResumableModel, settings: CountSettings) -> Facts:
        """Write."""
        counted.mkdir()
        model.mkdir()
        raise DataError("expected more; received less. Add some.")

    write.__annotations__ = {
        "counted": OutputDataset,
        "model": ResumableModel,
        "settings": CountSettings,
    }
    flags = ["--counted", str(tmp_path / "counted"), "--model", str(tmp_path / "model")]

    with pytest.raises(DataError):
        execute(write, parse(write, flags))

    assert [path.name for path in tmp_path.iterdir()] == [".model.partial"]


def test_metadata_without_a_value_is_left_out_and_named(tmp_path: Path) -> None:
    def measure(*, counted: OutputDataset, settings: CountSettings) -> Facts:
        """Measure."""
        curve = [{"threshold": math.inf}]
        return {"counted": {"loss": math.nan, "best": None, "curve": curve, "epochs": 3}}

    measure.__annotations__ = {"counted": OutputDataset, "settings": CountSettings}
    message = {
        "inputs": {},
        "outputs": {
            "artifacts": {"counted": {"artifacts": [{"uri": str(tmp_path / "counted")}]}},
            "outputFile": str(tmp_path / "output.json"),
        },
    }

    with capture_logs() as events:
        execute(measure, parse(measure, ["--executor-input", json.dumps(message)]))

    output = json.loads((tmp_path / "output.json").read_text())
    assert output["artifacts"]["counted"]["artifacts"][0]["metadata"] == {"epochs": 3}
    assert json.loads((tmp_path / "counted").read_text()) == {"epochs": 3}
    assert "counted.loss, counted.best, counted.curve" in [e.get("names") for e in events]


def test_an_unknown_choice_is_refused_in_the_words_of_the_setting(tmp_path: Path) -> None:
    call = parse(count, ["--executor-input", json.dumps(executor_input(tmp_path, mode="bytes"))])

    with pytest.raises(
        SettingsError,
        match=r"executor input: `count\.mode`: expected words or lines",
    ):
        execute(count, call)


def test_a_wrong_flag_is_named_with_what_it_takes(tmp_path: Path) -> None:
    ports = [f"--{name}={tmp_path / name}" for name in ("dataset", "counted", "report", "verdict")]
    call = parse(count, [*ports, "--mode", "bytes"])

    with pytest.raises(SettingsError, match=r"--mode: `count\.mode`: expected words or lines"):
        execute(count, call)


def test_missing_flags_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"expected --counted, --report, --verdict"):
        parse(count, ["--dataset", str(tmp_path)])


def test_a_resumable_output_keeps_what_an_interrupted_attempt_left(tmp_path: Path) -> None:
    def train(*, model: ResumableModel, settings: CountSettings) -> Facts:
        """Train."""
        model.mkdir(exist_ok=True)
        epochs = len(list(model.iterdir()))
        (model / f"epoch-{epochs}").touch()
        if epochs == 0:
            raise KeyboardInterrupt
        return {"model": {"epochs": epochs + 1}}

    train.__annotations__ = {"model": ResumableModel, "settings": CountSettings}
    call = parse(train, ["--model", str(tmp_path / "model")])
    with pytest.raises(KeyboardInterrupt):
        execute(train, call)
    assert not (tmp_path / "model").exists()

    facts = execute(train, call)

    assert facts == {"model": {"epochs": 2}}
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["epoch-0", "epoch-1"]


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("gs://bucket/run/model", "/gcs/bucket/run/model"),
        ("s3://bucket/model", "/s3/bucket/model"),
        ("minio://mlpipeline/v2/model", "/minio/mlpipeline/v2/model"),
        ("/local/model", "/local/model"),
    ],
)
def test_uris_become_the_paths_where_clusters_mount_them(uri: str, path: str) -> None:
    assert local_path(uri) == Path(path)


def test_what_a_page_warns_of_is_logged_and_stands_in_the_metadata(tmp_path: Path) -> None:
    with capture_logs() as logs:
        facts = execute(doubt, parse(doubt, ["--report", str(tmp_path / "report")]))

    assert facts == {"report": {"num_findings": 1, "warnings": ["Few words. Write more."]}}
    warned = [log["event"] for log in logs if log["log_level"] == "warning"]
    assert warned == ["Few words. Write more."]


def late(*, report: OutputReport, settings: CountSettings) -> Facts:
    """Warn before and after the page is written."""
    log.warning("Early <b>. Look.")
    doubt(report=report, settings=settings)
    log.warning("Late, at https://me:planted@host/. Look.")
    log.warning("Few words. Write more.")
    return {}


def test_a_warning_without_a_page_of_its_own_reaches_page_and_metadata(tmp_path: Path) -> None:
    with capture_logs() as logs:
        facts = execute(late, parse(late, ["--report", str(tmp_path / "report")]))

    said = ["Few words. Write more.", "Early <b>. Look.", "Late, at https://hidden@host/. Look."]
    page = (tmp_path / "report").read_text(encoding="utf-8")
    assert facts["report"]["warnings"] == list(read_warnings(tmp_path / "report")) == said
    assert page.count("<strong>Early &lt;b&gt;.</strong></p><p>Look.</p>") == 1
    assert "planted" not in page
    warned = [one["event"] for one in logs if one["log_level"] == "warning"]
    assert len(warned) == len(set(warned)) == 3


def test_a_failure_says_what_the_stage_warned_of_before_it(tmp_path: Path) -> None:
    def fail(*, report: OutputReport, settings: CountSettings) -> Facts:
        """Warn, then end."""
        log.warning("No GPU. Set one.")
        raise DataError("photos: expected images.")

    fail.__annotations__ = {"report": OutputReport, "settings": CountSettings}

    with pytest.raises(DataError, match=r"expected images\. Before that .* warned: No GPU\. Set"):
        execute(fail, parse(fail, ["--report", str(tmp_path / "report")]))
