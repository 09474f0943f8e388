import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.corrections import Correction, read_corrections, write_corrections
from tests.sightline.command_line import sightline

ROWS = [
    Correction(id="aa", given="rose", suggested="daisy", score=0.5, split="train"),
    Correction(id="bb", given="daisy", suggested="rose"),
    Correction(id="cc", given="rose", suggested="daisy"),
    Correction(id="dd", given="rose", suggested="daisy"),
    Correction(id="ee", given="rose", suggested="tulip"),
]
Written = Callable[[list[Correction]], list[dict[str, Any]]]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Write suspects for FiftyOne and return the samples."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    def write(rows: list[Correction]) -> list[dict[str, Any]]:
        for row in rows:
            Path(f"{row.id}.jpg").write_bytes(b"")
        named = [replace(row, uri=f"{tmp_path}/{row.id}.jpg") for row in rows]
        write_corrections(Path("suspects.csv"), named)
        ended = sightline("data", "suspects", "suspects.csv", "suspects", "--for", "fiftyone")
        assert ended.code == 0, ended.err
        samples: list[dict[str, Any]] = json.loads(Path("suspects/samples.json").read_text())[
            "samples"
        ]
        return samples

    return write


def give_back(samples: list[dict[str, Any]]) -> None:
    """Write what FiftyOne exports, with what lies beside it."""
    Path("decided").mkdir()
    Path("decided/metadata.json").write_text('{"version": "1.0", "name": "suspects"}')
    Path("decided/samples.json").write_text(json.dumps({"samples": samples}))


def test_samples_show_both_labels_and_tags_to_filter_by(written: Written, tmp_path: Path) -> None:
    sample = written(ROWS)[0]

    assert sample["filepath"] == f"{tmp_path}/aa.jpg"
    assert sample["tags"] == ["suspect", "train"]
    assert sample["ground_truth"] == {"_cls": "Classification", "label": "rose"}
    assert sample["suggested"] == {"_cls": "Classification", "label": "daisy", "confidence": 0.5}
    metadata = json.loads(Path("suspects/metadata.json").read_text())
    assert metadata["info"] == {"default_classes": ["daisy", "rose", "tulip"]}
    # With a version, FiftyOne would expect a whole schema of that release.
    assert "version" not in metadata


def test_tags_and_changed_labels_are_read_as_corrections(written: Written) -> None:
    samples = written(ROWS)
    samples[0]["tags"].append("relabel")
    samples[1]["ground_truth"]["tags"] = ["keep"]
    samples[2]["tags"].append("drop")
    samples[4]["ground_truth"]["label"] = "daisy"
    give_back(samples)

    found = read_corrections("decided")

    assert [(row.id, row.decision) for row in found] == [
        ("aa", "relabel"), ("bb", "keep"), ("cc", "drop"), ("dd", ""), ("ee", "relabel"),
    ]  # fmt: skip
    assert [found[0].new_label, found[4].new_label] == ["daisy", "daisy"]
    assert found[4].place.endswith("samples.json, sample 5")
    assert read_corrections("decided/samples.json") == found


def test_what_was_decided_before_comes_back(written: Written) -> None:
    rows = [
        Correction(id="aa", given="rose", suggested="daisy", decision="relabel", label="tulip"),
        Correction(id="bb", given="rose", suggested="daisy", decision="relabel"),
        Correction(id="cc", given="rose", suggested="daisy", decision="drop"),
    ]
    give_back(written(rows))

    found = read_corrections("decided")

    assert [(row.id, row.decision, row.new_label) for row in found[:2]] == [
        ("aa", "relabel", "tulip"),
        ("bb", "relabel", "daisy"),
    ]
    assert found[2].decision == "drop"


def test_several_labels_of_an_image_are_several_in_fiftyone(written: Written) -> None:
    samples = written([Correction(id="aa", given="cat; dog"), Correction(id="bb", given="dog")])
    assert [one["label"] for one in samples[0]["ground_truth"]["classifications"]] == ["cat", "dog"]

    samples[0]["ground_truth"]["classifications"].reverse()
    samples[1]["ground_truth"]["classifications"].append({"label": "cat"})
    give_back(samples)

    found = read_corrections("decided")
    assert [(row.decision, row.label) for row in found] == [("", ""), ("relabel", "dog; cat")]


def test_copies_under_two_labels_are_shown_where_each_lies(written: Written) -> None:
    written([Correction(id="aa", given="rose"), Correction(id="bb", given="daisy")])
    places = [str(Path(f"{name}.jpg").absolute()) for name in ("aa", "bb")]
    copies = [
        Correction(id="cc", uri=uri, given=given)
        for uri, given in zip(places, ("rose", "daisy"), strict=True)
    ]
    write_corrections(Path("copies.csv"), copies)

    ended = sightline("data", "suspects", "copies.csv", "copies", "--for", "fiftyone")

    assert ended.code == 0, ended.err
    samples = json.loads(Path("copies/samples.json").read_text())["samples"]
    assert [one["filepath"] for one in samples] == places


def test_two_tags_of_a_sample_are_refused_by_its_number(written: Written) -> None:
    samples = written(ROWS)
    samples[1]["tags"] += ["drop", "keep"]
    give_back(samples)

    with pytest.raises(DataError, match="sample 2 is tagged keep and drop, expected one of them"):
        read_corrections("decided")


def test_keep_and_another_label_contradict_each_other(written: Written) -> None:
    samples = written(ROWS)
    samples[0]["tags"].append("keep")
    samples[0]["ground_truth"]["label"] = "tulip"
    give_back(samples)

    with pytest.raises(DataError, match="sample 1 is tagged keep, and ground_truth is another"):
        read_corrections("decided")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"classes": ["rose"], "labels": {"1": 0}}', "no list of samples"),
        ('{"samples": [{"filepath": "1.jpg"}]}', "sample 1 without sightline_id"),
    ],
)
def test_another_dataset_of_fiftyone_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "labels.json").write_text(text)

    with pytest.raises(DataError, match=rf"labels\.json: expected an export .* FiftyOne.*{said}"):
        read_corrections(str(tmp_path))


def test_images_that_lie_elsewhere_are_refused_without_a_run(written: Written) -> None:
    written(ROWS[:1])
    write_corrections(Path("far.csv"), [Correction(id="aa", uri="gs://bucket/1.jpg", given="rose")])

    ended = sightline("data", "suspects", "far.csv", "far", "--for", "fiftyone")

    assert ended.code == 2
    assert "gs://bucket/1.jpg" in ended.err
    assert "Name the run" in ended.err
    again = sightline("data", "suspects", "suspects.csv", "suspects", "--for", "fiftyone")
    assert "found one" in again.err
