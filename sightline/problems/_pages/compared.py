"""The section of the report that puts the new model beside the live one."""

from sightline.problems._gate.gains import EQUAL_HELD, WORSE_PROMOTED
from sightline.problems.conditions import SIGNED, THREE_DECIMALS, Write, p_text, shown
from sightline.stage.formats.evaluation import ComparedFigure, Comparison, Simulated
from sightline.stage.report.page import Cell, Page

MOST_PARTS = 30


def show_champion(
    page: Page,
    champion: Comparison,
    write: Write = THREE_DECIMALS,
    change: Write = SIGNED,
) -> None:
    """Show both models' figures on the same images, their parts, and what the rules cost."""
    page.section("Compared with the live model", champion.detail)
    if champion.outcome != "compared":
        return
    page.table(
        ["figure", "verdict", "new", f"live ({champion.version})", "difference"],
        [_row(one, write, change) for one in (*champion.figures, *champion.further)],
        caption=f"Nothing is decided by {' and '.join(one.name for one in champion.further)}."
        if champion.further
        else "",
    )
    page.text(_told(champion))
    _show_parts(page, champion)
    if champion.costs:
        page.text(costs_text(champion.costs))


def _row(one: ComparedFigure, write: Write, change: Write) -> list[Cell]:
    """Write one figure of both; those of packages have no unit."""
    if one.own:
        write, change = THREE_DECIMALS, SIGNED
    return [
        one.name,
        one.verdict,
        write(one.candidate),
        write(one.champion),
        shown(one.difference, change),
    ]


def _told(champion: Comparison) -> str:
    p_value = champion.figures[0].p_value
    test = "" if p_value is None else f" McNemar's exact p: {p_text(p_value)}."
    nearer = "it is nearer to the truth" if p_value is None and _of_numbers(champion) else "right"
    return (
        f"Verdict: {champion.verdict}. On the same {champion.num_images:,} images; intervals of "
        f"{champion.level or 0:.0%}, paired. Only the new model is {nearer}: "
        f"{champion.only_candidate_right:,}; only the live one: "
        f"{champion.only_champion_right:,}.{test}"
    )


def _of_numbers(champion: Comparison) -> bool:
    # Only where there are probabilities is there a loss of them, too.
    return len(champion.figures) == 1


def _show_parts(page: Page, champion: Comparison) -> None:
    if not champion.parts:
        return
    page.table(
        ["part", "images", "change", "p", "worse"],
        [
            [one.name, one.num_images, f"{one.change:+.3f}", p_text(one.p_value), _yes(one.worse)]
            for one in champion.parts[:MOST_PARTS]
        ],
        caption=f"The lowest first, {min(MOST_PARTS, len(champion.parts)):,} of "
        f"{len(champion.parts):,}. p is of being worse by chance, corrected for how many were "
        "looked at (Holm).",
    )


def _yes(worse: bool) -> str:
    return "yes" if worse else "no"


def costs_text(costs: Simulated) -> str:
    """Say how often the rules err, and how many images would make them better."""
    said = (
        f"What these rules cost with {costs.num_images:,} images, on {costs.discordance:.1%} of "
        f"which the two models differ ({costs.num_models:,} simulated pairs of each kind): an "
        f"equal model is taken for worse {costs.equal_held:.0%} of the time"
    )
    if not costs.margin:
        return f"{said}. evaluate.margin is 0, so that every difference beyond chance counts."
    if costs.worse_promoted is None:
        return f"{said}. Each image is as right in both: nothing tells how a worse one would fare."
    said += (
        f", and one that is worse by evaluate.margin ({costs.margin:g}) passes "
        f"{costs.worse_promoted:.0%} of the time."
    )
    if costs.images_needed is None:
        return said
    enough = costs.images_needed <= costs.num_images
    about = (
        "these are enough" if enough else f"about {costs.images_needed:,} test images are needed"
    )
    return f"{said} For at most {EQUAL_HELD:.0%} and {WORSE_PROMOTED:.0%}, {about}."
