"""Bundles and model folders with everything but a model, for tests that load none."""

from dataclasses import replace
from pathlib import Path

from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo, hash_files, write_info
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.registry.log import LogEntry, append_log


def bundle_info(digest: str, *, name: str = "flowers") -> BundleInfo:
    """What `bundle.json` of a bundle with two classes would say."""
    return BundleInfo(
        model_name=name,
        classes=("dark", "light"),
        contract=PreprocessingContract(
            image_size=8,
            resize_mode="squash",
            interpolation="bilinear",
            channels=3,
            mean=(0.0,) * 3,
            std=(1.0,) * 3,
        ),
        model_sha256=digest,
        digest=digest,
        created=timestamp(),
        versions={},
        files={},
    )


def add_version(folder: Path, number: int, *, digest: str = "") -> Path:
    """A version in a model folder, with its line in the log."""
    place = folder / str(number)
    (place / "variables").mkdir(parents=True)
    (place / "saved_model.pb").write_bytes(b"a graph")
    (place / "variables/variables.data").write_bytes(b"weights")
    (place / "labels.txt").write_text("dark\nlight\n")
    files = {
        f"saved_model/{name}" if name != "labels.txt" else name: sha256
        for name, sha256 in hash_files(place).items()
    }
    write_info(place, replace(bundle_info(digest or f"bundle-{number}"), files=files))
    append_log(
        folder,
        LogEntry(
            time=timestamp(),
            action="deploy",
            live=number,
            replaced=number - 1 or None,
            bundle_digest=digest or f"bundle-{number}",
        ),
    )
    return place
