"""Say what can answer with the bundle, and how closely each engine has to."""

from collections.abc import Sequence

from components.export.parity import Parity
from components.export.settings import ExportSettings
from sightline.stage.formats.engine import BEST_FIRST, LITERT_INT8, Engine


def engines_of(results: Sequence[Parity], settings: ExportSettings) -> tuple[Engine, ...]:
    """Return the engines of a bundle, best first, with what was measured and what is demanded.

    What answers as the evaluated model did is held to the difference of its numbers; two classes
    that are equally probable may then change places. int8 rounds, so it is held to the answer.
    """
    found = {one.engine: one for one in results if one.engine}
    return tuple(
        Engine(
            name=name,
            file=found[name].file if found[name].kept else "",
            num_images=found[name].num_images,
            top1_agreement=found[name].top1_agreement,
            max_difference=found[name].max_difference,
            required_agreement=settings.min_int8_agreement if name == LITERT_INT8 else None,
            tolerance=None if name == LITERT_INT8 else settings.parity_tolerance,
            left_out=found[name].reason,
        )
        for name in BEST_FIRST
        if name in found
    )
