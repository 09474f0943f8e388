"""What the rules cost: how often they let a worse model pass and take an equal one for worse."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from sightline.problems._gate.gains import (
    CHANCE,
    EQUAL_HELD,
    WORSE_PROMOTED,
    Gains,
    PartGains,
    Rule,
)
from sightline.stage.arrays import Floats, Integers
from sightline.stage.formats.evaluation import Simulated

MOST_MODELS, FEWEST_MODELS = 500, 100
ANSWERS_AT_ONCE = 800_000
MOST_IMAGES = 10_000
"""More are simulated as so many: errors only become rarer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The pair of models that was seen, image by image, from which others are drawn."""

    headline: Gains
    losses: Floats | None
    discordance: float
    """Share of images on which the two answer differently well."""
    parts: Sequence[PartGains]


def simulate(seen: Observed, rule: Rule) -> Simulated:
    """Draw pairs of models like the one seen, and ask the rule about each.

    A pair is drawn image by image from those seen, and which of the two answers is the new model's
    is drawn, too: evenly for equal models, and for a worse one so often against it that it lies
    below by the margin. So the log loss tells no more of a drawn pair than its answers do; of real
    ones it often does, and fewer worse models pass. F1 of a drawn pair is the mean of what each
    image adds to it: a mean can be resampled of all pairs at once.
    """
    held = _held(seen, rule, 0.0)
    # Of answers that are all alike, none makes a worse model.
    can_be_worse = rule.margin and np.any(seen.headline.values)
    promoted = 1 - _held(seen, rule, rule.margin) if can_be_worse else None
    number = len(seen.headline.values)
    needed = _images_needed(seen.headline.values, rule.margin)
    fine = (promoted or 0.0) <= WORSE_PROMOTED and held <= EQUAL_HELD
    return Simulated(
        num_images=number,
        num_models=_num_models(number),
        margin=rule.margin,
        discordance=seen.discordance,
        worse_promoted=promoted,
        equal_held=held,
        images_needed=None if needed is None else _agreeing(needed, number, fine=fine),
    )


def _held(seen: Observed, rule: Rule, below: float) -> float:
    """Return the share of models that are held, `below` the other by so much in truth."""
    values = seen.headline.values
    number = min(len(values), MOST_IMAGES)
    models = _num_models(number)
    random = np.random.default_rng(rule.seed)
    rows, turned = _draw(values, below, (number, models), random)
    held = rule.worse(
        replace(seen.headline, values=values[rows] * turned),
        None if seen.losses is None else seen.losses[rows] * turned,
        (
            replace(part, held=part.held[rows], values=part.values[rows] * turned)
            for part in seen.parts
        ),
    )
    return float(held.mean())


def _draw(
    gains: Floats, below: float, shape: tuple[int, int], random: np.random.Generator
) -> tuple[Integers, Floats]:
    """Draw images, and whether the two models' answers change places: 1 or -1."""
    differing, alike = np.flatnonzero(gains), np.flatnonzero(gains == 0)
    size = float(np.abs(gains[differing]).mean()) if len(differing) else 0.0
    share = len(differing) / len(gains)
    # Models that differ on fewer images than the margin cannot lie a margin apart.
    share = min(1.0, max(share, below / size)) if size else 0.0
    against = min(1.0, (1 + below / (share * size)) / 2) if share else 0.5
    differs = random.random(shape) < (share if len(alike) else 1.0)
    rows = np.where(differs, _of(differing, shape, random), _of(alike, shape, random))
    flips = random.random(shape) < 0.5
    loses = random.random(shape) < against
    signs = np.where(differs, np.where(loses, -1, 1) * np.sign(gains[rows]), np.where(flips, -1, 1))
    return rows, signs.astype(np.float64)


def _of(rows: Integers, shape: tuple[int, int], random: np.random.Generator) -> Integers:
    return rows[random.integers(0, len(rows), shape)] if len(rows) else np.zeros(shape, np.int64)


def _num_models(num_images: int) -> int:
    return min(MOST_MODELS, max(FEWEST_MODELS, ANSWERS_AT_ONCE // num_images))


def _agreeing(needed: int, number: int, *, fine: bool) -> int:
    """Let the formula give way, by a little, to what the simulation says of this many images."""
    if fine:
        return min(needed, number)
    return needed if needed > number else _rounded_up(1.1 * number)


def _images_needed(gains: Floats, margin: float) -> int | None:
    """Return how many images bring both errors down; None without a margin or a difference.

    From the spread of the gains (Connor, 1987), as the interval of the headline figure alone would
    need them, with the correction for counts that the exact test asks for.
    """
    if not margin or not np.any(gains):
        return None
    spread = max(float(np.mean(np.square(gains))) - margin**2, margin * (1 - margin))
    reached = NormalDist().inv_cdf(1 - CHANCE) + NormalDist().inv_cdf(1 - WORSE_PROMOTED)
    needed = spread * (reached / margin) ** 2 + 2 / margin
    return _rounded_up(needed)


def _rounded_up(number: float) -> int:
    """Keep two digits: neither formula nor simulation tells more."""
    digit = 10 ** max(0, int(math.log10(number)) - 1)
    return int(math.ceil(number / digit) * digit)
