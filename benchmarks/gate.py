"""How often the gate lets a worse model pass and takes an equal one for worse.

`python benchmarks/gate.py [--pairs 1000]`: draws pairs of models whose quality is known, for 100,
400 and 1,600 test images and for models that differ in right or wrong on 5, 10 and 20 % of them:
one equal to the live model, one worse by the margin of 3 points. Each pair goes through the
product's own rule (`sightline.problems._gate.gains.Rule`, as evaluate asks it: accuracy, log
loss, five classes). Beside it stand a gate that always deploys, one that always holds, the rule
that evaluate had before (hold whatever measures lower), and one that wants proof (hold unless
accuracy is shown to lie less than the margin below, at 5 %).

Both models' logits are normal and correlated, an answer is right where its logit is above 0, and
the probability of the truth is their logistic function, twice as steep. Two readings:

- `whole`: a worse model is worse on every image, so that its log loss tells of it, too.
- `answers`: the log loss depends on right and wrong alone and tells no more than they do. At 1,600
  images and 20 % no test of right and wrong keeps both errors below 5 and 10 %: that takes 1,900.

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
from scipy.stats import multivariate_normal, norm

from components.evaluate.settings import EvaluateSettings
from sightline.problems._figures.calibration import log_losses
from sightline.problems._gate.gains import EQUAL_HELD, WORSE_PROMOTED, Gains, PartGains, Rule
from sightline.stage.formats.evaluation import Booleans, Floats

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
    for row in rows:
        print(json.dumps(row))
    print(json.dumps(judged(rows, arguments.pairs, processor_seconds() - began)))


def measure(size: int, share: float, reading: str, number: int) -> Result:
    """Return how often each gate errs with so many images and so much discordance."""
    settings = EvaluateSettings()
    random = np.random.default_rng([SEED, size, round(1_000 * share)])
    equal = draw(random, size, number, share, 0.0, reading)
    worse = draw(random, size, number, share, settings.margin, reading)
    both = [gains_of(pairs) for pairs in (worse, equal)]
    errors = {
        "ours": [float(held(pairs, settings, random).mean()) for pairs in (worse, equal)],
        "earlier": [float((gains.mean(axis=0) < 0).mean()) for gains in both],
        "proof": [float(unproven(gains, settings.margin).mean()) for gains in both],
    }
    return {
        "reading": reading,
        "images": size,
        "discordance": share,
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
