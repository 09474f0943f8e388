"""How far each random change may go, and the presets of it."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from .own import OwnChange

Strength = Literal["none", "light", "strong"]
Preset = Literal["auto", "none", "light", "strong"]
NO_CROP = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """How far a change may go, either way; the settings of the same names say in what."""

    horizontal_flip: bool = False
    vertical_flip: bool = False
    rotation_degrees: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    crop_ratio: float = NO_CROP
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    erasing: float = 0.0
    own: tuple[OwnChange, ...] = ()
    """What packages bring, after all else."""

    @classmethod
    def of(cls, strength: Strength, **changed: Any) -> Self:
        """Return the ranges of a strength, with others in place of some."""
        return cls(**{**PRESETS[strength], **changed})

    @property
    def changes_anything(self) -> bool:
        """Whether an image may come out another."""
        return self != Ranges()

    @property
    def told(self) -> dict[str, Any]:
        """Tell ranges apart, as JSON holds it: equal ones change images alike."""
        found = asdict(replace(self, own=()))
        del found["own"]
        return {**found, "own": [one.told for one in self.own]} if self.own else found

    def described(self) -> str:
        """Write what is done, such as `horizontal flip, rotation degrees 8`."""
        plain = Ranges()
        found = [
            name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value:g}"
            for name in (one.name for one in fields(self) if one.name != "own")
            if (value := getattr(self, name)) != getattr(plain, name)
        ]
        return ", ".join([*found, *(one.described for one in self.own)])


NAMED = tuple(one.name for one in fields(Ranges) if one.type is float)

# Strong brightness and contrast are the book's: 0.2, and factors of 0.5 to 1.5.
PRESETS: dict[Strength, dict[str, float]] = {
    "none": {},
    "light": {
        "shift": 0.06,
        "rotation_degrees": 8,
        "zoom": 0.1,
        "brightness": 0.08,
        "contrast": 0.15,
    },
    "strong": {
        "shift": 0.12,
        "rotation_degrees": 20,
        "zoom": 0.25,
        "brightness": 0.2,
        "contrast": 0.5,
        "saturation": 0.3,
        "hue": 0.03,
    },
}
