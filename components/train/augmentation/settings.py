from typing import Any, Self

from pydantic import Field, model_validator

from sightline.ground.errors import SettingsError
from sightline.ground.settings import StageSettings, TextList, shown_first

from .own import OwnChange, own_change
from .ranges import NAMED, NO_CROP, Preset, Ranges, Strength

FOLLOWS = -1.0
"""A range that is left to `augment`. A pipeline parameter has no value that stands for nothing."""
SMALLEST_CROP = 0.1
VIEWS_WHERE_ASKED = 4


def ranged(most: float) -> Any:
    """Return the field of a range that `augment` sets unless somebody else does."""
    return Field(default=FOLLOWS, ge=FOLLOWS, le=most)


class AugmentationSettings(StageSettings):
    """How training images are changed at random."""

    augment: Preset = "auto"
    """Random changes to training images: none, light or strong ranges, of which each may be set by itself; auto takes light for recipes that learn on images, none for frozen features."""
    horizontal_flip: bool = Field(default=True, json_schema_extra=shown_first())
    """Whether augmentation may mirror images; turn it off for digits, text and other things with a direction."""
    vertical_flip: bool = False
    """Whether augmentation turns half of the images upside down: for views from above, such as cells or satellites."""
    rotation_degrees: float = ranged(180)
    """Most degrees that an image is turned, either way; -1 is as augment says, as in the settings below."""
    zoom: float = ranged(0.9)
    """Largest share by which an image is magnified or shrunk."""
    shift: float = ranged(0.5)
    """Most that an image is moved across and down, as a share of its side."""
    crop_ratio: float = ranged(NO_CROP)
    """Smallest share of an image's area that a random crop keeps, which is then resized to the whole, at up to 4 to 3 of another aspect; 1 crops nothing, and 0.1 is the least."""
    brightness: float = ranged(1)
    """Most that is added to or taken from every pixel, as a share of its full range."""
    contrast: float = ranged(1)
    """Largest share by which contrast rises or falls."""
    saturation: float = ranged(1)
    """Largest share by which colours become stronger or weaker; grey images have none."""
    hue: float = ranged(0.5)
    """Most that colours go round the colour circle, as a share of it: 0.5 is the opposite colour."""
    erasing: float = ranged(1)
    """Probability that a rectangle of 2 to 20 % of an image is filled with the image's mean colour."""
    augmentations: TextList = ()
    """Random changes that installed packages bring, done after all of these in their order, each with its settings, such as rain strength=0.4."""
    mixup: float = Field(default=0.0, ge=0, le=2)
    """Alpha of the Beta distribution by which pixels and goals of two images are blended, 0.2 being usual; 0 blends none."""
    augmented_views: int = Field(default=0, ge=0, le=50)
    """How many changed copies of each training image a frozen backbone sees, once, for its head to learn from; 0 is none, or 4 where augment or a range asks for changes with recipe frozen."""

    @property
    def set_by_itself(self) -> dict[str, float]:
        """Return the ranges that `augment` has no say in."""
        given = {name: float(getattr(self, name)) for name in NAMED}
        return {name: value for name, value in given.items() if value != FOLLOWS}

    @property
    def strength(self) -> Strength:
        """Return how much is changed of what learns on changed images."""
        return "light" if self.augment == "auto" else self.augment

    @property
    def asked_for(self) -> str:
        """Name the settings that ask for changes, whatever the recipe; empty where none does."""
        named = self.augment in ("light", "strong") and self.changes(self.strength)
        found = [f"augment {self.augment}"] if named else []
        plain = Ranges()
        found += [
            f"{name} {value:g}"
            for name, value in self.set_by_itself.items()
            if value != getattr(plain, name)
        ]
        found += [f"augmentations {one.name}" for one in self.own]
        return ", ".join(found + ["vertical_flip true"] * self.vertical_flip)

    @property
    def own(self) -> tuple[OwnChange, ...]:
        """Return what packages bring."""
        return tuple(own_change(text) for text in self.augmentations)

    def changes(self, strength: Strength) -> Ranges | None:
        """Return how far images are changed at a strength; None where they are not at all."""
        mirrored = self.horizontal_flip and strength != "none"
        ranges = Ranges.of(
            strength,
            horizontal_flip=mirrored,
            vertical_flip=self.vertical_flip,
            own=self.own,
            **self.set_by_itself,
        )
        return ranges if ranges.changes_anything else None

    @model_validator(mode="after")
    def _packages_bring_them(self) -> Self:
        try:
            _ = self.own
        except SettingsError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    @model_validator(mode="after")
    def _ranges_are_possible(self) -> Self:
        for name, value in self.set_by_itself.items():
            least = SMALLEST_CROP if name == "crop_ratio" else 0.0
            if value < least:
                raise ValueError(
                    f"{name} {value:g}: expected {least:g} or more, or {FOLLOWS:g} to leave it to "
                    f"augment. Set {name} to one of these, or remove it"
                )
        if self.augmented_views and self.changes(self.strength) is None:
            why = "augment is none" if self.augment == "none" else "every change is turned off"
            raise ValueError(
                f"augmented_views {self.augmented_views}: expected changes to make views with; "
                f"{why}. Set augment to light or strong, or a range, or remove augmented_views"
            )
        return self
