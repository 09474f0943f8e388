"""Charts as SVG text that takes its ink from the page, so that it fits dark and light.

Drawn with Matplotlib, which is imported by the first chart only: it costs about half a second.
"""

import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Matplotlib wants a colour; this one is replaced by the page's own ink afterwards.
INK = "#010203"
COLOURS = ("#3b8ad9", "#e08a2e", "#3fa66b", "#c95d8c", "#8a79d6", "#7a8694")
HEATMAP_RGB = (0.18, 0.47, 0.78)
HEATMAP_NAMES_UP_TO = 30
HEATMAP_NUMBERS_UP_TO = 12
LONGEST_NAME = 22
MOST_BARS = 40
LINK = re.compile(r'<a xlink:href="#([\w-]+)"[^>]*>\s*<path d="([^"]*)"[^>]*/>\s*</a>')
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def lines(
    series: Mapping[str, Sequence[float]],
    *,
    x_label: str,
    y_label: str,
    first_x: int = 1,
    xs: Sequence[float] | None = None,
    mark_x: float | None = None,
) -> str:
    """Draw one line per series over 1, 2, 3 ...; `mark_x` draws an upright line.

    `xs` are other places, on a logarithmic axis.
    """

    def draw(axes: "Axes") -> None:
        for colour, (name, values) in zip(COLOURS, series.items(), strict=False):
            places = range(first_x, first_x + len(values)) if xs is None else xs
            marker = "o" if len(values) < 3 else None
            axes.plot(places, values, label=name, color=colour, linewidth=2, marker=marker)
        if mark_x is not None:
            axes.axvline(mark_x, color=INK, linewidth=1, linestyle=":")
        if xs is None:
            axes.locator_params(axis="x", integer=True)
        else:
            axes.set_xscale("log")
        if len(series) > 1:
            axes.legend(frameon=False, labelcolor=INK)

    return _draw(draw, x_label=x_label, y_label=y_label)


def band(
    xs: Sequence[float],
    ys: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    num_measured: int,
    x_label: str,
    y_label: str,
) -> str:
    """Draw a curve within its interval; points after the first `num_measured` are expected only."""

    def draw(axes: "Axes") -> None:
        last = num_measured - 1
        axes.fill_between(xs, lows, highs, color=COLOURS[0], alpha=0.2, linewidth=0)
        axes.plot(xs[: last + 1], ys[: last + 1], color=COLOURS[0], linewidth=2, marker="o")
        if len(xs) > num_measured:
            style: Any = {"color": COLOURS[0], "linewidth": 2, "linestyle": ":", "marker": "o"}
            axes.plot(xs[last:], ys[last:], markerfacecolor="none", **style)
        axes.set_xlim(left=0)

    return _draw(draw, x_label=x_label, y_label=y_label)


def histogram(values: Sequence[float], *, x_label: str, bins: int = 30, log: bool = False) -> str:
    """Draw how many values fall into each of `bins` ranges."""

    def draw(axes: "Axes") -> None:
        edges: Any = bins
        if log and len(values):
            low, high = max(min(values), 1e-9), max(values)
            edges = np.geomspace(low, max(high, low * 1.01), bins + 1)
            axes.set_xscale("log")
        axes.hist(values, bins=edges, color=COLOURS[0])

    return _draw(draw, x_label=x_label, y_label="images")


def curve(
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    x_label: str,
    y_label: str,
    diagonal: bool = False,
    points: bool = False,
) -> str:
    """Draw a curve in the unit square, such as ROC or calibration."""

    def draw(axes: "Axes") -> None:
        if diagonal:
            axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
        axes.plot(xs, ys, color=COLOURS[0], linewidth=2, marker="o" if points else None)
        axes.set(xlim=(0, 1.01), ylim=(0, 1.01), aspect="equal")

    return _draw(draw, x_label=x_label, y_label=y_label, size=(4.8, 4.4))


def scatter(
    xs: Sequence[float | str],
    ys: Sequence[float],
    *,
    x_label: str,
    y_label: str,
    line: Literal["diagonal", "level"] | None = None,
    log: bool = False,
    mark: float | str | None = None,
) -> str:
    """Draw a point per pair.

    Args:
        xs: across; texts stand side by side.
        ys: upwards.
        x_label: what the first are.
        y_label: what the second are.
        line: where both are equal (diagonal), or where the second is 0 (level).
        log: whether the first are far apart.
        mark: one of the first, at which an upright line is drawn.
    """

    def draw(axes: "Axes") -> None:
        if log:
            axes.set_xscale("log")
        if line == "diagonal":
            axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=":")
        elif line == "level":
            axes.axhline(0, color=INK, linewidth=1, linestyle=":")
        # Points over each other are darker: opacity shows where most lie.
        axes.plot(xs, ys, "o", color=COLOURS[0], alpha=0.5, markersize=4, markeredgewidth=0)
        if mark is not None:
            axes.axvline(mark, color=INK, linewidth=1, linestyle=":")  # type: ignore[arg-type]
        if line == "diagonal" and len(xs):
            both = [float(one) for one in (*xs, *ys)]
            room = (max(both) - min(both) or 1.0) * 0.04
            ends = (min(both) - room, max(both) + room)
            axes.set(xlim=ends, ylim=ends, aspect="equal")

    size = {"diagonal": (4.8, 4.4), "level": (7.2, 3.4), None: (4.8, 2.8)}[line]
    return _draw(draw, x_label=x_label, y_label=y_label, size=size)


