"""What the page shows of augmentation, and when it warns."""

import html
import re
from pathlib import Path

import numpy as np
import pytest

from components.train.augmentation.page import (
    Recognised,
    Sample,
    Seen,
    add_augmentation,
    warn_of_lost_labels,
)
from sightline.stage.report.page import Page


def page(folder: Path, found: Recognised | None, *, mixup: float = 0.0) -> str:
    image = np.zeros((224, 224, 3), np.uint8)
    sample = Sample("tulips", image, [image] * 5)
    seen = Seen("shift 0.06, zoom 0.1", mixup, [sample, sample], found)
    written = Page(title="train")

    warn_of_lost_labels(written, seen)
    add_augmentation(written, seen)
    written.write(folder / "report.html")

    return (folder / "report.html").read_text(encoding="utf-8")


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def measured(plain: float, changed: float, *, images: int = 200) -> Recognised:
    return Recognised(
        figure="accuracy",
        plain=plain,
        changed=changed,
        num_images=images,
        higher_is_better=True,
    )


def test_variants_stand_beside_what_they_were(tmp_path: Path) -> None:
    text = page(tmp_path, measured(0.9, 0.88), mixup=0.2)

    assert text.count("<img") == 12
    assert "tulips as it is tulips variant 1" in words(text)
    assert "shift 0.06, zoom 0.1." in words(text)
    assert "mixup, alpha 0.2" in words(text)
    assert "accuracy is 0.9 as they are and 0.88 changed" in words(text)
    assert "may change what images show" not in text


@pytest.mark.parametrize(("changed", "warned"), [(0.87, False), (0.86, True)])
def test_a_loss_of_more_than_a_twenty_fifth_is_a_warning(
    tmp_path: Path, changed: float, warned: bool
) -> None:
    text = words(page(tmp_path, measured(0.9, changed)))

    assert ("may change what images show" in text) == warned
    assert ("Turn off flips for digits" in text) == warned


def test_an_error_may_rise_by_a_quarter() -> None:
    def doubtful(changed: float) -> bool:
        return Recognised(
            figure="mean_absolute_error",
            plain=2.0,
            changed=changed,
            num_images=50,
            higher_is_better=False,
        ).is_doubtful

    assert (doubtful(2.4), doubtful(2.6)) == (False, True)


def test_what_could_not_be_checked_is_said(tmp_path: Path) -> None:
    assert "not checked: there is no validation image" in words(page(tmp_path, None))
    few = words(page(tmp_path, measured(0.9, 0.1, images=19)))
    assert "too few to tell" in few
    assert "may change what images show" not in few
