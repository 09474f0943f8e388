"""The section of the report that puts the new model beside the live one."""

from sightline.problems._pages.cells import rounded
from sightline.problems.conditions import interval_text
from sightline.stage.formats.evaluation import Comparison
from sightline.stage.report.page import Page


def show_champion(page: Page, champion: Comparison) -> None:
    """Show both models' figures on the same images and what follows from them."""
    page.section("Compared with the live model", champion.detail)
    if champion.outcome != "compared":
        return
    page.table(
        ["model", champion.figure, "right where the other is wrong"],
        [
            ["new", rounded(champion.candidate_accuracy), champion.only_candidate_right],
            [
                f"live, version {champion.version}",
                rounded(champion.champion_accuracy),
                champion.only_champion_right,
            ],
        ],
        caption=_verdict(champion),
    )


def _verdict(champion: Comparison) -> str:
    test = "" if champion.p_value is None else f", McNemar's exact p = {champion.p_value:.3g}"
    return (
        f"Verdict: {champion.verdict}. Difference {champion.difference.value:+.3f} "
        f"{interval_text(champion.difference)} on the same {champion.num_images:,} images{test}."
    )
