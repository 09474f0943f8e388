"""`sightline models`: what people and programs are told of versions, and what they can do."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.ground.models.model_folder import live_number
from sightline.stage.formats.bundle import read_info, write_info
from sightline.stage.registry.canary import order_of
from tests.bundles import add_version
from tests.sightline.command_line import sightline

LINEAGE = {
    "run": "20261127-2240-flowers",
    "dataset_fingerprint": "0123456789abcdef",
    "num_test_images": 1234,
    "headline": [{"name": "accuracy", "label": "Test accuracy", "value": 0.972}],
    "settings": {"train.recipe": "frozen", "train.seed": 7},
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    for number in (1, 2, 3):
        add_version(folder, number)
    place = folder / "3"
    write_info(place, replace(read_info(place), lineage=LINEAGE))
    return folder


def test_versions_are_listed_with_aliases_figures_data_run_and_last_note(models: Path) -> None:
    sightline("models", "note", "3", "Good at night.", "--folder", models)
    sightline("models", "rollback", "--folder", models)
    sightline("models", "promote", "3", "--share", "0.25", "--folder", models)

    listed = sightline("models", "list", "--folder", models)

    first, *rows = [line.split() for line in listed.out.splitlines()]
    assert first == ["Version", "Standing", "Alias", "Since", "Figure", "Data", "Run", "Note"]
    assert [row[0] for row in rows] == ["3", "2", "1"]
    assert rows[0][1:3] == ["challenger", "challenger"]
    assert rows[1][1:3] == ["live", "champion"]
    assert rows[2][1:3] == ["earlier", "previous"]
    assert "Test accuracy 0.972" in listed.out
    assert "0123456789ab" in listed.out
    assert "Good at night." in listed.out
    order = order_of(models)
    assert order is not None
    assert (order.version, order.share) == (3, 0.25)


def test_a_version_is_shown_with_where_it_comes_from_and_what_happened(models: Path) -> None:
    sightline("models", "rollback", "--folder", models)

    shown = sightline("models", "show", "3", "--folder", models).out

    assert "3 (rolled back)" in shown
    assert "20261127-2240-flowers" in shown
    assert "0.972 on 1,234 test images" in shown
    assert "train.recipe" in shown
    assert "taken out of service (rollback)" in shown
    facts = json.loads(sightline("models", "show", "3", "--folder", models, "--json").out)
    assert facts["dataset_fingerprint"] == LINEAGE["dataset_fingerprint"]
    assert [line["action"] for line in facts["history"]] == ["deploy", "rollback"]


def test_a_version_from_before_lineage_says_that_it_is_not_known(models: Path) -> None:
    shown = sightline("models", "show", "previous", "--folder", models).out

    assert [line.split() for line in shown.splitlines() if line.startswith(("Run", "Data"))] == [
        ["Run", "not", "known"],
        ["Data", "not", "known"],
    ]


def test_a_version_that_cannot_be_read_is_listed_as_that(models: Path) -> None:
    (models / "2/bundle.json").write_text("{")

    listed = sightline("models", "list", "--folder", models)
    shown = sightline("models", "show", "2", "--folder", models)

    assert "cannot be read" in listed.out
    assert "Problem" in shown.out


def test_what_was_rolled_back_is_promoted_and_both_are_said(models: Path) -> None:
    back = sightline("models", "rollback", "--to", "1", "--folder", models)
    again = sightline("models", "promote", "3", "--folder", models)

    assert back.out == "Version 1 is live again; versions 3, 2 are set aside.\n"
    assert again.out == "Version 3 is live in place of version 1.\n"
    assert live_number(models) == 3


def test_rolling_a_challenger_back_says_who_answers(models: Path) -> None:
    sightline("models", "promote", "previous", "--share", "0.1", "--folder", models)

    done = sightline("rollback", models)

    assert done.out == "Challenger 2 is taken back; version 3 answers everything.\n"


def test_nothing_is_deleted_where_nobody_can_be_asked(models: Path) -> None:
    refused = sightline("models", "delete", "1", "--folder", models)
    done = sightline("models", "delete", "1", "--yes", "--folder", models)

    assert (refused.code, "expected --yes" in refused.err) == (2, True)
    assert done.out == f"Removed from {models}: 1.\n"
    assert not (models / "1").exists()


def test_the_live_version_is_not_deleted(models: Path) -> None:
    refused = sightline("models", "delete", "champion", "--yes", "--folder", models)

    assert refused.code == 2
    assert "version 3 is live" in refused.err


def test_an_empty_folder_says_how_a_version_comes_there(tmp_path: Path) -> None:
    listed = sightline("models", "list", "--folder", tmp_path / "none")

    assert "No versions yet" in listed.out
    assert "sightline run" in listed.out
