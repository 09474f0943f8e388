"""Say what can answer with the bundle, and how closely each engine has to."""

from collections.abc import Mapping, Sequence

from components.export.measuring.parity import Parity
from components.export.settings import ExportSettings
from sightline.stage.answering.engine import BY_ENGINE, Engine


def engines_of(
    results: Sequence[Parity], left_out: Mapping[str, str], settings: ExportSettings
) -> tuple[Engine, ...]:
    """Return the engines of a bundle, best first, with what was measured and what is demanded.

    What answers as the evaluated model did is held to the difference of its numbers; two classes
    that are equally probable may then change places. What rounds is held to the answer, and to
    what it loses.

    `left_out`: engines that could not be made at all, and why.
    """
    measured = [_measured(one, settings) for one in results if one.engine]
    absent = [Engine(name=name, file="", left_out=reason) for name, reason in left_out.items()]
    return in_order([*measured, *absent])


def in_order(engines: Sequence[Engine]) -> tuple[Engine, ...]:
    """Return engines as a server prefers them."""
    order = list(BY_ENGINE)
    return tuple(sorted(engines, key=lambda one: order.index(one.name)))


def _measured(result: Parity, settings: ExportSettings) -> Engine:
    rounds = BY_ENGINE[result.engine].rounds
    loss = result.accuracy.overall.loss if result.accuracy else None
    return Engine(
        name=result.engine,
        file=result.file if result.kept else "",
        num_images=result.num_images,
        top1_agreement=result.top1_agreement,
        max_difference=result.max_difference,
        loss=loss,
        required_agreement=settings.min_agreement if rounds else None,
        tolerance=None if rounds else settings.parity_tolerance,
        allowed_loss=settings.max_accuracy_loss if rounds and loss is not None else None,
        left_out=result.reason,
    )
