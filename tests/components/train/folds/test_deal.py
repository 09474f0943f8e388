"""Which images a round learns from and is judged on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.settings import TrainSettings
from sightline.ground.checking import check_section
from sightline.ground.errors import DataError, UserError
from tests.components.train.folds.pools import write

pytestmark = pytest.mark.slow


def rounds(folder: Path, info: Any, **settings: object) -> tuple[Any, list[Any]]:
    from components.train.fitting.material import Pool
    from components.train.folds.deal import rounds_of

    pool = Pool(folder, info)
    return pool, rounds_of(pool, TrainSettings.model_validate({"folds": 4} | settings))


def test_every_image_is_judged_once_by_a_round_that_knows_none_of_its_group(
    tmp_path: Path,
) -> None:
    pool, found = rounds(tmp_path, write(tmp_path))

    judged = [row for one in found for row in one.rows["judged"].tolist()]
    assert sorted(judged) == list(range(len(pool.ids))) == list(range(64))
    groups = np.array(pool.groups)
    for one in found:
        parts = [set(groups[rows]) for rows in one.rows.values()]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 32
        kinds = [set(pool.targets[rows].tolist()) for rows in one.rows.values()]
        assert kinds == [{0, 1}] * 3


def test_a_round_is_told_when_to_stop_by_as_large_a_share_as_validation_has(tmp_path: Path) -> None:
    _, found = rounds(tmp_path, write(tmp_path))

    # A quarter of all images is for validation, so a quarter of the three folds is, too.
    assert {len(one.rows["validation"]) for one in found} == {12}
    assert {len(one.rows["train"]) for one in found} == {36}


def test_where_nothing_is_chosen_on_images_a_round_learns_from_all_others(tmp_path: Path) -> None:
    one, other = tmp_path / "linear", tmp_path / "none"
    _, linear = rounds(one, write(one), recipe="frozen", head="linear")
    _, without = rounds(other, write(other, validation=0))

    assert {len(one.rows["train"]) for one in linear} == {48}
    assert {len(one.rows["validation"]) for one in [*linear, *without]} == {0}


def test_repeats_deal_the_folds_anew(tmp_path: Path) -> None:
    _, found = rounds(tmp_path, write(tmp_path), repeats=2)

    named = [(one.repeat, one.fold) for one in found]
    assert named == [(repeat, fold) for repeat in (1, 2) for fold in (1, 2, 3, 4)]
    judged = [tuple(one.rows["judged"]) for one in found]
    assert set(judged[:4]) != set(judged[4:])


def test_repeats_alone_are_judged_by_the_validation_split(tmp_path: Path) -> None:
    pool, found = rounds(tmp_path, write(tmp_path), folds=0, repeats=3)

    assert [one.seed for one in found] == [8, 9]
    assert found[0].rows["judged"].tolist() == list(range(48, 64))
    assert len(pool.ids) == 64


def test_what_cannot_be_judged_so_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"received 8 images in 4 groups. Add images, or lower"):
        rounds(tmp_path / "few", write(tmp_path / "few", train=1, validation=1), folds=5)
    with pytest.raises(DataError, match=r"no validation split. Set train.folds, or raise"):
        rounds(tmp_path / "none", write(tmp_path / "none", validation=0), folds=0, repeats=2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folds": 1}, "expected 0, which judges by the validation split alone, or 2 and"),
        ({"folds": 5, "recipe": "warm_start", "champion": "models"}, "has learned from images of"),
        ({"repeats": 0}, "at least 1, at most 20; received 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_section(TrainSettings, "train", settings, str)
