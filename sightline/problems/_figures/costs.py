"""What the rules cost: how often they let a worse model pass and take an equal one for worse."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from sightline.problems._figures.gains import (
    CHANCE,
    EQUAL_HELD,
    WORSE_PROMOTED,
    Gains,
    PartGains,
    Rule,
    together,
)
from sightline.stage.formats.evaluation import Floats, Integers, Simulated

MOST_MODELS, FEWEST_MODELS = 500, 100
ANSWERS_AT_ONCE = 1_000_000
MOST_IMAGES = 20_000
"""More are simulated as so many: errors only become rarer."""
MOST_STEPS, STEP = 4, 1.15


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
    ones it often does, and fewer worse models pass.
    """
    number = len(seen.headline.values)
    promoted, held = _errors(seen, rule, number)
    return Simulated(
        num_images=number,
        num_models=_num_models(number),
        margin=rule.margin,
        discordance=seen.discordance,
        worse_promoted=promoted,
        equal_held=held,
        images_needed=_images_needed(seen, rule, number, (promoted, held)),
    )


def _errors(seen: Observed, rule: Rule, num_images: int) -> tuple[float | None, float]:
    """Return the share of worse models that pass, and that of equal ones that do not."""
    held = _held(seen, rule, num_images, 0.0)
    promoted = 1 - _held(seen, rule, num_images, rule.margin) if rule.margin else None
    return promoted, held


def _held(seen: Observed, rule: Rule, num_images: int, below: float) -> float:
    """Return the share of models that are held, `below` the other by so much in truth."""
    number = min(num_images, MOST_IMAGES)
    random = np.random.default_rng(rule.seed)
    rows, turned = _draw(seen.headline.values, below, (number, _num_models(number)), random)
    headline = replace(seen.headline, values=seen.headline.values[rows] * turned)
    signs = rule.verdict(headline)
    if seen.losses is not None:
        signs = together(signs, rule.verdict(Gains(values=seen.losses[rows] * turned)))
    held = signs == -1
    if seen.parts:
        parts = [
            replace(part, held=part.held[rows], values=part.values[rows] * turned)
            for part in seen.parts
        ]
        held |= rule.worse_parts(parts)[2].any(axis=0)
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


def _images_needed(
    seen: Observed, rule: Rule, number: int, errors: tuple[float | None, float]
) -> int | None:
    """Return how many images bring both errors down; None without a margin to tell.

    The number follows from the spread of the gains (Connor, 1987), and a simulation proves it.
    """
    values = seen.headline.values
    if not rule.margin or not np.any(values):
        return None
    spread = max(float(np.mean(np.square(values))), rule.margin**2)
    reached = NormalDist().inv_cdf(1 - CHANCE) + NormalDist().inv_cdf(1 - WORSE_PROMOTED)
    needed = math.ceil(spread * (reached / rule.margin) ** 2)
    if _fine(errors):
        return min(number, needed)
    needed = max(number, needed)
    for _ in range(MOST_STEPS):
        if needed > MOST_IMAGES or _fine(_errors(seen, rule, needed)):
            break
        needed = math.ceil(needed * STEP)
    return _rounded_up(needed)


def _fine(errors: tuple[float | None, float]) -> bool:
    promoted, held = errors
    return (promoted or 0.0) <= WORSE_PROMOTED and held <= EQUAL_HELD


def _rounded_up(number: int) -> int:
    """Keep two digits: a simulation tells no more."""
    digit: int = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / digit) * digit
