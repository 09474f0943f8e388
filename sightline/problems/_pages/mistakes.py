"""The pictures that a model is wrong about, most confident first."""

from collections.abc import Callable, Sequence

from sightline.problems.judging import Mistake
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.links import name_of, original
from sightline.stage.report.page import Page

SIZE_PX = 176
MOST_CONFIDENT = "Most confident mistakes"


def show_mistakes(
    page: Page,
    mistakes: Sequence[Mistake],
    *,
    title: str,
    told: str,
    answer: Callable[[Mistake], str],
    truth: Callable[[Mistake], str],
    caption: str,
) -> None:
    """Add a section with the pictures, each with a link to where it lies.

    Args:
        page: the report.
        mistakes: as evaluate ranks them.
        title: of the section.
        told: how many there are, and what to do first.
        answer: what the model said, above a picture.
        truth: what it is, below; empty where the answer says it.
        caption: what stands above and below the pictures.
    """
    page.section(title, told)
    if mistakes:
        page.thumbnails(
            [
                Thumbnail(
                    image=item.original or item.pixels,
                    title=answer(item),
                    text=" · ".join(filter(None, [truth(item), name_of(item.uri)])),
                    tone="bad",
                    link=original(item.uri).address,
                )
                for item in mistakes
            ],
            size_px=SIZE_PX,
            caption=caption,
            front=True,
        )


def counted_mistakes(shown: int, total: int, what: str = "") -> str:
    """Say how many of all mistakes are shown, and what to do first."""
    if not total:
        return "There are none."
    return f"{shown} of {total:,}{what and f' {what}'}. Look for wrong labels first."
