"""What installed packages add to Sightline, found by their entry points.

A package says `[project.entry-points."sightline.recipes"]` with a name and where it lies. Nothing
is imported before someone asks for it by its name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from sightline.ground.errors import SettingsError, one_line

Group = Literal[
    "augmentations", "backbones", "metrics", "pipelines", "problems", "recipes", "stages"
]
Base = TypeVar("Base")
GROUPS: tuple[Group, ...] = get_args(Group)
READ_BY: dict[Group, str] = {
    "augmentations": "train",
    "backbones": "train",
    "recipes": "train",
    "metrics": "evaluate",
    "problems": "",
}
"""Which stage's results what a package adds decides; empty for every stage's."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One thing that an installed package adds."""

    group: Group
    name: str
    entry: EntryPoint

    @property
    def package(self) -> str:
        """Name the package and its version, as people install it."""
        about = self.entry.dist
        return f"{about.name} {about.version}" if about else self.entry.module

    @property
    def module(self) -> str:
        """The module that holds it."""
        return self.entry.module

    def load(self) -> Any:
        """Import it.

        Raises:
            SettingsError: that fails; names the package.
        """
        try:
            return self.entry.load()
        except Exception as error:  # whatever somebody's module raises
            raise SettingsError(
                f"Package {self.package}: expected to import {self.entry.value}, its entry point "
                f"{self.name} of group sightline.{self.group}; received "
                f"{type(error).__name__}: {one_line(error)}. Repair or uninstall the package."
            ) from error

    def build(self, base: type[Base]) -> Base:
        """Import a class of `base` and make one.

        Raises:
            SettingsError: it is another thing, or something is missing.
        """
        return self.derived(base)()

    def derived(self, base: type[Base]) -> type[Base]:
        """Import a class that is derived from `base` and says everything that `base` declares.

        Raises:
            SettingsError: it is another thing, or something is missing.
        """
        found, wanted = self.load(), f"{base.__module__}.{base.__name__}"
        if not isinstance(found, type) or not issubclass(found, base):
            raise SettingsError(
                f"Package {self.package}: expected a class derived from {wanted} at "
                f"{self.entry.value}; received {found!r}. Derive it from that class."
            )
        missing = [name for name in base.__annotations__ if not hasattr(found, name)]
        missing += sorted(getattr(found, "__abstractmethods__", ()))
        if missing:
            raise SettingsError(
                f"Package {self.package}: expected all that {wanted} asks for at "
                f"{self.entry.value}; missing: {', '.join(missing)}. Add it to the class."
            )
        return found


def plugins(group: Group) -> dict[str, tuple[Plugin, ...]]:
    """Return what packages add to a group, by name: several where packages collide."""
    found: dict[str, tuple[Plugin, ...]] = {}
    for plugin in _installed():
        if plugin.group == group:
            found[plugin.name] = (*found.get(plugin.name, ()), plugin)
    return found


def with_plugins(group: Group, ours: Iterable[str]) -> tuple[str, ...]:
    """Name what we have and what packages add, in alphabetical order."""
    return tuple(sorted({*ours, *plugins(group)}))


def plugin_of(group: Group, name: str, ours: Iterable[str]) -> Plugin | None:
    """Return what a package adds under this name; None for what is ours.

    Raises:
        SettingsError: two packages, or a package and Sightline, use the name.
    """
    offered = plugins(group).get(name, ())
    owners = ["Sightline"] if name in tuple(ours) else []
    owners += [plugin.package for plugin in offered]
    if len(owners) > 1:
        raise SettingsError(
            f"sightline.{group}: expected one package with the entry point {name}; received "
            f"{' and '.join(owners)}. Rename one of them, or uninstall a package."
        )
    return offered[0] if offered else None


def folders_read_by(stage: str) -> Iterator[Path]:
    """Give the code of packages that decide a stage's results: folders, or files of their own."""
    wanted = [group for group, reader in READ_BY.items() if reader in ("", stage)]
    names = {_top_of(one.module) for one in _installed() if one.group in wanted}
    for name in sorted(names):
        yield from whole_package(name)


def whole_package(module: str) -> Iterator[Path]:
    """Give the code of the whole package that holds a module: folders, or a file of its own."""
    spec = find_spec(_top_of(module))
    if spec and spec.submodule_search_locations:
        yield from map(Path, spec.submodule_search_locations)
    elif spec and spec.origin:
        yield Path(spec.origin)


def _top_of(module: str) -> str:
    return module.partition(".")[0]


@cache
def _installed() -> tuple[Plugin, ...]:
    # Finding all takes 26 ms of a process, whatever their number.
    found = entry_points()
    all_of_them = [
        Plugin(group, entry.name, entry)
        for group in GROUPS
        for entry in found.select(group=f"sightline.{group}")
    ]
    return tuple(sorted(all_of_them, key=lambda one: (one.group, one.package, one.name)))
