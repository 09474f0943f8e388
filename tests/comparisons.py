"""Comparisons of a model with the live one, as evaluate would have made them."""

from typing import Any

from sightline.stage.formats.evaluation import ComparedFigure, ComparedPart, Comparison, Figure


def figure(
    difference: float,
    *,
    name: str = "accuracy",
    champion: float = 0.8,
    width: float = 0.04,
    verdict: Any = "cannot tell",
    **more: Any,
) -> ComparedFigure:
    """A figure of both models, with an interval that reaches so far to either side."""
    return ComparedFigure(
        name=name,
        candidate=champion + difference,
        champion=champion,
        difference=Figure(value=difference, low=difference - width, high=difference + width),
        margin=more.pop("margin", 0.03),
        verdict=verdict,
        **more,
    )


def comparison(*figures: ComparedFigure, **more: Any) -> Comparison:
    """A comparison with version 3 on a hundred images."""
    return Comparison(
        **{
            "outcome": "compared",
            "detail": "All test images.",
            "version": 3,
            "num_images": 100,
            "level": 0.93,
            "figures": figures,
            "verdict": figures[0].verdict,
            "newer_data": True,
            **more,
        }
    )


def part(change: float, *, name: str = "class 'rose'", worse: bool = False) -> ComparedPart:
    """A part of the test images on which the model is so much better."""
    return ComparedPart(name=name, num_images=20, change=change, p_value=0.01, worse=worse)
