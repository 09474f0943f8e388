"""Random changes that packages bring, as settings name them: `rain strength=0.4`."""

from dataclasses import dataclass

from pydantic import ValidationError

from sightline.ground.errors import SettingsError, nearest
from sightline.ground.plugins.augmentation import PackageAugmentation
from sightline.ground.plugins.code import code_of
from sightline.ground.plugins.entry_points import plugin_of, plugins


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change of a package, with its settings."""

    name: str
    package: str
    module: str
    change: PackageAugmentation

    @property
    def described(self) -> str:
        """Write it with its settings, such as `rain (strength 0.4, drops 20)`."""
        given = ", ".join(f"{name} {value}" for name, value in self.change)
        return f"{self.name} ({given})" if given else self.name

    @property
    def told(self) -> list[object]:
        """Tell changes apart: by settings, and by all of the package's code."""
        return [self.name, self.change.model_dump(mode="json"), code_of(self.module)]


def own_change(text: str) -> OwnChange:
    """Read a change and its settings.

    Raises:
        SettingsError: no package brings it, or several do, or its settings are not as they should.
    """
    name, *words = text.split() or [""]
    form = augmentation_of(name)
    plugin = plugin_of("augmentations", name, ())
    known = ", ".join(form.model_fields) or "none"
    given = {}
    for word in words:
        setting, equals, value = word.partition("=")
        if not equals or setting not in form.model_fields or setting in given:
            raise SettingsError(
                f"augmentations: expected {name} with settings like NAME=VALUE, each once "
                f"({known}); received {word!r}. Correct {text!r}."
            )
        given[setting] = value
    try:
        change = form.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(
            f"augmentations: {name} {where}: {first['msg']}; received {first['input']!r}. "
            f"Correct {text!r}."
        ) from error
    return OwnChange(
        name, plugin.package if plugin else "", plugin.module if plugin else "", change
    )


def augmentation_of(name: str) -> type[PackageAugmentation]:
    """Return the class of this name.

    Raises:
        SettingsError: no package brings it, several do, it cannot be imported, or a setting of it
            has no default.
    """
    plugin = plugin_of("augmentations", name, ())
    if plugin is None:
        known = sorted(plugins("augmentations"))
        guess = nearest(name, known)
        there = f" ({', '.join(known)})" if known else ", of which no installed package brings any"
        raise SettingsError(
            f"augmentations: expected random changes of packages{there}; received {name!r}. "
            + (f"Did you mean {guess}?" if guess else "Install the package that brings it.")
        )
    # What it returns is never the abstract one.
    form = plugin.derived(PackageAugmentation)  # type: ignore[type-abstract]
    bare = [one for one, field in form.model_fields.items() if field.is_required()]
    if bare:
        raise SettingsError(
            f"Package {plugin.package}: expected a default for each setting of {name}; "
            f"{', '.join(bare)} has none. Give it one."
        )
    return form
