"""Wrong labels on made-up features, where the truth is known."""

from typing import Any

import numpy as np
import pytest

from components.label_check.wrong_labels.confident import doubted
from components.label_check.wrong_labels.judgement import can_judge, judge
from components.label_check.wrong_labels.noise import doubts_of, worth_a_look
from components.label_check.wrong_labels.points import points_of
from components.label_check.wrong_labels.probabilities import sampled
from sightline.stage.folds import folds_of


def blobs(count: int, classes: int, *, apart: float = 3.0, seed: int = 0) -> tuple[Any, Any]:
    """Features of images in clouds, one for each class, and their true labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centres = apart * random.standard_normal((classes, 8))
    features = random.standard_normal((count, 32))
    features[:, :8] += centres[labels]
    return features.astype(np.float32), labels


def test_planted_wrong_labels_come_first_with_the_label_that_fits() -> None:
    features, right = blobs(200, 4)
    labels = right.copy()
    planted = [3, 50, 101]
    labels[planted] = (labels[planted] + 1) % 4

    found = judge(features, labels, np.arange(200), seed=0)

    assert sorted(np.argsort(-found.doubt)[:3].tolist()) == planted
    assert found.suspects[0] in planted
    assert found.suggested[planted].tolist() == right[planted].tolist()


def test_a_single_gross_mistake_in_a_small_set_is_flagged() -> None:
    features, right = blobs(150, 5)
    labels = right.copy()
    labels[40] = (labels[40] + 2) % 5

    found = judge(features, labels, np.arange(150), seed=0)

    assert found.suspects.tolist() == [40]


def test_evidence_of_a_suspect_is_an_image_of_either_class_without_doubt() -> None:
    features, right = blobs(200, 4)
    labels = right.copy()
    labels[7] = (labels[7] + 1) % 4

    found = judge(features, labels, np.arange(200), seed=0)

    alike, unlike = found.nearest[7]
    assert labels[alike] == right[7]
    assert labels[unlike] == labels[7]


def test_the_most_doubtful_are_listed_where_none_is_flagged() -> None:
    features, labels = blobs(300, 3)

    found = judge(features, labels, np.arange(300), seed=0)

    listed = found.doubtful.tolist()
    assert len(listed) == 10
    assert not found.flagged[listed].any()
    assert sorted(found.doubt[listed]) == sorted(np.delete(found.doubt, found.suspects))[-10:]
    assert set(listed) <= set(found.nearest)


def test_what_was_decided_on_is_judged_and_is_no_suspect() -> None:
    features, right = blobs(200, 4)
    labels = right.copy()
    labels[7] = (labels[7] + 1) % 4

    found = judge(features, labels, np.arange(200), seed=0, settled=np.arange(200) == 7)

    assert found.flagged[7]
    assert 7 not in [*found.suspects, *found.doubtful]


def test_clean_labels_are_hardly_doubted() -> None:
    features, labels = blobs(300, 3)

    assert judge(features, labels, np.arange(300), seed=0).flagged.mean() <= 0.01


def test_edits_of_one_photo_do_not_vouch_for_each_other() -> None:
    features, right = blobs(120, 2)
    labels = right.copy()
    copied = np.concatenate([features, features[[4]], features[[4]]])
    labels = np.concatenate([labels, [1 - labels[4]] * 2])
    labels[4] = labels[-1]
    groups = np.concatenate([np.arange(120), [4, 4]])

    together = judge(copied, labels, groups, seed=0)
    apart = judge(copied, labels, np.arange(122), seed=0)

    assert (together.doubt[[4, 120, 121]] > apart.doubt[[4, 120, 121]]).all()


def test_one_group_lies_in_one_fold_and_classes_are_spread() -> None:
    labels = np.repeat([0, 1], [40, 10])
    groups = np.arange(50) // 2

    folds = folds_of(labels, groups, 5, seed=1)

    assert (folds[::2] == folds[1::2]).all()
    assert [len(set(folds[labels == label])) for label in (0, 1)] == [5, 5]


def test_the_same_seed_gives_the_same_judgement() -> None:
    features, labels = blobs(100, 3)

    first, second = (judge(features, labels, np.arange(100), seed=2) for _ in range(2))

    assert first.doubt.tolist() == second.doubt.tolist()


def test_of_many_images_some_are_learned_from_and_all_are_judged() -> None:
    features, right = blobs(600, 4)
    labels = right.copy()
    labels[[3, 50, 501]] = (labels[[3, 50, 501]] + 1) % 4

    found = judge(features, labels, np.arange(600), seed=0, most_learned=150)

    assert found.num_learned == 150
    assert found.judged.all()
    assert sorted(np.argsort(-found.doubt)[:3].tolist()) == [3, 50, 501]


def test_every_class_is_learned_from_however_few_images_are() -> None:
    labels = np.repeat([0, 1, 2], [500, 30, 6])

    rows = sampled(labels, 60, seed=0)

    assert np.bincount(labels[rows])[1:].tolist() >= [20, 6]
    assert len(rows) == 60


def test_a_model_that_knows_no_class_doubts_no_label() -> None:
    features = np.random.default_rng(0).standard_normal((200, 16)).astype(np.float32)

    found = judge(features, np.arange(200) % 4, np.arange(200), seed=0)

    assert found.skill < 0.5
    assert not found.flagged.any()


def test_images_without_a_label_or_of_rare_classes_are_not_judged() -> None:
    features, labels = blobs(100, 2)
    labels[0], labels[1], labels[2] = -1, 2, 2

    found = judge(features, labels, np.arange(100), seed=0)

    assert not found.judged[:3].any()
    assert found.judged[3:].all()
    assert not found.flagged[:3].any()


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([0] * 20, "there is 1"),
        ([0, 1, 2, 3], "there are none"),
        ([-1] * 5, "there are none"),
    ],
)
def test_what_cannot_be_judged_says_why(labels: list[int], reason: str) -> None:
    assert reason in can_judge(np.array(labels))


def test_enough_images_of_two_classes_can_be_judged() -> None:
    assert can_judge(np.array([0, 1] * 5)) == ""


def test_a_feature_that_never_changes_does_no_harm() -> None:
    features, _ = blobs(50, 2)
    features[:, 3] = 7.0

    points = points_of(features, seed=0)

    assert np.isfinite(points).all()


def test_points_keep_the_distances_of_standardised_features() -> None:
    features, _ = blobs(50, 2)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)

    points = points_of(features, seed=0)

    wanted = np.linalg.norm(scaled[0] - scaled[1])
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(wanted, rel=1e-4)


def test_confident_learning_doubts_what_is_likelier_of_another_class_than_usual() -> None:
    sure, wrong = [0.9, 0.1], [0.05, 0.95]
    probabilities = np.array([*[sure] * 9, wrong, *[wrong] * 10], np.float32)
    labels = np.repeat([0, 1], 10)

    assert np.flatnonzero(doubted(probabilities, labels)).tolist() == [9]


def unsure(labels: Any, wrong: Any, classes: int, seed: int = 0) -> Any:
    """Probabilities of a model that knows what images show, and is less sure than it should be."""
    random = np.random.default_rng(seed)
    shown = np.where(wrong, (labels + 1) % classes, labels)
    strength = random.normal(0, 0.4, (len(labels), classes))
    strength[np.arange(len(labels)), shown] += 2
    powers = np.exp(strength)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def test_doubts_add_up_to_as_many_labels_as_are_wrong() -> None:
    labels = np.arange(1000) % 4
    wrong = np.random.default_rng(1).random(1000) < 0.1

    doubts = doubts_of(unsure(labels, wrong, 4), labels)

    assert doubts.sum() == pytest.approx(wrong.sum(), rel=0.15)
    assert worth_a_look(doubts)[wrong].mean() > 0.95
    assert worth_a_look(doubts)[~wrong].mean() < 0.02


def test_mistakes_that_go_from_one_class_to_another_are_told_from_unclear_photos() -> None:
    random = np.random.default_rng(2)
    shown = np.arange(1000) % 4
    strength = random.normal(0, 0.6, (1000, 4))
    strength[np.arange(1000), shown] += 2
    # Classes 0 and 1 are alike, and so are 2 and 3.
    strength[np.arange(1000), shown ^ 1] += 1
    powers = np.exp(strength)
    labels = np.where(random.random(1000) < 0.1, shown ^ 1, shown)

    found = worth_a_look(
        doubts_of((powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), labels)
    )

    wrong = labels != shown
    assert found[wrong].mean() > 0.5
    assert found[~wrong].mean() < 0.05


def test_what_an_image_shows_is_as_likely_as_its_label_is_doubted() -> None:
    labels = np.arange(200) % 5
    probabilities = unsure(labels, np.arange(200) < 10, 5)

    doubts = doubts_of(probabilities, labels)

    each = np.arange(200)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-5)
    assert 1 - probabilities[each, labels] == pytest.approx(doubts, abs=1e-5)


def test_where_no_label_is_doubted_none_is_worth_a_look() -> None:
    assert not worth_a_look(np.full(100, 0.01, np.float32)).any()
