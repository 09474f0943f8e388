"""Edits of one photo: which are found, kept in one split, refused across splits, left out."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from components.label_check.near_duplicates.candidates import (
    MOST_PER_IMAGE,
    find_candidates,
    in_nearest_pose,
)
from components.label_check.near_duplicates.groups import MOST_IN_GROUP, Groups
from components.label_check.near_duplicates.hashes import FORMS, Hashes, hashes_of, posed
from components.label_check.near_duplicates.poses import NUM_ORIENTATIONS, orientation
from sightline.ground.errors import DataError
from sightline.ground.history.measurements import MEASUREMENTS
from sightline.stage.formats.checked import read_checked
from sightline.stage.formats.dataset import Example
from tests.components.label_check.labelled import check, example, photographs, two_classes
from tests.data import encoded


def opened(one: Example) -> Image.Image:
    return Image.open(io.BytesIO(one.image))


def crop(one: Example, share: float = 0.95) -> Image.Image:
    return cropped(opened(one), share)


def cropped(image: Image.Image, share: float) -> Image.Image:
    left, top = (round(side * (1 - share) / 2) for side in image.size)
    return image.crop((left, top, image.width - left, image.height - top))


def off_middle(image: Image.Image, share: float) -> Image.Image:
    return image.crop((0, 2, int(image.width * share), 2 + int(image.height * share)))


def edited(one: Example, image: Image.Image, name: str, *, split: str | None = None) -> Example:
    return example(one.labels, encoded(image, quality=90), split=split, uri=name)


def leaking() -> list[Example]:
    """Two classes with both splits, and eight test photos that are crops of training photos."""
    train = [replace(one, split="train") for one in two_classes()]
    test = [
        edited(one, crop(one), f"test/crop_{number}.jpg", split="test")
        for number, one in enumerate([*train[:4], *train[15:19]])
    ]
    return [*train, *test]


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "crop of 95 %": lambda image: cropped(image, 0.95),
    "crop of 85 %": lambda image: cropped(image, 0.85),
    "crop of 85 % off the middle": lambda image: off_middle(image, 0.85),
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.rotate(90, expand=True),
    "tilted": lambda image: image.rotate(5),
    "grey": lambda image: image.convert("L"),
}


def test_an_edit_of_a_photo_shares_its_group(tmp_path: Path) -> None:
    examples = two_classes()
    originals = dict(zip(EDITS, examples, strict=False))
    copies = [
        edited(one, EDITS[name](opened(one)), f"cat/{name}.jpg") for name, one in originals.items()
    ]

    result = check(tmp_path, [*examples, *copies])

    expected = {one.uri for one in [*originals.values(), *copies]}
    assert set(result.finding("near_duplicates")["uris"]) == expected
    groups = {one.uri: one.group for one in result.cleaned}
    for (name, original), copy in zip(originals.items(), copies, strict=True):
        assert groups[copy.uri] == groups[original.uri], name
    assert len(set(groups.values())) == len(examples)


def test_a_group_of_the_source_takes_in_the_edit(tmp_path: Path) -> None:
    examples = [replace(one, group="burst") for one in two_classes()[:1]] + two_classes()[1:]
    copy = edited(examples[0], crop(examples[0]), "cat/edit.jpg")

    result = check(tmp_path, [*examples, copy])

    assert next(one for one in result.cleaned if one.uri == "cat/edit.jpg").group == "burst"


def test_reported_near_duplicates_keep_their_groups(tmp_path: Path) -> None:
    examples = two_classes()
    copy = edited(examples[0], crop(examples[0]), "cat/edit.jpg")

    result = check(tmp_path, [*examples, copy], near_duplicates="report")

    assert result.finding("near_duplicates")["severity"] == "warning"
    assert all(one.group == one.id for one in result.cleaned)


def test_test_photos_cropped_from_training_photos_fail_the_run_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="8 images have near-duplicates in another split") as failed:
        check(tmp_path, leaking())

    for number in range(8):
        assert f"test/crop_{number}.jpg (test) and " in str(failed.value)
    assert "label_check.remove=leaks" in str(failed.value)


def test_without_its_leaks_the_dataset_passes_and_the_test_stays(tmp_path: Path) -> None:
    result = check(tmp_path, leaking(), remove="leaks", min_images_per_class=2)

    assert result.finding("near_duplicates_across_splits")["severity"] == "warning"
    assert sum(one.split == "test" for one in result.cleaned) == 8
    assert sum(one.split == "train" for one in result.cleaned) == 16
    assert "near-duplicate of test/crop_0.jpg in test" in {
        one["reason"] for one in result.document["removed"]["images"]
    }


def test_leaks_below_the_share_are_a_warning_with_both_pictures_side_by_side(
    tmp_path: Path,
) -> None:
    result = check(tmp_path, leaking()[:-7], max_leaked_share=1.0, fail_on="never")
    allowed = check(tmp_path / "all", leaking(), fail_on="never")

    assert result.finding("near_duplicates_across_splits")["severity"] == "error"
    assert result.finding("near_duplicates_across_splits")["notes"] == [
        "pair 1, test",
        "pair 1, train",
    ]
    assert "test/crop_7.jpg" in allowed.page


def test_of_near_duplicates_the_larger_stays(tmp_path: Path) -> None:
    examples = two_classes()
    copy = edited(examples[0], crop(examples[0]), "cat/edit.jpg")

    result = check(tmp_path, [copy, *examples], remove="near_duplicates")

    assert [one.uri for one in result.cleaned] == [one.uri for one in examples]


def test_near_duplicates_under_two_labels_are_told_and_both_stay(tmp_path: Path) -> None:
    examples = two_classes()
    copy = example("dog", encoded(crop(examples[0]), quality=90), uri="dog/edit.jpg")

    result = check(tmp_path, [*examples, copy], remove="near_duplicates")

    assert result.finding("near_duplicates_under_two_labels")["classes"] == ["cat", "dog"]
    assert len(result.cleaned) == len(examples) + 1


def test_what_was_not_asked_is_never_clean(tmp_path: Path) -> None:
    off = check(tmp_path / "off", two_classes(), near_duplicates="off")
    small = [
        example(one.labels, encoded(Image.open(io.BytesIO(one.image)).resize((24, 24))))
        for one in two_classes()
    ]

    tiny = check(tmp_path / "tiny", small)

    for result in (off, tiny):
        checks = {one["check"]: one for one in result.document["checks"]}
        assert checks["copies_across_splits"]["status"] == "not run"
        assert "near-duplicates were not asked for" in checks["copies_across_splits"]["reason"]
        assert checks["near_duplicates"]["status"] == "not run"


def test_plain_images_are_not_asked(tmp_path: Path) -> None:
    plain = [
        example(name, encoded(Image.new("RGB", (64, 64), (grey, grey, grey)), "PNG"))
        for name, first in (("cat", 60), ("dog", 160))
        for grey in range(first, first + 12)
    ]

    result = check(tmp_path, plain)

    reason = "24 images have too little texture to be compared."
    checks = {one["check"]: one for one in result.document["checks"]}
    assert checks["near_duplicates"] == {
        "check": "near_duplicates",
        "status": "not run",
        "reason": reason,
    }
    assert len(result.cleaned) == 24


def test_reading_order_decides_no_group(tmp_path: Path) -> None:
    examples = [*photographs("cat", 12), *photographs("dog", 12, first=123)]
    copies = [
        edited(one, crop(one), f"cat/{number}.jpg") for number, one in enumerate(examples[:3])
    ]

    there = check(tmp_path / "there", [*examples, *copies]).cleaned
    back = check(tmp_path / "back", [*examples, *copies][::-1]).cleaned

    assert {one.uri: one.group for one in there} == {one.uri: one.group for one in back}


@pytest.mark.parametrize("count", [500, 3000])
def test_a_set_of_equal_hashes_stays_bounded(count: int) -> None:
    candidates = find_candidates(np.full((count, len(FORMS), 2), 7, np.uint64))

    assert 0 < len(candidates) <= count * MOST_PER_IMAGE


@pytest.mark.parametrize("count", [2000, 5000])
def test_hashes_within_the_radius_meet_in_their_pose(count: int) -> None:
    hashes = random_hashes(count)
    hashes[:100, 0] = posed(hashes[1000:1100], 17) ^ np.uint64(0b1011_0111)

    candidates = find_candidates(hashes)

    planted = candidates[(candidates.second < 100) & (candidates.first == candidates.second + 1000)]
    assert len(planted) >= 98
    assert set(planted.pose.tolist()) == {17}


def test_a_crowd_hides_no_pair() -> None:
    hashes = random_hashes(5000)
    hashes[:, 0, 0] = 7
    hashes[:100, 0, 1] = hashes[1000:1100, 0, 1] ^ np.uint64(0b1011)

    candidates = find_candidates(hashes)

    found = set(zip(candidates.first.tolist(), candidates.second.tolist(), strict=True))
    planted = {(place, place + 1000) for place in range(100)}
    assert len({(min(pair), max(pair)) for pair in found} & planted) >= 98


def test_neighbours_from_elsewhere_are_placed_in_their_nearest_pose() -> None:
    hashes = random_hashes(10)
    hashes[3, 0] = posed(hashes[7:8], 17)[0]

    found = in_nearest_pose(hashes, np.array([[3, 7], [7, 3], [1, 2]]))

    assert sorted(zip(found.first.tolist(), found.second.tolist(), strict=True))[-1] == (7, 3)
    assert len(found) == 2
    assert found.pose[found.first == 7].tolist() == [17]
    assert found.distance[found.first == 7].tolist() == [0]


def test_turned_and_mirrored_pictures_have_the_hashes_of_their_poses() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (1, 64, 64), dtype=np.uint8)
    hashes = hashes_of(picture)

    for number in range(NUM_ORIENTATIONS):
        swapped, rows, columns = orientation(number)
        turned = picture.swapaxes(1, 2) if swapped else picture
        turned = turned[:, :: -1 if rows else 1, :: -1 if columns else 1]
        assert (hashes_of(np.ascontiguousarray(turned))[:, 0] == posed(hashes, number)).all()


def random_hashes(count: int) -> Hashes:
    random = np.random.default_rng(1)
    return random.integers(0, 2**64, (count, len(FORMS), 2), dtype=np.uint64)


def test_chains_end_at_the_largest_group() -> None:
    groups = Groups()
    for number in range(MOST_IN_GROUP + 1):
        groups._sizes[f"{number:02d}"] = 1

    joined = [groups.join("00", f"{number:02d}") for number in range(1, MOST_IN_GROUP + 1)]

    assert joined == [True] * (MOST_IN_GROUP - 1) + [False]
    assert groups.name("49") == "00"


def test_evaluate_is_told_what_each_image_looks_like_and_which_show_the_same(
    tmp_path: Path,
) -> None:
    examples = two_classes()
    copy = edited(examples[0], crop(examples[0]), "cat/crop.jpg")

    result = check(tmp_path, [*examples, copy])

    told = dict(
        zip(
            [one.id for one in result.cleaned],
            read_checked(o.checked for o in result.cleaned),
            strict=True,
        )
    )
    assert all(one and set(one.measurements) == set(MEASUREMENTS) for one in told.values())
    original, edit, other = (told[one.id] for one in (examples[0], copy, examples[1]))
    assert original and edit and other
    assert original.like == edit.like != ""
    assert other.like == ""
