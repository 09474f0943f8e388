"""label_check at its edges: a dataset of which nothing is left, and one with splits."""

from pathlib import Path

from tests.components.label_check.labelled import check, example, photographs, two_classes
from tests.data import encoded, photograph


def test_a_dataset_of_which_nothing_decodes_is_described_all_the_same(tmp_path: Path) -> None:
    cut = [
        example(label, encoded(photograph(seed))[:300], uri=f"{label}/{seed}.jpg")
        for seed, label in enumerate(["cat", "dog"])
    ]

    result = check(tmp_path, cut, fail_on="never")

    assert {"unreadable_images", "empty_classes", "too_few_classes"} <= result.found
    assert result.cleaned == []
    assert result.facts["findings"]["num_removed"] == 2
    assert "Sizes" not in result.page
    assert "Colours" not in result.page


def test_the_report_counts_images_by_class_and_split_and_describes_sizes(tmp_path: Path) -> None:
    tested = photographs("dog", 3, first=300, split="test")

    result = check(tmp_path, [*two_classes(), *tested], fail_on="never")

    assert "no split" in result.page
    assert "short side / long side" in result.page
    assert "standard deviation" in result.page
    assert result.facts["cleaned"]["num_images"] == 27


def test_every_image_of_a_finding_is_named_in_the_file(tmp_path: Path) -> None:
    copy = encoded(photograph(7))
    copies = [example("cat", copy, uri=f"cat/{number}.jpg") for number in range(250)]

    result = check(tmp_path, [*two_classes(), *copies], fail_on="never")

    found = result.document["findings"]
    assert max(len(one["uris"]) for one in found) >= 249
    assert all(len(one["uris"]) == len(one["ids"]) == one["count"] for one in found)
