"""The webhook: what is sent, when, and that its address is told to nobody."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.notify.message import Message, browser_address, cut, message_of, plain, slack
from components.notify.settings import NotifySettings
from components.notify.stage import is_wanted
from components.notify.summary import Change, Summary
from components.notify.webhook import PATIENCE, WebhookError, find_address, post
from sightline.ground.headlines.headline import Figure
from sightline.ground.outcome import Outcome
from sightline.stage.report.warned import read_warnings
from tests.certificate import write_certificate
from tests.components.ingest.web import loopback
from tests.components.notify.ended_runs import RUNS, Runs

SECRET = "/services/T0/B0/xyzzy"
QUICK = replace(PATIENCE, pause_seconds=0.05, longest_wait_seconds=1)
SUMMARY = Summary(
    name="flowers",
    run="20261122-080000-abc",
    state="succeeded",
    outcome=Outcome(
        decision="deploy",
        reasons=("Test accuracy is 0.990 <0.95>.",),
        headline=(Figure(name="f1", label="Test F1", value=0.99, low=0.96, high=1.0),),
        num_test_images=1970,
        num_images=17970,
        num_refused=2,
        version=4,
    ),
    compared_with="20261121-080000-abc",
    changes=(Change(kind="images", text="+12 images (17,958 → 17,970)"),),
    reports={"evaluate": "gs://bucket/runs/1/evaluate/report", "train": "/runs/1/train/report"},
    link="https://kubeflow.example/run/1",
)


@dataclass
class Channel:
    """What a server on loopback received, and what it answers in turn."""

    answers: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    received: list[tuple[str, Any]] = field(default_factory=list)
    address: str = ""

    def handler(channel) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                channel.received.append((self.path, json.loads(body)))
                time.sleep(channel.wait_seconds)
                number = min(len(channel.received), len(channel.answers)) - 1
                self.send_response(channel.answers[number])
                for name, value in channel.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output free of requests."""

        return Handler


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    channel = Channel()
    with loopback(channel.handler()) as address:
        channel.address = address + SECRET
        monkeypatch.setenv("CHANNEL", channel.address)
        yield channel


def test_the_message_is_sent_once_to_the_address_in_the_variable(channel: Channel) -> None:
    post("env:CHANNEL", slack(message_of(SUMMARY)), QUICK)

    [(path, body)] = channel.received
    assert path == SECRET
    assert body["text"].startswith("flowers: succeeded, version 4 is live\n")
    assert body["blocks"][0]["text"]["text"] == "flowers: succeeded, version 4 is live"


def test_the_address_may_stand_in_a_file(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f"{channel.address}\n")

    post(str(tmp_path / "address"), {"text": "hello"}, QUICK)

    assert channel.received == [(SECRET, {"text": "hello"})]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_passing_error_is_tried_again(channel: Channel, status: int) -> None:
    channel.answers = [status, status, 200]

    post("env:CHANNEL", {}, QUICK)

    assert len(channel.received) == 3


def test_the_wait_that_a_server_asks_for_is_kept_up_to_a_limit(channel: Channel) -> None:
    channel.answers, channel.headers = [429, 200], {"Retry-After": "3600"}

    post("env:CHANNEL", {}, QUICK)

    assert len(channel.received) == 2


@pytest.mark.parametrize(
    ("answers", "tries", "words"),
    [
        ([500], 3, "the server answered with status 500"),
        ([404], 1, "the server answered with status 404"),
        ([302], 1, r"the server redirects \(status 302\); write the final address"),
    ],
)
def test_a_server_that_does_not_take_the_message_is_named_by_its_status(
    channel: Channel, answers: list[int], tries: int, words: str
) -> None:
    channel.answers, channel.headers = answers, {"Location": "http://127.0.0.1:1/elsewhere"}

    with pytest.raises(WebhookError, match=f"^env:CHANNEL: {words}$"):
        post("env:CHANNEL", {}, QUICK)

    assert len(channel.received) == tries


def test_a_server_that_is_slow_is_given_up_after_three_tries(channel: Channel) -> None:
    channel.wait_seconds = 1.0

    with pytest.raises(WebhookError, match=r"^env:CHANNEL: no answer in time$"):
        post("env:CHANNEL", {}, replace(QUICK, answer_seconds=0.3))

    assert len(channel.received) == 3


def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANNEL", f"http://127.0.0.1:1{SECRET}")

    with pytest.raises(WebhookError, match=r"^env:CHANNEL: no connection to the server$"):
        post("env:CHANNEL", {}, QUICK)


