"""The section about parts of the test split."""

from collections.abc import Sequence

from sightline.problems._figures.slices import SliceFigures
from sightline.problems._pages.cells import interval, rounded
from sightline.stage.report.page import Page

CAPTION = (
    "'others' are images with another value in the column. 'verdict' is Fisher's exact test of "
    "the two, corrected for how many slices were looked at (Benjamini and Hochberg); without that "
    "one in twenty would look worse by chance. Columns that begin with 'image' are thirds of the "
    "test images by what label check measured."
)

CALLED = {"macro_f1": "macro F1", "f1": "F1", "roc_auc": "ROC AUC"}
LEFT_OUT = ("macro_precision", "macro_recall")
"""Figures that evaluation.json alone has: the table must fit."""


def show_slices(page: Page, slices: Sequence[SliceFigures], *, what: str = "accuracy") -> None:
    """Show accuracy on parts of the test split, if there are any."""
    if not slices:
        return
    title = f"{what[0].upper()}{what[1:]} where images share an attribute; lowest first."
    page.section("Slices", title)
    ordered = sorted(slices, key=lambda item: (item.accuracy.value or 0.0, item.value))
    further = [
        name
        for name in dict.fromkeys(n for one in slices for n in one.further)
        if name not in LEFT_OUT
    ]
    page.table(
        [
            *("column", "value", "images", "accuracy", "interval", "others", "verdict"),
            *(CALLED.get(name, name) for name in further),
        ],
        [
            [
                item.column,
                item.value,
                item.num_images,
                rounded(item.accuracy.value),
                interval(item.accuracy),
                rounded(item.others.value),
                item.verdict,
                *(
                    rounded(figure.value) if (figure := item.further.get(name)) else None
                    for name in further
                ),
            ]
            for item in ordered
        ],
        bars=("images",),
        caption=CAPTION,
    )
