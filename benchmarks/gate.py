"""How often the gate lets a worse model pass and takes an equal one for worse.

`python benchmarks/gate.py [--pairs 1000]`: draws pairs of models whose quality is known, for 100,
400 and 1,600 test images and for models that differ in right or wrong on 5, 10 and 20 % of them:
one equal to the live model, one worse by the margin of 3 points. Each pair goes through the
product's own rule (`sightline.problems._gate.gains.Rule`, as evaluate asks it: accuracy, log
loss, five classes). Beside it stand a gate that always deploys, one that always holds, the rule
that evaluate had before (hold whatever measures lower), and one that wants proof (hold unless
accuracy is shown to lie less than the margin below, at 5 %).

Both models' logits are normal and correlated, an answer is right where its logit is above 0, and
the probability of the truth is their logistic function, twice as steep. Three readings:

- `whole`: a worse model is worse on every image, so that its log loss tells of it, too.
- `answers`: the log loss depends on right and wrong alone and tells no more than they do. At 1,600
  images and 20 % no test of right and wrong keeps both errors below 5 and 10 %: that takes 1,900.
- `digits`: real models: logistic regressions of scikit-learn's digits under noise, trained on other
  images and on more or fewer, each with a temperature as train fits one. Pairs whose accuracy on
  1,000 images differs by 2 to 4.5 points stand for worse models; for equal ones, the same with
  answers that change places at random, image by image. Which of the others is nearer to reality?

It holds if, in the reading `whole`, at 1,600 images at most 5 % of the worse models pass and at
most 10 % of the equal ones are held. One JSON line comes last.
"""

import argparse
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from measuring import conditions, processor_seconds
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import multivariate_normal, norm

from components.evaluate.settings import EvaluateSettings
from sightline.problems._figures.calibration import log_losses
from sightline.problems._gate.gains import EQUAL_HELD, WORSE_PROMOTED, Gains, PartGains, Rule
from sightline.stage.arrays import Booleans, Floats

SIZES = (100, 400, 1_600)
DISCORDANCES = (0.05, 0.1, 0.2)
READINGS = ("whole", "answers")
ACCURACY = 0.85
STEEPNESS = 2.0
NUM_CLASSES = 5
SEED = 16
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of models on the same images: right or wrong, and the loss [images, pairs]."""

    right: tuple[Booleans, Booleans]
    losses: tuple[Floats, Floats]


def main() -> None:
    """Draw the pairs, ask the rules, print the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000)
    arguments = parser.parse_args()

    began = processor_seconds()
    rows = [
        measure(size, share, reading, arguments.pairs)
        for reading in READINGS
        for size in SIZES
        for share in DISCORDANCES
    ]
    rows += of_digits(arguments.pairs)
    for row in rows:
        print(json.dumps(row))
    print(json.dumps(judged(rows, arguments.pairs, processor_seconds() - began)))


def measure(size: int, share: float, reading: str, number: int) -> Result:
    """Return how often each gate errs with so many images and so much discordance."""
    settings = EvaluateSettings()
    random = np.random.default_rng([SEED, size, round(1_000 * share)])
    equal = draw(random, size, number, share, 0.0, reading)
    worse = draw(random, size, number, share, settings.margin, reading)
    return row_of(reading, size, share, errors_of(worse, equal, settings, random))


def errors_of(
    worse: Pairs, equal: Pairs, settings: EvaluateSettings, random: np.random.Generator
) -> dict[str, list[float]]:
    """Return for each rule which share of the worse models it holds, and of the equal ones."""
    both = [gains_of(pairs) for pairs in (worse, equal)]
    return {
        "ours": [float(held(pairs, settings, random).mean()) for pairs in (worse, equal)],
        "earlier": [float((gains.mean(axis=0) < 0).mean()) for gains in both],
        "proof": [float(unproven(gains, settings.margin).mean()) for gains in both],
    }


