"""Labels that look wrong, from a dataset to the table that a person decides in."""

import hashlib
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from sightline.ground.source.corrections import read_corrections
from sightline.stage.formats.dataset import CONFIRMED, Example
from tests.components.label_check.labelled import check, example, photographs


def slope(seed: int, *, upright: bool) -> bytes:
    """A picture that gets lighter from left to right, or from top to bottom, with noise."""
    ramp = np.tile(np.linspace(20, 200, 64), (64, 1))
    noise = np.random.default_rng(seed).normal(0, 25, (64, 64))
    pixels = np.clip((ramp.T if upright else ramp) + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def slopes(count: int = 15) -> list[Example]:
    """Two classes that pixels tell apart, and an upright one under `across`."""
    across = [example("across", slope(seed, upright=False)) for seed in range(count)]
    upright = [example("upright", slope(100 + seed, upright=True)) for seed in range(count)]
    return [*across, *upright, example("across", slope(999, upright=True), uri="odd.png")]


def test_a_picture_under_the_wrong_label_is_found_and_listed_to_decide_on(tmp_path: Path) -> None:
    found = check(tmp_path, slopes(), remove="nothing")

    finding = found.finding("wrong_labels")
    (row,) = read_corrections(str(tmp_path / "findings/suspects.csv"))
    assert finding["uris"] == ["odd.png"]
    assert "gross mistakes only" in finding["remedy"]
    assert (row.uri, row.given, row.suggested, row.decision) == (
        "odd.png",
        "across",
        "upright",
        "",
    )
    assert row.id == hashlib.sha256(slope(999, upright=True)).hexdigest()
    assert "nearest upright: " in row.evidence
    assert "nearest across: " in row.evidence


def test_the_page_shows_a_suspect_beside_its_nearest_of_both_classes(tmp_path: Path) -> None:
    check(tmp_path, slopes(), remove="nothing")

    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    odd = next(row for row in html.split("<tr") if "odd.png" in row)
    captions = re.findall("<figcaption>(.*?)</figcaption>", odd)
    assert captions == ["this image", "nearest upright", "nearest across"]


def test_without_suspects_the_page_lists_the_most_doubtful(tmp_path: Path) -> None:
    *others, _ = slopes()

    found = check(tmp_path, others, remove="nothing")

    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert found.status("wrong_labels")["status"] == "clean"
    assert html.count("<tr data-row") == 10
    assert "Not doubted enough" in html
    assert "No label looks wrong" in html
    assert "gross mistakes only" in html


def test_what_a_person_confirmed_is_not_asked_again(tmp_path: Path) -> None:
    *others, odd = slopes()

    found = check(tmp_path, [*others, replace(odd, review=CONFIRMED)])

    assert found.status("wrong_labels")["status"] == "clean"
    assert not (tmp_path / "findings/suspects.csv").exists()


def test_one_picture_under_two_labels_comes_first_where_no_model_can_judge(tmp_path: Path) -> None:
    cats, dogs = photographs("cat", 2), photographs("dog", 2, first=123)
    twin = replace(cats[0], labels=("dog",), uri="dog/twin.jpg")

    found = check(tmp_path, [*cats, *dogs, twin], fail_on="never")

    rows = read_corrections(str(tmp_path / "findings/suspects.csv"))
    assert {(row.given, row.suggested) for row in rows} == {("cat", "dog"), ("dog", "cat")}
    assert "Expected two classes" in found.status("wrong_labels")["reason"]


def test_labels_are_not_doubted_by_a_model_that_cannot_tell_them(tmp_path: Path) -> None:
    examples = [
        example(label, slope(number, upright=True))
        for number, label in enumerate(["cat", "dog"] * 15)
    ]

    reason = check(tmp_path, examples).status("wrong_labels")["reason"]

    assert "too seldom" in reason
    assert "Features of a backbone would tell more." in reason


def test_switched_off_it_says_so(tmp_path: Path) -> None:
    reason = check(tmp_path, slopes(6), wrong_labels="off").status("wrong_labels")["reason"]

    assert reason == "label_check.wrong_labels is off."


def test_the_table_holds_the_gravest_suspects_up_to_the_bound(tmp_path: Path) -> None:
    more = [example("across", slope(2000 + seed, upright=True)) for seed in range(3)]

    found = check(tmp_path, [*slopes(30), *more], max_suspects=2)

    assert len(found.finding("wrong_labels")["ids"]) == 4
    assert len(read_corrections(str(tmp_path / "findings/suspects.csv"))) == 2
