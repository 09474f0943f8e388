"""Better, worse or cannot tell: a candidate and the live model on the same test images."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.problems._figures.slices import parts_of
from sightline.problems._gate.gains import (
    LEVEL,
    Gains,
    PartGains,
    Rule,
    together,
    word_of,
)
from sightline.problems._gate.paired import counts_of, mcnemar
from sightline.problems._gate.simulation import Observed, simulate
from sightline.problems.judging import Champion, Rules
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import (
    ComparedFigure,
    ComparedPart,
    Comparison,
    Figure,
    Predictions,
)

LEAST_LOSS = 0.001
"""Shares are of no smaller log loss: single precision and chance alone tell such models apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """One figure of both, on the same images."""

    name: str
    candidate: float
    champion: float
    gains: Gains
    """In units; positive where the candidate is better."""
    unit: float = 1.0
    """What a gain of 1 is in the figure."""
    lower_is_better: bool = False
    ends: tuple[float, float] | None = None
    """Of the interval of the gain, in units, where the figure is no mean over images."""
    own: bool = False
    """Whether a package brings the figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPairs:
    """Figures of both that packages bring."""

    num_images: int
    """On so many images; where a kind compares others, they are not looked at."""
    headline: Paired | None
    """The one that takes the place of the kind's own headline figure, if one does."""
    further: tuple[Paired, ...] = ()
    """Those by which nothing is decided."""


def losses_of(
    name: str, candidate: Floats, champion: Floats, *, least: float = LEAST_LOSS
) -> Paired:
    """Pair the losses of two models on the same images [n].

    The unit is the champion's mean, `least` where that is smaller.
    """
    theirs = float(champion.mean())
    unit = max(theirs, least)
    return Paired(
        name=name,
        candidate=float(candidate.mean()),
        champion=theirs,
        gains=Gains(values=(champion - candidate) / unit),
        unit=unit,
        lower_is_better=True,
    )


def right_of(candidate: Booleans, champion: Booleans) -> Paired:
    """Pair the share of right answers, of which images each model gets right [n]."""
    return Paired(
        name="accuracy",
        candidate=float(candidate.mean()),
        champion=float(champion.mean()),
        gains=Gains(values=candidate.astype(np.float64) - champion, counted=True),
    )


def slices_of(
    predictions: Predictions, rows: Sequence[int], gains: Gains, rules: Rules
) -> Iterator[PartGains]:
    """Yield the slices of the compared images, `rows` of all, that have enough of them."""
    for column, value, chosen in parts_of(predictions):
        yield from part_of(f"{column} '{value}'", chosen[list(rows)], gains, rules)


def part_of(name: str, held: Booleans, gains: Gains, rules: Rules) -> Iterator[PartGains]:
    """Yield a part of the compared images if it has enough of them."""
    if held.sum() >= rules.min_class_support:
        yield PartGains(name=name, held=held, values=gains.values, counted=gains.counted)


def compared(
    headline: Paired,
    losses: Paired | None,
    parts: Iterable[PartGains],
    *,
    champion: Champion,
    detail: str,
    right: tuple[int, int],
    rules: Rules,
) -> Comparison:
    """Say which of two models is better, by every figure and on every part, and what that costs.

    Args:
        headline: the figure that a person asks for.
        losses: the loss of the probabilities, where there are any.
        parts: classes, slices and ranges with enough images.
        champion: the live model.
        detail: on which images the two are compared.
        right: images that only the candidate gets right, and those that only the champion does.
        rules: what the settings ask.
    """
    rule = Rule(
        margin=rules.margin,
        part_margin=rules.part_margin,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )
    headline, further = _with_own(headline, champion.own)
    judged = [_judge(one, rule) for one in (headline, losses) if one is not None]
    signs = [sign for _, sign in judged]
    looked_at = list(parts) if rules.part_margin < 1 else []
    seen = Observed(
        headline=headline.gains,
        losses=None if losses is None else losses.gains.values,
        discordance=sum(right) / len(headline.gains.values),
        parts=looked_at,
    )
    return Comparison(
        outcome="compared",
        detail=detail,
        version=champion.version,
        num_images=len(headline.gains.values),
        level=LEVEL,
        figures=tuple(figure for figure, _ in judged),
        further=tuple(_judge(one, rule)[0] for one in further),
        only_candidate_right=right[0],
        only_champion_right=right[1],
        parts=_judge_parts(looked_at, rule),
        verdict=word_of(together(signs[0], signs[-1]) if losses is not None else signs[0]),
        when_equal=rules.when_equal,
        newer_data=champion.newer_data,
        costs=simulate(seen, rule),
    )


def _with_own(kinds: Paired, own: OwnPairs | None) -> tuple[Paired, tuple[Paired, ...]]:
    """Return the headline figure, and those by which nothing is decided."""
    if own is None or own.num_images != len(kinds.gains.values):
        return kinds, ()
    return (kinds, own.further) if own.headline is None else (own.headline, (kinds, *own.further))


def _judge(one: Paired, rule: Rule) -> tuple[ComparedFigure, Integers]:
    gains = one.gains
    low, high = one.ends or rule.ends(gains.values)
    sign = rule.verdict(gains, (np.asarray(low), np.asarray(high)))
    scale = -one.unit if one.lower_is_better else one.unit
    # Adding 0 leaves no -0.
    ends = sorted((float(low) * scale + 0.0, float(high) * scale + 0.0))
    figure = ComparedFigure(
        name=one.name,
        lower_is_better=one.lower_is_better,
        own=one.own,
        candidate=one.candidate,
        champion=one.champion,
        difference=Figure(value=one.candidate - one.champion, low=ends[0], high=ends[1]),
        margin=rule.margin * one.unit,
        p_value=float(mcnemar(*counts_of(gains.values))) if gains.counted else None,
        verdict=word_of(sign),
    )
    return figure, sign


def _judge_parts(parts: Sequence[PartGains], rule: Rule) -> tuple[ComparedPart, ...]:
    if not parts:
        return ()
    changes, p_values, worse = rule.worse_parts(parts)
    found = [
        ComparedPart(
            name=part.name,
            num_images=int(part.held.sum()),
            change=float(changes[at]),
            p_value=float(p_values[at]),
            worse=bool(worse[at]),
        )
        for at, part in enumerate(parts)
    ]
    return tuple(sorted(found, key=lambda part: (not part.worse, part.change)))
