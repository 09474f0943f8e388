"""A run as an object, from its record alone."""

from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.notebook.run import Run
from sightline.targets.local.settings import LocalTarget
from sightline.views.page import write_page
from tests.sightline.run_records import finished_run


def test_what_was_decided_for_the_user_stands_on_the_run_and_its_card(tmp_path: Path) -> None:
    run = Run(finished_run(tmp_path), LocalTarget(), ["champion: version 12 <is live>."])

    assert run.notes == ("champion: version 12 <is live>.",)
    assert "<p>champion: version 12 &lt;is live&gt;.</p>" in run._repr_html_()


def test_the_page_of_a_task_is_where_the_runs_page_puts_it(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    write_page(record)

    run = Run(record, LocalTarget())

    assert run.report().path == record.folder / "report.html"
    assert run.report("train").path.is_file()


def test_a_file_that_no_artifact_has_is_told_with_how_many_there_are(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    with pytest.raises(
        UserError, match=r"expected an artifact with history\.csv, found none among"
    ):
        Run(record, LocalTarget()).history()
