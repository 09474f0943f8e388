import json
import threading

import pytest
import structlog
from structlog.testing import capture_logs

from sightline.stage import log
from sightline.stage.log import Pace, audible
from tests.sightline.own_process import modules_after


def test_a_phase_that_says_nothing_is_heard_all_the_same() -> None:
    with capture_logs() as lines, audible("training", every_seconds=0.01):
        while not lines:
            threading.Event().wait(0.01)

    assert (lines[0]["event"], lines[0]["what"]) == ("working", "training")


def test_a_loop_speaks_no_more_often_than_it_should() -> None:
    assert not Pace(every_seconds=3600).is_due()
    assert Pace(every_seconds=0).is_due()


def test_no_event_holds_a_password_or_a_signature(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        log.configure("ingest")
        log.event("started", settings={"source": ["https://me:pass@host/a.zip?sig=abc&v=1"]})
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()

    told = json.loads(capsys.readouterr().err)
    assert told["settings"] == {"source": ["https://hidden@host/a.zip?sig=hidden&v=1"]}


def test_what_a_stage_says_takes_no_library_for_pretty_terminals() -> None:
    alone = modules_after("import sightline.stage.log")
    after = modules_after("import sightline.stage.log, rich.console")

    assert "structlog" in alone
    assert "rich" not in alone
    assert "rich.console" in after
