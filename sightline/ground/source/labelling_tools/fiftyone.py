"""Suspects as a dataset of FiftyOne, and its export (FiftyOneDataset) as decisions.

The format: https://docs.voxel51.com/user_guide/import_datasets.html#fiftyonedataset, written
without a schema of its own, so that any release takes it: FiftyOne finds the fields by itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sightline.ground.source.labelling_tools.carried import DECISIONS, carried, row_in
from sightline.ground.source.words import BETWEEN_LABELS

SAMPLES, METADATA = "samples.json", "metadata.json"
FURTHER = frozenset((METADATA, "tags.json", "frames.json"))
"""What FiftyOne writes beside the samples."""
GIVEN, SUGGESTED = "ground_truth", "suggested"
SUSPECT = "suspect"


def samples_of(rows: Sequence[Mapping[str, Any]], files: Mapping[str, str]) -> dict[str, Any]:
    """Return the samples: given and suggested label, and tags to filter by.

    Args:
        rows: those of corrections.
        files: address of an image -> its file, absolute or below the folder of the dataset.
    """
    several = any(BETWEEN_LABELS in row[name] for row in rows for name in ("given", "suggested"))
    return {"samples": [_sample(row, files[row["uri"]], several) for row in rows]}


def metadata_of(name: str, classes: Sequence[str]) -> dict[str, Any]:
    """Return what the App needs beside the samples."""
    return {"name": name, "media_type": "image", "info": {"default_classes": list(classes)}}


def decisions_in(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row of corrections for each sample, those that nobody touched without a decision.

    Raises:
        ValueError: this is no export of such samples; says what is wrong.
    """
    samples = content.get("samples")
    if not isinstance(samples, list):
        raise ValueError(f"no list of samples, as {SAMPLES} of a FiftyOneDataset has")
    for number, sample in enumerate(samples, start=1):
        place = f"sample {number}"
        row = row_in(sample, place)
        yield {**row, **_decision(sample, str(row.get("given", "")), place)}


def _sample(row: Mapping[str, Any], file: str, several: bool) -> dict[str, Any]:
    given = row["label"] if row["decision"] == "relabel" and row["label"] else row["given"]
    score = {} if row["score"] is None else {"confidence": row["score"]}
    tags = [SUSPECT, *(text for text in (row["split"], row["decision"]) if text)]
    return {
        "filepath": file,
        "tags": tags,
        GIVEN: _label(given, several, {}),
        SUGGESTED: _label(row["suggested"], several, score),
        **carried(row),
    }


def _label(text: str, several: bool, more: Mapping[str, float]) -> dict[str, Any] | None:
    words = text.split(BETWEEN_LABELS) if several else [text]
    found = [{"_cls": "Classification", "label": word, **more} for word in words if word]
    if several:
        return {"_cls": "Classifications", "classifications": found}
    return found[0] if found else None


def _decision(sample: Mapping[str, Any], given: str, place: str) -> dict[str, str]:
    """Return what the tags say, or else that the label was changed."""
    tags = {*(sample.get("tags") or ()), *_tags(sample.get(GIVEN)), *_tags(sample.get(SUGGESTED))}
    decided = [one for one in DECISIONS if one in tags]
    if len(decided) > 1:
        raise ValueError(f"{place} is tagged {' and '.join(decided)}, expected one of them")
    labels = _words(sample.get(GIVEN))
    is_changed = bool(labels) and sorted(labels) != sorted(given.split(BETWEEN_LABELS))
    if decided == ["keep"] and is_changed:
        raise ValueError(f"{place} is tagged keep, and {GIVEN} is another than {given!r}")
    if decided == ["drop"] or not (is_changed or decided):
        return {"decision": "".join(decided), "label": ""}
    label = BETWEEN_LABELS.join(labels) if is_changed else ""
    return {"decision": "relabel" if is_changed else decided[0], "label": label}


def _words(label: Any) -> list[str]:
    return [one["label"] for one in _parts(label) if one.get("label")]


def _tags(label: Any) -> Iterable[str]:
    return [tag for one in _parts(label) for tag in one.get("tags") or ()]


def _parts(label: Any) -> list[Mapping[str, Any]]:
    """Return the labels of a field of one or of several."""
    if not isinstance(label, Mapping):
        return []
    return list(label.get("classifications") or ()) if "classifications" in label else [label]
