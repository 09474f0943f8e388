"""Which answers a table of costs leads to, chosen on images held out."""

from typing import Any

import numpy as np

from sightline.ground.wording import counted
from sightline.problems._costs.choice import Choice
from sightline.problems._costs.choosing_threshold import FEWEST_OF_EITHER, Stakes, choose_of
from sightline.problems._costs.costs import COSTS
from sightline.problems._costs.table import CostTable
from sightline.problems._costs.threshold import BY_COST, REJECT_MARGIN
from sightline.problems._figures.held_out import FEWEST_IMAGES, Gain
from sightline.problems.training import Decided
from sightline.stage.arrays import Floats, Integers


def choose_by_table(truth: Integers, chances: Floats, table: CostTable, *, seed: int) -> Decided:
    """Return how classes are named and images rejected at least cost.

    The class of least expected cost is decision theory's (Elkan, 2001). The likeliest is named in
    its place only where images prove that to be cheaper, as with probabilities that are far off.

    truth, chances: class index [n] and probabilities [n, classes] of validation images.
    """
    by_cost, reason = _names_by_cost(truth, chances, table)
    about: dict[str, Any] = {COSTS: table.document(), BY_COST: by_cost}
    rows: list[tuple[str, float | str, str]] = [
        ("the class that is named", "by cost" if by_cost else "likeliest", reason)
    ]
    if table.rejected:
        choice = Choice(table=table, by_cost=by_cost)
        margin, why = _margin(truth, chances, choice, table, seed=seed)
        about[REJECT_MARGIN] = margin
        rows.append(("rejecting, cheaper by", margin, why))
    return Decided(about, rows)


def _names_by_cost(truth: Integers, chances: Floats, table: CostTable) -> tuple[bool, str]:
    by_cost, likeliest = (
        table.paid(truth, one.index(chances)) for one in (Choice(table=table), Choice())
    )
    gain = Gain.of(likeliest - by_cost)
    told = (
        f"on {counted(len(truth), 'validation image')} it costs {by_cost.mean():.4f} an image, the "
        f"likeliest class {likeliest.mean():.4f}; it saves {gain.mean:.4f}, standard error "
        f"{gain.doubt:.4f}"
    )
    if len(truth) >= FEWEST_IMAGES and not Gain.of(by_cost - likeliest).is_chance:
        return False, f"The likeliest: the class of least expected cost is dearer; {told}."
    return True, f"That of least expected cost; {told}."


def _margin(
    truth: Integers, chances: Floats, choice: Choice, table: CostTable, *, seed: int
) -> tuple[float, str]:
    scale = max(table.rejected) or 1.0
    advantage = np.asarray(choice.advantage(chances), np.float64)
    found = choose_of(
        Stakes(yes=table.paid(truth, choice.index(chances)), no=table.rejecting(truth)),
        advantage / scale,
        0.0,
        said="rejecting pays where it costs less than the answer, if probabilities are right",
        few=f"{counted(len(truth), 'validation image')} are too few to tell another margin (from "
        f"{FEWEST_IMAGES} on, {FEWEST_OF_EITHER} of them better answered and {FEWEST_OF_EITHER} "
        "better rejected)",
        seed=seed,
    )
    return 0.0 - float(np.float32(found.value * scale)), found.reason
