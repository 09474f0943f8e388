"""A name of our own for `components` and `pipelines`, wherever they are installed.

`sightline._house.components.train.settings` is `components/train/settings.py`: beside `sightline`
in a checkout, in this folder in a wheel. No other package of those names can take its place.
"""

from pathlib import Path

COMPONENTS = "components"
PIPELINES = "pipelines"


def house() -> Path:
    """Return the folder that holds `components/` and `pipelines/`."""
    inside = Path(__file__).parent
    # Asked in this order: beside an installed `sightline` may stand somebody else's `components`.
    return inside if (inside / COMPONENTS).is_dir() else inside.parents[1]


def name_in_image(module: str) -> str:
    """Return what a module of ours is called where it runs, such as `components.train.stage`."""
    return module.removeprefix(f"{__name__}.")


__path__ = [str(house())]