def row_of(reading: str, size: int, share: float, errors: dict[str, list[float]]) -> Result:
    """Return the line of one case, of the shares of worse and of equal models that are held."""
    return {
        "reading": reading,
        "images": size,
        "discordance": round(share, 3),
        **{
            name: {"worse_promoted": round(1 - caught, 3), "equal_held": round(lost, 3)}
            for name, (caught, lost) in errors.items()
        },
    }


def draw(
    random: np.random.Generator,
    size: int,
    number: int,
    share: float,
    below: float,
    reading: str,
) -> Pairs:
    """Draw pairs whose first model is right that much less often, and which differ so often."""
    means = [float(norm.ppf(ACCURACY - below)), float(norm.ppf(ACCURACY))]
    together = correlation(means, share)
    first, shared = random.standard_normal((2, size, number))
    second = together * first + math.sqrt(1 - together**2) * shared
    logits = (means[0] + first, means[1] + second)
    right = (logits[0] > 0, logits[1] > 0)
    if reading == "answers":
        logits = (like_any(random, right[0]), like_any(random, right[1]))
    chances = [1 / (1 + np.exp(-STEEPNESS * one)) for one in logits]
    return Pairs(right, (log_losses(chances[0]), log_losses(chances[1])))


def correlation(means: list[float], share: float) -> float:
    """Return the correlation with which two models are right on so many different images."""

    def beyond(correlated: float) -> float:
        spread = [[1.0, correlated], [correlated, 1.0]]
        both = float(multivariate_normal(mean=[0.0, 0.0], cov=spread).cdf(means))
        rates = norm.cdf(means)
        return float(rates[0] + rates[1] - 2 * both - share)

    return float(brentq(beyond, -0.9, 0.99999, xtol=1e-6))


def like_any(random: np.random.Generator, right: Booleans) -> Floats:
    """Draw logits that depend on right and wrong alone: those of the live model's quality."""
    limit = norm.cdf(-norm.ppf(ACCURACY))
    drawn = random.random(right.shape)
    place = np.where(right, limit + drawn * (1 - limit), drawn * limit)
    return np.asarray(norm.ppf(np.clip(place, 1e-12, 1 - 1e-12)) + norm.ppf(ACCURACY))


def held(pairs: Pairs, settings: EvaluateSettings, random: np.random.Generator) -> Booleans:
    """Ask the product's rule which of the first models are worse [pairs]."""
    gains, (own, theirs) = gains_of(pairs), pairs.losses
    classes = random.integers(0, NUM_CLASSES, gains.shape)
    parts = [
        PartGains(name=str(index), held=classes == index, values=gains)
        for index in range(NUM_CLASSES)
    ]
    rule = Rule(
        margin=settings.margin,
        part_margin=settings.part_margin,
        samples=settings.bootstrap_samples,
        seed=settings.seed,
    )
    # A unit of log loss is the live model's mean, as evaluate has it.
    losses = (theirs - own) / theirs.mean(axis=0)
    return rule.worse(Gains(values=gains, counted=True), losses, parts)


def unproven(gains: Floats, margin: float) -> Booleans:
    """Tell which of the first models may lie the margin below, as far as accuracy says [pairs]."""
    reach = norm.ppf(1 - WORSE_PROMOTED) * gains.std(axis=0) / math.sqrt(len(gains))
    return np.asarray(gains.mean(axis=0) - reach <= -margin)


def gains_of(pairs: Pairs) -> Floats:
    """Return 1 where only the first model is right, -1 where only the second is."""
    return pairs.right[0].astype(np.float64) - pairs.right[1]


