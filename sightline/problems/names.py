"""The names of the kinds of problem of this installation."""

from pathlib import Path

from sightline.ground.plugins.entry_points import plugin_of, with_plugins


def problem_names() -> tuple[str, ...]:
    """Name every kind, in alphabetical order: ours, and those that packages add."""
    return with_plugins("problems", _ours())


def package_of(name: str) -> str:
    """Name the Python package that answers for a kind.

    Raises:
        SettingsError: several kinds have this name, or its package cannot be imported.
    """
    plugin = plugin_of("problems", name, _ours())
    if plugin is None:
        return f"{__package__}.{name}"
    plugin.load()
    return plugin.entry.value


def _ours() -> list[str]:
    # Each is a folder beside this file; an underscore begins the names of what several share.
    return sorted(path.parent.name for path in Path(__file__).parent.glob("[!_]*/__init__.py"))
