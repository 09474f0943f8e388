"""Good and bad signs of a training, on curves that are made for each of them."""

from collections.abc import Sequence

import pytest

from components.train.diagnosis.signs import Counts, Sign, signs

COUNTS = Counts(num_validation=400, share="accuracy", chance=0.2)


def history(
    losses: Sequence[float],
    held: Sequence[float] | None = None,
    right: Sequence[float] | None = None,
    held_right: Sequence[float] | None = None,
) -> list[dict[str, float]]:
    """Rows as training logs them; shares of right answers are 0.9 and 0.88 unless given."""
    rows = []
    for at, loss in enumerate(losses):
        row = {"loss": loss, "accuracy": right[at] if right else 0.9}
        if held is not None:
            row["val_loss"] = held[at]
            row["val_accuracy"] = held_right[at] if held_right else 0.88
        rows.append(row)
    return rows


def found(rows: list[dict[str, float]], counts: Counts = COUNTS) -> Sign:
    (sign,) = signs(rows, counts)
    return sign


def test_a_loss_that_falls_with_validation_beside_it_is_good() -> None:
    sign = found(history([1.6, 0.7, 0.4, 0.3, 0.28], [1.5, 0.7, 0.45, 0.36, 0.36]))

    assert (sign.name, sign.severity) == ("no bad sign", "good")
    assert "75% within 3 epochs" in sign.title


@pytest.mark.parametrize(
    ("losses", "share"), [([15.27, 15.3, 15.29, 15.31], 0.05), ([3.03, 3.01, 3.0, 3.0], 0.047)]
)
def test_a_learning_rate_far_too_high_leaves_the_loss_where_it_was(
    losses: list[float], share: float
) -> None:
    counts = Counts(num_validation=5000, share="accuracy", chance=0.05)

    sign = found(history(losses, losses, [share] * 4, [share] * 4), counts)

    assert (sign.name, sign.severity) == ("flat loss", "warning")
    assert "always the most frequent answer, 5.0%" in sign.title
    assert "train.find_learning_rate" in sign.advice


def test_a_model_that_cannot_be_told_from_chance_is_said_with_the_numbers() -> None:
    rows = history([1.6, 1.2, 0.8, 0.6], [1.6, 1.62, 1.65, 1.7], held_right=[0.2, 0.22, 0.2, 0.21])

    sign = found(rows)

    assert sign.name == "no better than chance"
    assert "20.0% of 400 validation images" in sign.title


def test_a_loss_that_rises_again_has_diverged() -> None:
    sign = found(history([1.6, 0.6, 0.5, 0.9, 1.8], [1.5, 0.7, 0.6, 0.9, 1.9]))

    assert sign.name == "divergence"
    assert "from 0.5 to 1.8" in sign.title


def test_a_loss_that_jumps_wants_a_lower_rate() -> None:
    sign = found(history([1.6, 0.8, 1.0, 0.7, 0.9, 0.65], [1.5, 0.8, 0.9, 0.7, 0.8, 0.7]))

    assert sign.name == "jumping loss"
    assert "2 of 5 epochs" in sign.title


def test_a_validation_loss_that_never_moves_is_dead() -> None:
    sign = found(history([1.6, 0.9, 0.6, 0.5], [0.7, 0.7, 0.7, 0.7]))

    assert sign.name == "dead validation curve"


def test_a_validation_loss_that_still_falls_wants_more_epochs() -> None:
    counts = Counts(num_validation=400, share="accuracy", chance=0.2, ended_at_last=True)

    sign = found(history([1.6, 1.0, 0.7, 0.5], [1.5, 1.0, 0.8, 0.65]), counts)

    assert sign.name == "not converged"
    assert "by 18.8% in the last of 4" in sign.title
    assert "learning_rate" not in sign.advice


def test_a_loss_that_creeps_wants_a_higher_rate_too() -> None:
    counts = Counts(num_validation=400, ended_at_last=True)

    sign = found(history([1.60, 1.55, 1.50, 1.45], [1.6, 1.56, 1.51, 1.46]), counts)

    assert "may be too low" in sign.title
    assert "train.learning_rate" in sign.advice


def test_the_same_curve_is_no_sign_where_patience_ended_it() -> None:
    assert found(history([1.6, 1.0, 0.7, 0.5], [1.5, 1.0, 0.8, 0.65])).name == "no bad sign"


def test_training_images_known_better_than_others_are_overfitting() -> None:
    rows = history(
        [1.2, 0.5, 0.1, 0.02], [1.1, 1.0, 0.98, 0.99], [0.5, 0.8, 0.97, 1], [0.6, 0.68, 0.7, 0.7]
    )

    sign = found(rows)

    assert (sign.name, sign.severity) == ("overfitting", "info")
    assert "97.0% of them right, 70.0% of 400" in sign.title


def test_few_validation_images_make_no_gap() -> None:
    few = Counts(num_validation=20, share="accuracy", chance=0.2)
    rows = history([1.2, 0.5, 0.3], [1.1, 0.7, 0.6], [0.6, 0.8, 0.97], [0.6, 0.8, 0.85])

    assert found(rows, few).name == "no bad sign"


def test_a_validation_loss_that_rises_after_its_best_names_the_kept_epoch() -> None:
    sign = found(history([1.2, 0.5, 0.3, 0.1], [1.1, 0.5, 0.8, 1.4]), Counts(num_validation=400))

    assert sign.name == "overfitting"
    assert "From epoch 2 on" in sign.title


def test_validation_far_better_than_training_may_be_a_leak() -> None:
    rows = history([1.2, 0.8, 0.7], [0.6, 0.3, 0.2], [0.5, 0.7, 0.75], [0.8, 0.95, 0.97])

    assert found(rows).name == "validation better than training"


def test_where_training_images_are_changed_that_is_no_sign() -> None:
    changed = Counts(num_validation=400, share="accuracy", chance=0.2, changed_images=True)
    rows = history([1.2, 0.8, 0.7], [0.6, 0.3, 0.2], [0.5, 0.7, 0.75], [0.8, 0.95, 0.97])

    assert found(rows, changed).name == "no bad sign"


def test_a_model_that_cannot_tell_its_own_images_underfits() -> None:
    rows = history([1.6, 1.4, 1.38], [1.6, 1.42, 1.4], [0.3, 0.4, 0.42], [0.3, 0.38, 0.4])

    assert found(rows).name == "underfitting"


def test_without_a_validation_split_only_the_training_loss_speaks() -> None:
    assert signs(history([1.6, 0.8, 0.5]), Counts(num_validation=0)) == ()
    assert found(history([1.6, 1.6, 1.6]), Counts(num_validation=0)).name == "flat loss"