def of_digits(number: int) -> list[Result]:
    """Return the lines of real models."""
    random = np.random.default_rng(SEED)
    rights, losses = digit_models(random)
    gaps = rights.mean(axis=1)[:, np.newaxis] - rights.mean(axis=1)
    first, second = np.nonzero((gaps < -0.02) & (gaps > -0.045))
    rows = []
    for size in SIZES:
        chosen = random.integers(0, len(first), number)
        images = random.integers(0, rights.shape[1], (size, number))
        models = (first[chosen], second[chosen])
        worse = Pairs(
            (rights[models[0], images], rights[models[1], images]),
            (losses[models[0], images], losses[models[1], images]),
        )
        turned = random.random(images.shape) < 0.5
        equal = Pairs(exchanged(turned, worse.right), exchanged(turned, worse.losses))
        errors = errors_of(worse, equal, EvaluateSettings(), random)
        share = float((worse.right[0] != worse.right[1]).mean())
        rows.append(row_of("digits", size, share, errors))
    return rows


def exchanged(turned: Booleans, both: tuple[Any, Any]) -> tuple[Any, Any]:
    """Let two models' answers change places on some images."""
    return np.where(turned, both[1], both[0]), np.where(turned, both[0], both[1])


def digit_models(random: np.random.Generator) -> tuple[Booleans, Floats]:
    """Return which of 1,000 images each of 24 models gets right, and what each costs it."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    pixels, labels = load_digits(return_X_y=True)
    pixels = pixels / 16 + random.normal(0, 0.35, pixels.shape)
    order = random.permutation(len(labels))
    tested, validated, rest = order[:1_000], order[1_000:1_150], order[1_150:]
    rights, losses = [], []
    for size in np.linspace(120, len(rest) - 20, 24).astype(int):
        chosen = random.choice(rest, size, replace=False)
        model = LogisticRegression(C=0.05, max_iter=500).fit(pixels[chosen], labels[chosen])
        logits = [model.decision_function(pixels[part]) for part in (validated, tested)]
        scales = np.linspace(0.2, 5, 97)
        found = [softmax_losses(logits[0] * one, labels[validated]).mean() for one in scales]
        losses.append(softmax_losses(logits[1] * scales[int(np.argmin(found))], labels[tested]))
        rights.append(logits[1].argmax(axis=1) == labels[tested])
    return np.array(rights), np.array(losses)


def softmax_losses(logits: Floats, labels: Any) -> Floats:
    """Return what each answer costs, of ten classes that all were trained on."""
    chances = softmax(logits, axis=1)
    return np.asarray(log_losses(chances[np.arange(len(labels)), labels]))


def judged(rows: list[Result], number: int, seconds: float) -> Result:
    """Return the line that says whether the target is met."""
    largest = [row for row in rows if row["images"] == SIZES[-1]]

    def worst(gate: str, reading: str) -> dict[str, float]:
        chosen = [row[gate] for row in largest if row["reading"] == reading]
        return {name: max(one[name] for one in chosen) for name in chosen[0]}

    ours = worst("ours", "whole")
    peers = {
        "always_deploy": {"worse_promoted": 1.0, "equal_held": 0.0},
        "always_hold": {"worse_promoted": 0.0, "equal_held": 1.0},
        "earlier_rule": worst("earlier", "whole"),
        "proof_of_no_loss": worst("proof", "whole"),
    }
    least = min(sum(one.values()) for one in peers.values())
    return {
        "name": "gate",
        "ours": ours,
        "ours_where_log_loss_tells_no_more": worst("ours", "answers"),
        "ours_on_digits": worst("ours", "digits"),
        "peer": peers,
        "ratio": round(sum(ours.values()) / least, 2),
        "target": {"worse_promoted": WORSE_PROMOTED, "equal_held": EQUAL_HELD},
        "holds": ours["worse_promoted"] <= WORSE_PROMOTED and ours["equal_held"] <= EQUAL_HELD,
        **conditions(
            images=SIZES[-1],
            margin=EvaluateSettings().margin,
            pairs=number,
            seed=SEED,
            processor_seconds=round(seconds, 1),
        ),
    }


if __name__ == "__main__":
    main()
