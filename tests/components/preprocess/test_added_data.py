"""Adding data to a source moves no image, from the files to the splits."""

import io
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from components.preprocess.settings import PreprocessSettings
from components.preprocess.splits import assign_splits
from components.preprocess.stage import read_candidates, read_targets
from sightline.problems import problem_of
from sightline.stage.formats.dataset import read_examples
from sightline.stage.formats.records import Split
from tests.components.ingest.ingesting import ingest_source
from tests.data import digit_folder, encoded
from tests.extractors import no_extractor

DIGITS_PER_CLASS = 12
FORMATS = {"PNG": "png", "BMP": "bmp", "TIFF": "tif", "GIF": "gif"}
COPIES = st.lists(
    st.tuples(
        st.integers(0, 2 * DIGITS_PER_CLASS - 1),
        st.sampled_from(sorted(FORMATS)),
        st.text("az09", min_size=1, max_size=3),
        st.sampled_from(["L", "RGB"]),
    ),
    min_size=1,
    max_size=30,
)


def two_digits(folder: Path) -> list[Path]:
    """Class folders of zeros and ones, each digit another picture."""
    for path in sorted(digit_folder(folder, per_class=DIGITS_PER_CLASS).rglob("*.png")):
        if path.parent.name not in ("0", "1"):
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
    return sorted(folder.rglob("*.png"))


def splits_of(source: Path, folder: Path, *, remove: str = "duplicates") -> dict[bytes, set[Split]]:
    """The splits of each picture, by its pixels, after ingest, label_check and preprocess."""
    ingest_source(source, folder)
    label_check(
        dataset=folder / "ingested/dataset",
        extractor=no_extractor(folder / "extractor"),
        cleaned=folder / "cleaned",
        features=folder / "features",
        findings=folder / "findings",
        report=folder / "report.html",
        settings=LabelCheckSettings.model_validate({"fail_on": "never", "remove": remove}),
    )
    problem = problem_of("classification")
    targets = read_targets(folder / "cleaned", problem)
    candidates = read_candidates(folder / "cleaned", problem, targets)
    # Copies that stay count, so that a small class which is filled by count would change.
    stratify = "auto" if remove == "duplicates" else "stable"
    rules = PreprocessSettings.model_validate(
        {"test_share": 0.3, "validation_share": 0.3, "stratify": stratify}
    )
    found: dict[bytes, set[Split]] = {}
    for one, split in zip(
        read_examples(folder / "cleaned"), assign_splits(candidates, rules), strict=True
    ):
        found.setdefault(pixels(one.image), set()).add(split)
    return found


@cache
def splits_before(remove: str = "duplicates") -> dict[bytes, set[Split]]:
    """The splits of the two digits alone, wherever they lie."""
    with TemporaryDirectory() as folder:
        two_digits(Path(folder) / "digits")
        return splits_of(Path(folder) / "digits", Path(folder) / "before", remove=remove)


def pixels(image: bytes) -> bytes:
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).tobytes()


def add_copies(originals: list[Path], copies: list[tuple[int, str, str, str]]) -> None:
    for number, (index, image_format, name, mode) in enumerate(copies):
        original = originals[index]
        with Image.open(original) as image:
            copy = original.with_name(f"{name}-{number}.{FORMATS[image_format]}")
            copy.write_bytes(encoded(image.convert(mode), image_format))


@given(copies=COPIES, remove=st.sampled_from(["duplicates", "nothing"]))
@settings(deadline=None, max_examples=8)
def test_copies_in_other_formats_and_under_other_names_move_no_image(
    copies: list[tuple[int, str, str, str]], remove: str
) -> None:
    with TemporaryDirectory() as folder:
        originals = two_digits(Path(folder) / "digits")
        before = splits_before(remove)

        add_copies(originals, copies)
        after = splits_of(Path(folder) / "digits", Path(folder) / "after", remove=remove)

        assert after == before
        assert len(before) == len(originals)
        assert {split for places in before.values() for split in places} == {
            "train",
            "validation",
            "test",
        }


def test_all_images_again_in_a_format_that_is_read_first_move_none(tmp_path: Path) -> None:
    originals = two_digits(tmp_path / "digits")
    before = splits_before()

    add_copies(originals, [(index, "BMP", "00", "RGB") for index in range(len(originals))])

    assert splits_of(tmp_path / "digits", tmp_path / "after") == before
