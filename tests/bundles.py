"""Bundles and model folders with everything but a model, for tests that load none."""

from pathlib import Path

from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo, write_info
from sightline.stage.formats.model_folder import LogEntry, append_log
from sightline.stage.imaging.contract import PreprocessingContract


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
    write_info(place, bundle_info(digest or f"bundle-{number}"))
    (place / "saved_model.pb").touch()
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
