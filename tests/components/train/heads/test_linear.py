"""A linear head: what is fitted, and which strength is taken."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from components.train.heads.examples import Examples
from components.train.heads.linear import best_of, fit_path, fold_rows
from sightline.problems.classification.linear import LogisticRegression as Model
from tests.components.train.heads.kind import examples, losses, softmax


@pytest.mark.parametrize("classes", [2, 3])
def test_a_linear_head_answers_like_scikit_learns_on_standardised_features(classes: int) -> None:
    training = examples(90, classes=classes)
    labels = training.goals.argmax(axis=1)

    fits = fit_path(Model(), training, losses, seed=0)

    for one in fits:
        peer = make_pipeline(StandardScaler(), LogisticRegression(C=one.strength, max_iter=1000))
        peer.fit(training.features, labels)
        kernel, bias = one.weights
        answers = softmax(training.features @ kernel + bias)
        assert answers == pytest.approx(peer.predict_proba(training.features), abs=0.02)


def test_the_strength_with_the_lowest_cross_validated_loss_is_taken_and_none_far_beyond() -> None:
    fits = fit_path(Model(), examples(40, features=30), losses, seed=0)

    found = [one.cross_validated_loss for one in fits]
    assert [one.strength for one in fits] == list(Model.strengths[: len(fits)])
    assert len(fits) < len(Model.strengths)
    assert best_of(fits) == len(fits) - 2
    assert found[-1] > found[-2] == min(found)


def test_equal_examples_and_seed_give_equal_weights() -> None:
    one, again = (fit_path(Model(), examples(60), losses, seed=3) for _ in range(2))

    for first, second in zip(one, again, strict=True):
        assert np.array_equal(first.weights[0], second.weights[0])
        assert first.cross_validated_loss == second.cross_validated_loss


def test_a_class_that_weighs_more_is_answered_more_often() -> None:
    even = examples(100)
    heavy = examples(100, weights=np.where(even.goals[:, 0] > 0, 5, 1).astype(np.float32))

    shares = []
    for training in (even, heavy):
        kernel, bias = fit_path(Model(), training, losses, seed=0)[-1].weights
        shares.append(softmax(training.features @ kernel + bias)[:, 0].mean())

    assert shares[1] > shares[0] + 0.1


def test_a_class_without_training_images_stays_unlikely_and_possible() -> None:
    two = examples(60)
    three = np.concatenate([two.goals, np.zeros((60, 1), np.float32)], axis=1)

    kernel, bias = fit_path(Model(), examples(60, goals=three), losses, seed=0)[-1].weights

    answers = softmax(two.features @ kernel + bias)
    assert np.exp(np.log(answers[:, 2]).mean()) == pytest.approx(1 / 61, rel=0.1)


def test_every_class_is_in_every_fold() -> None:
    goals = np.eye(3)[np.repeat([0, 1, 2], [50, 10, 5])]

    rows, folds = fold_rows(goals, None, seed=1)

    assert sorted(rows) == list(range(65))
    labels = goals[rows].argmax(axis=1)
    assert all(set(labels[folds == fold]) == {0, 1, 2} for fold in range(5))


def test_views_of_an_image_count_together_as_one_and_stay_in_its_fold() -> None:
    plain = examples(60)
    copied = Examples(
        np.tile(plain.features, (3, 1)),
        np.tile(plain.goals, (3, 1)),
        np.tile(plain.weights / 3, 3),
        views=2,
    )

    one, same = (fit_path(Model(), training, losses, seed=3) for training in (plain, copied))

    assert [fit.strength for fit in same] == [fit.strength for fit in one]
    for fit, again in zip(one, same, strict=True):
        assert again.cross_validated_loss == pytest.approx(fit.cross_validated_loss, rel=1e-2)
        assert again.weights[0] == pytest.approx(fit.weights[0], abs=1e-2)
