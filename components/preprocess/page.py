"""The page of the preprocess stage: splits, pixels before and after, and the contract."""

from collections.abc import Sequence
from pathlib import Path

from components.preprocess.survey import SplitSurvey
from components.preprocess.write import Pair
from sightline.ground.wording import first_sentence
from sightline.problems.wording import classes, images, joined
from sightline.stage.formats.records import SPLITS
from sightline.stage.imaging.arrays import Pixels, decode
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Page

RESIZE_WORDS = {
    "squash": "squashed to a square, whatever its shape",
    "pad": "fitted into a square, with black beside it",
    "crop": "fitted into a larger square, of which the centre is kept",
}


RULE_WORDS = {
    "image_size": "side of the image, in pixels",
    "crop_scale": "crop: made so many times as large first",
    "mean": "mean of the training images",
    "std": "standard deviation of the training images",
}


def write_report(
    path: Path,
    *,
    survey: SplitSurvey,
    contract: PreprocessingContract,
    pairs: Sequence[Pair],
    permanence: str,
) -> None:
    """Write the page; `permanence` says what was kept or may move, if there is something to say."""
    totals = survey.totals
    page = Page(
        title="preprocess",
        subtitle=joined(
            images(sum(totals.values())), classes(len(survey.classes)), f"{contract.image_size} px"
        ),
    )
    page.summary({f"{split} images": totals[split] for split in SPLITS})
    _show_splits(page, survey, permanence)
    _show_pixels(page, contract, pairs)
    page.section(
        "Preprocessing contract",
        "Training, evaluation, export and serving all turn image files into pixels by this.",
    )
    page.table(
        ["rule", "value"],
        [
            [RULE_WORDS.get(name, name.replace("_", " ")), _words(value)]
            for name, value in contract.model_dump(mode="json").items()
        ],
    )
    page.write(path)


def _show_splits(page: Page, survey: SplitSurvey, permanence: str) -> None:
    if not survey.findings:
        page.notice("good", f"Every {survey.part} has images in every split.")
    for finding in survey.findings:
        page.notice("warning", finding.text, detail=finding.remedy)
    if permanence:
        first, rest = first_sentence(permanence)
        page.notice("info", first, detail=rest)
    page.section("Splits", f"Images per {survey.part} and split.")
    page.table(
        [survey.part, *SPLITS],
        [[name, *(survey.class_counts[split][name] for split in SPLITS)] for name in survey.parts],
        bars=SPLITS,
    )


def _show_pixels(page: Page, contract: PreprocessingContract, pairs: Sequence[Pair]) -> None:
    size = contract.image_size
    page.section(
        "What the model sees",
        f"Each image is {RESIZE_WORDS[contract.resize_mode]}, at {size} x {size} pixels.",
    )

    def as_received(pair: Pair) -> Pixels:
        return decode(pair.before, value_range=contract.value_range)

    page.thumbnails(
        [
            thumbnail
            for pair in pairs
            for thumbnail in (
                Thumbnail(image=as_received(pair), title=pair.label, text="as received"),
                Thumbnail(image=pair.after, title=pair.label, text="as the model sees it"),
            )
        ],
        caption="The first training image of some classes.",
    )


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"{number:.2f}" for number in value)
    return str(value)