def test_a_certificate_that_no_system_knows_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path / "certificate.pem")

    with loopback(Channel().handler(), certificate=certificate) as address:
        monkeypatch.setenv("CHANNEL", address + SECRET)
        with pytest.raises(WebhookError, match=r"^env:CHANNEL: the server's certificate was not"):
            post("env:CHANNEL", {}, QUICK)


def test_a_proxy_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("CHANNEL", f"http://hooks.example{SECRET}")

    with pytest.raises(WebhookError, match=r"^env:CHANNEL: the proxy could not be reached$"):
        post("env:CHANNEL", {}, QUICK)


def test_an_address_that_no_client_can_use_is_said_without_being_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHANNEL", f"http://.example{SECRET}")

    with pytest.raises(WebhookError) as caught:
        post("env:CHANNEL", {}, QUICK)

    assert str(caught.value) == "env:CHANNEL: the address cannot be used (InvalidURL)"


@pytest.mark.parametrize(
    "text",
    [
        "ftp://host/x",
        "https:///xyzzy",
        "hooks.example/xyzzy",
        "https://a/xyzzy https://b/",
        "https://[/",
    ],
)
def test_a_text_that_is_no_address_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("CHANNEL", text)

    with pytest.raises(WebhookError) as caught:
        find_address("env:CHANNEL")

    assert str(caught.value).startswith("env:CHANNEL holds no http:// or https:// address")
    assert text not in str(caught.value)


def test_a_variable_that_is_not_set_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(WebhookError, match="environment variable ABSENT is not set in the task"):
        find_address("env:ABSENT")
    with pytest.raises(WebhookError, match=r"absent could not be read \(FileNotFoundError"):
        find_address(str(tmp_path / "absent"))


@pytest.mark.parametrize(
    "value", ["https://hooks.slack.com/services/T0", "HTTP://x", "/here/hooks.slack.com/services/x"]
)
def test_an_address_in_the_settings_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NotifySettings(webhook=value)

    [issue] = caught.value.errors()
    assert "put it into an environment variable and write env:NAME" in issue["msg"]
    assert value not in issue["msg"]


def test_a_variable_without_a_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="such as env:SLACK_WEBHOOK"):
        NotifySettings(webhook="env:")


@pytest.mark.parametrize("answer", [200, 404, 500])
def test_the_address_is_in_no_log_and_no_output_and_the_exit_code_is_0(
    channel: Channel, tmp_path: Path, answer: int
) -> None:
    channel.answers = [answer]
    folder = tmp_path / "runs/20261122-080000-abc/artifacts/notify"
    command = [sys.executable, "-m", "components.notify", "--webhook", "env:CHANNEL"]
    status = json.dumps({"state": "SUCCEEDED"})
    ports = ["--summary", str(folder / "summary"), "--report", str(folder / "report")]

    done = subprocess.run(
        [*command, *ports, "--status", status], capture_output=True, text=True, check=False
    )

    written = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    said = "called" if answer == 200 else f"failed: env:CHANNEL: the server answered with status {answer}"  # fmt: skip # noqa: E501
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "summary/summary.json").read_text())
    told = [] if answer == 200 else [f"The webhook was not called: {said.partition(': ')[2]}"]
    assert summary["webhook"] == said
    assert [one["text"].partition(". ")[0] for one in summary["outcome"]["warnings"]] == told
    assert [text.partition(". ")[0] for text in read_warnings(folder / "report")] == told
    assert not any("xyzzy" in text for text in (done.stdout, done.stderr, *written))