def bars(names: Sequence[str], values: Sequence[float], *, x_label: str) -> str:
    """Draw a horizontal bar per name, at most the first 40."""
    shown = list(names)[:MOST_BARS]

    def draw(axes: "Axes") -> None:
        axes.barh([_short(name) for name in shown], list(values)[: len(shown)], color=COLOURS[0])
        axes.invert_yaxis()

    return _draw(draw, x_label=x_label, y_label="", size=(7.2, 0.8 + 0.28 * len(shown)))


def intervals(
    names: Sequence[str],
    values: Sequence[float],
    ends: Sequence[tuple[float, float]],
    *,
    x_label: str,
) -> str:
    """Draw a point with its interval per name, and a dotted line through the first."""

    def draw(axes: "Axes") -> None:
        places = range(len(names))
        beside = np.abs(np.asarray(ends, float).T - np.asarray(values, float))
        style: Any = {"color": COLOURS[0], "ecolor": COLOURS[0], "capsize": 3, "linewidth": 1.5}
        axes.errorbar(values, places, xerr=beside, fmt="o", **style)
        axes.axvline(values[0], color=INK, linewidth=1, linestyle=":")
        axes.set_yticks(places, [_short(name) for name in names])
        axes.invert_yaxis()

    return _draw(draw, x_label=x_label, y_label="", size=(7.2, 0.8 + 0.28 * len(names)))


def heatmap(
    matrix: Sequence[Sequence[float]] | np.ndarray[Any, Any],
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
    row_label: str,
    column_label: str,
    links: Callable[[int, int], str] | None = None,
) -> str:
    """Draw a matrix of counts, coloured by the share of its row; names where they fit.

    With `links`, cells that are not empty open the part of the page that it names.
    """
    counts = np.asarray(matrix, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: "Axes") -> None:
        # Opacity instead of a colour scale: an empty cell is the page, dark or light.
        picture = np.empty((*counts.shape, 4))
        picture[..., :3] = HEATMAP_RGB
        picture[..., 3] = np.sqrt(shares)
        axes.imshow(picture, interpolation="nearest", aspect="equal")
        axes.tick_params(length=0)
        if len(row_names) <= HEATMAP_NAMES_UP_TO:
            axes.set_yticks(range(len(row_names)), [_short(name) for name in row_names])
            columns = [_short(name) for name in column_names]
            axes.set_xticks(range(len(column_names)), columns, rotation=45, ha="right")
        if len(row_names) <= HEATMAP_NUMBERS_UP_TO:
            for (row, column), count in np.ndenumerate(counts):
                ink = "white" if shares[row, column] > 0.3 else INK
                axes.text(column, row, f"{count:,.0f}", ha="center", va="center", color=ink)

        if links:
            _lay_links(axes, counts, links)

    side = float(np.clip(2.6 + 0.34 * len(row_names), 4.2, 9.0))
    drawn = _draw(draw, x_label=column_label, y_label=row_label, size=(side, side), grid=False)
    if links is None:
        return drawn
    told = {
        links(row, column): f"{row_label} {row_names[row]}, {column_label} {column_names[column]}: "
        f"{count:,.0f}"
        for (row, column), count in np.ndenumerate(counts)
    }
    return LINK.sub(lambda found: _button(found[1], found[2], told[found[1]]), drawn)


def _lay_links(
    axes: "Axes", counts: np.ndarray[Any, Any], links: Callable[[int, int], str]
) -> None:
    """Lay what can be clicked over every cell that is not empty, numbers included."""
    from matplotlib.patches import Rectangle

    for row, column in np.argwhere(counts > 0).tolist():
        # Wholly transparent ones are drawn without a face, which no click hits.
        seen = Rectangle(
            (column - 0.5, row - 0.5), 1, 1, facecolor=(0, 0, 0, 0.004), linewidth=0, zorder=9
        )
        seen.set_url(f"#{links(row, column)}")
        axes.add_patch(seen)


def _button(anchor: str, path: str, text: str) -> str:
    """Return a button in place of a rectangle.

    A link to a part of the page would leave it where the pipeline UI shows pages inside of its own.
    """
    numbers = [float(number) for number in NUMBER.findall(path)]
    left, top = min(numbers[::2]), min(numbers[1::2])
    width, height = max(numbers[::2]) - left, max(numbers[1::2]) - top
    return (
        f'<foreignObject x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}">'
        f'<button popovertarget="{anchor}" title="{html.escape(text)}"></button></foreignObject>'
    )


def _draw(
    draw: Callable[["Axes"], None],
    *,
    x_label: str,
    y_label: str,
    size: tuple[float, float] = (7.2, 3.4),
    grid: bool = True,
) -> str:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Text stays text, in the page's font; ids are the same in every run.
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "sightline", "font.family": "sans-serif"}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        draw(axes)
        axes.set(xlabel=x_label, ylabel=y_label)
        _ink(axes, grid)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _as_inline(buffer.getvalue())


def _ink(axes: "Axes", grid: bool) -> None:
    axes.tick_params(colors=INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    if grid:
        axes.grid(color=INK, alpha=0.12, linewidth=0.8)
        axes.set_axisbelow(True)


def _as_inline(svg: str) -> str:
    """Keep the `<svg>` element alone, with the page's ink and font."""
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: inherit", svg)
    return re.sub(r"font: ([\d.]+px)[^;\"]*", r"font: \1 system-ui, sans-serif", svg)


def _short(name: str) -> str:
    """Shorten a name in its middle: long names that begin alike differ at their ends."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[1 - half :]}"
