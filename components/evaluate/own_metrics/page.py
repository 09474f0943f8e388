"""The section about figures of packages."""

from sightline.ground.wording import counted
from sightline.problems._pages.table import show_figures
from sightline.stage.formats.evaluation import EvaluationInfo
from sightline.stage.report.page import Page


def show_own_metrics(page: Page, info: EvaluationInfo) -> None:
    """Show them as a table; nothing where there are none."""
    if not info.own_metrics:
        return
    packages = ", ".join(sorted({one.package for one in info.own_metrics}))
    page.section("Own metrics", f"{counted(len(info.own_metrics), 'metric')} of {packages}.")
    show_figures(
        page,
        info.metrics,
        {
            one.name: (
                one.label,
                f"{one.sentence}; {'higher' if one.higher_is_better else 'lower'} is better",
            )
            for one in info.own_metrics
        },
    )