def test_an_address_on_the_command_line_is_refused_and_not_logged(tmp_path: Path) -> None:
    flags = ["--webhook", f"https://host{SECRET}", "--status", "{}", "--summary", "s"]

    done = subprocess.run(
        [sys.executable, "-m", "components.notify", *flags, "--report", "r"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 2
    assert "received an address" in done.stderr
    assert "xyzzy" not in done.stderr


def test_retries_are_not_logged_by_the_library(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    channel.answers = [500, 200]

    with caplog.at_level(logging.DEBUG):
        post("env:CHANNEL", {}, QUICK)

    assert "xyzzy" not in caplog.text


@pytest.mark.parametrize(
    ("on", "state", "changes", "compared_with", "wanted"),
    [
        ("always", "succeeded", [], "1", True),
        ("failure", "succeeded", ["figure"], "1", False),
        ("failure", "failed", [], "1", True),
        ("change", "succeeded", [], "1", False),
        ("change", "succeeded", ["settings", "version"], "1", False),
        ("change", "succeeded", ["images"], "1", True),
        ("change", "succeeded", ["state"], "1", True),
        ("change", "succeeded", [], "", True),
        ("change", "failed", [], "1", True),
    ],
)
def test_the_webhook_is_called_when_the_settings_ask_for_it(
    on: str, state: str, changes: list[str], compared_with: str, wanted: bool
) -> None:
    summary = Summary(
        run="2",
        state=state,
        compared_with=compared_with,
        changes=tuple(Change.model_validate({"kind": kind, "text": ""}) for kind in changes),
    )

    assert is_wanted(summary, NotifySettings(webhook="env:X", on=on)) is wanted  # type: ignore[arg-type]


def test_a_webhook_that_was_not_called_says_why(tmp_path: Path, channel: Channel) -> None:
    runs, run = Runs(tmp_path), RUNS["here"][0]

    summary = runs.notify(run, webhook="env:CHANNEL", on="failure")

    assert summary["webhook"] == "not called: notify.on is failure"
    assert channel.received == []


def test_the_text_names_every_fact_and_address() -> None:
    assert plain(message_of(SUMMARY)).splitlines() == [
        "flowers: succeeded, version 4 is live",
        "Decision: deploy. Test accuracy is 0.990 <0.95>.",
        "Test F1: 0.990 (0.960 to 1.000) on 1,970 test images",
        "Images: 17,970, 2 refused",
        "Live model: version 4",
        "Changed: +12 images (17,958 → 17,970) (since run 20261121-080000-abc)",
        "Run: 20261122-080000-abc",
        "the run: https://kubeflow.example/run/1",
        "evaluate: gs://bucket/runs/1/evaluate/report",
        "train: /runs/1/train/report",
    ]


def test_the_blocks_keep_to_what_slack_takes() -> None:
    long = SUMMARY.model_copy(update={"state": "failed", "message": "<!channel> & " * 500})

    blocks = slack(message_of(long))["blocks"]

    texts = [block["text"]["text"] for block in blocks if "text" in block]
    assert blocks[0]["type"] == "header" and len(texts[0]) <= 150
    assert all(len(text) <= 3000 for text in texts)
    assert all(len(block.get("fields", [])) <= 10 for block in blocks)
    assert "&lt;!channel&gt; &amp;" in texts[1]
    assert "<https://storage.cloud.google.com/bucket/runs/1/evaluate/report|evaluate>" in texts[-1]
    assert "train: /runs/1/train/report" in texts[-1]


@pytest.mark.parametrize(("reported", "word"), [("PAUSED", "PAUSED"), ("", "nothing")])
def test_a_state_that_is_not_known_is_a_fact_in_the_engines_words(reported: str, word: str) -> None:
    message = message_of(Summary(run="1", state="unknown", reported_state=reported))

    assert message.facts["State"] == f"not known: the engine reports {word}"


@pytest.mark.parametrize(("length", "beside"), [(80, True), (81, False)])
def test_a_long_fact_has_a_block_of_its_own(length: int, beside: bool) -> None:
    text = "x" * length
    message = Message(title="done", facts={"State": "fine", "Why": text}, links={})

    header, facts, *others = slack(message)["blocks"]

    fields = [field["text"] for field in facts["fields"]]
    assert header["text"]["text"] == "done"
    assert fields == ["*State*\nfine", *[f"*Why*\n{text}"] * beside]
    assert [block["text"]["text"] for block in others] == [f"*Why*\n{text}"] * (not beside)


def test_a_text_is_cut_to_just_the_length_that_slack_takes() -> None:
    assert cut("x" * 150, 150) == "x" * 150
    assert cut("x" * 151, 150) == "x" * 149 + "…"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("gs://bucket/a b/report", "https://storage.cloud.google.com/bucket/a%20b/report"),
        ("https://example.com/run", "https://example.com/run"),
        ("http://localhost/run", "http://localhost/run"),
        ("s3://bucket/report", ""),
        ("/runs/report", ""),
    ],
)
def test_a_browser_is_given_what_it_can_open(address: str, found: str) -> None:
    assert browser_address(address) == found


@pytest.mark.parametrize(
    ("state", "outcome", "words"),
    [
        ("failed", Outcome(), "failed"),
        ("cancelled", Outcome(), "was cancelled"),
        ("unknown", Outcome(), "ended"),
        ("succeeded", Outcome(decision="hold"), "succeeded, the model is held"),
        ("succeeded", Outcome(decision="deploy"), "succeeded, decision: deploy"),
        ("succeeded", Outcome(decision="deploy", version=3, held_back="It was rolled back."),
         "succeeded, the model was held back by deploy"),
        ("succeeded", Outcome(decision="hold", version=3, version_from="x"),
         "succeeded, the model is held"),
    ],
)  # fmt: skip
def test_the_headline_says_what_became_of_the_model(
    state: str, outcome: Outcome, words: str
) -> None:
    summary = Summary(run="1", state=state, outcome=outcome)

    assert message_of(summary).title == f"1: {words}"
