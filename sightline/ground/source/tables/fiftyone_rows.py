"""Rows of what FiftyOne exports of classified images.

`labels.json` of a FiftyOneImageClassificationDataset, `samples.json` of a FiftyOneDataset:
https://docs.voxel51.com/user_guide/export_datasets.html
"""

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.source.files import Files, may_be_image, suffix
from sightline.ground.source.rows import SPLIT_WORDS

FOLDER = "data/"
MANIFEST = "data.json"
"""Says where images lie that were not exported."""


def is_metadata(content: Mapping[str, Any]) -> bool:
    """Tell whether a document is what FiftyOne keeps of a dataset beside its samples."""
    return "sample_fields" in content and "media_type" in content


def rows_in(
    content: Mapping[str, Any], files: Files, table: str, manifest: object
) -> list[dict[str, Any]] | None:
    """Return a row per image; None where the document is none of FiftyOne's.

    Args:
        content: the document.
        files: where it lies.
        table: its path.
        manifest: what `data.json` beside it says, if there is one.
    """
    labels, samples = content.get("labels"), content.get("samples")
    if isinstance(labels, dict) and content.keys() <= {"classes", "labels"}:
        places = _places(files, posixpath.dirname(table), labels, manifest)
        classes = content.get("classes")
        return [
            {"image": places.get(name, name), "label": _label(target, classes)}
            for name, target in labels.items()
        ]
    if isinstance(samples, list) and all(_is_sample(one) for one in samples):
        return [_row(one) for one in samples]
    return None


def _places(
    files: Files, folder: str, names: Mapping[str, Any], manifest: object
) -> dict[str, str]:
    """Return where the images lie: FiftyOne calls them without the ending of their file."""
    if isinstance(manifest, dict):
        return {str(name): str(place) for name, place in manifest.items()}
    if all(suffix(name) and may_be_image(name) for name in names):
        return {}
    prefix = posixpath.join(folder, FOLDER)
    listed = [one.path for one in files.listing() if one.path.startswith(prefix)]
    below = [path.removeprefix(prefix) for path in reversed(listed) if may_be_image(path)]
    return {posixpath.splitext(path)[0]: FOLDER + path for path in below}


def _label(target: Any, classes: Any) -> Any:
    """Return the name of a class, or names; nothing where an image has no label."""
    if isinstance(target, list):
        return [_label(one, classes) for one in target]
    if isinstance(target, dict):
        return _label(target.get("label"), classes)
    is_number = isinstance(target, int) and not isinstance(target, bool)
    if is_number and isinstance(classes, list) and 0 <= target < len(classes):
        return classes[target]
    return target


def _is_sample(one: object) -> bool:
    return isinstance(one, dict) and "filepath" in one


def _row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample's labels and plain fields, and its split, which FiftyOne keeps as a tag."""
    row = {name: _value(value) for name, value in sample.items() if name[0] != "_"}
    tags = sample.get("tags") or []
    splits = [tag for tag in tags if str(tag).lower() in SPLIT_WORDS]
    found = {name: value for name, value in row.items() if value is not None}
    return {**found, **({"split": splits[0]} if len(splits) == 1 else {})}


def _value(value: Any) -> Any:
    """Return what a table can hold of a field; None of what is neither plain nor a label."""
    if not isinstance(value, dict):
        return None if isinstance(value, Sequence) and not isinstance(value, str) else value
    match value.get("_cls"):
        case "Classification":
            return value.get("label")
        case "Classifications":
            return [one.get("label") for one in value.get("classifications") or ()]
        case "Regression":
            return value.get("value")
    return None
