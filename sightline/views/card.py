"""A run on a card, for notebooks: how it ended, its figures, which classes it mixes up."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from sightline.runs.facts import facts_of
from sightline.runs.records import RunRecord
from sightline.views.page import page_address, tiles

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 12
# A notebook has a theme of its own, light or dark: text inherits, grounds are translucent.
STYLE = """<style>
.sightline-card{border:1px solid #8886;border-radius:8px;padding:12px 16px;max-width:760px;
font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
.sightline-card p{margin:4px 0}
.sightline-card dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:8px;
margin:10px 0}
.sightline-card dl div{background:#8882;border-radius:6px;padding:6px 10px}
.sightline-card dt{font-size:12px;font-weight:400;opacity:.75}
.sightline-card dd{margin:0;font-size:18px;font-weight:600}
.sightline-card small{display:block;font-size:12px;font-weight:400;opacity:.75}
.sightline-card .matrix{overflow-x:auto;overflow-wrap:normal}
.sightline-card table{border-collapse:collapse;font-size:13px;margin:6px 0}
.sightline-card th,.sightline-card td{padding:3px 9px;text-align:right;border:0;
font-variant-numeric:tabular-nums}
</style>"""


def card(
    record: RunRecord, predictions: "pd.DataFrame | None" = None, notes: Sequence[str] = ()
) -> str:
    """Return the card as HTML.

    Args:
        record: the run.
        predictions: truth and prediction of each test image, where the run judged a model.
        notes: what was decided for the user.
    """
    facts = facts_of(record)
    outcome = facts.outcome
    parts = [
        Markup('<div class="sightline-card"><p><b>Run {}</b>, {}</p>').format(
            facts.title, facts.status
        )
    ]
    parts += [Markup("<p>{}</p>").format(note) for note in notes]
    if facts.failure:
        parts.append(Markup("<p>{}</p>").format(facts.failure))
    if outcome.decision_text:
        parts.append(Markup("<p><b>Decision:</b> {}</p>").format(outcome.decision_text))
    shown = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>").format(
            tile.name, tile.value, tile.detail
        )
        for tile in tiles(facts)
    )
    parts.append(Markup("<dl>{}</dl>").format(shown))
    if predictions is not None:
        parts.append(_matrix(predictions))
    # Browsers open no file from a notebook that a server sends; its cell shows the page then.
    link = Markup(
        '<p><a href="{}" target="_blank" rel="noopener">The whole report</a>, or here: '
        "<code>run.report()</code></p></div>"
    )
    parts.append(link.format(page_address(record)))
    return Markup("").join([Markup(STYLE), *parts])


def _matrix(predictions: "pd.DataFrame") -> Markup:
    """Return which classes were taken for which; nothing where answers are no single classes."""
    import pandas as pd

    if not {"truth", "prediction"} <= {*predictions.columns}:
        return Markup("")
    truth, answer = predictions["truth"], predictions["prediction"]
    names = sorted({*truth.astype(str), *answer.astype(str)})
    words = all(isinstance(value, str) for value in (*truth, *answer))
    if not words or len(names) > MOST_CLASSES:
        return Markup("")
    counts = pd.crosstab(truth, answer).reindex(index=names, columns=names, fill_value=0)
    head = Markup("").join(Markup("<th>{}</th>").format(name) for name in names)
    rows = Markup("").join(
        Markup("<tr><th>{}</th>{}</tr>").format(name, _cells([int(n) for n in counts.loc[name]], i))
        for i, name in enumerate(names)
    )
    return Markup(
        '<div class="matrix"><table><tr><th>truth \\ answer</th>{}</tr>{}</table></div>'
    ).format(head, rows)


def _cells(counts: list[int], diagonal: int) -> Markup:
    whole = max(sum(counts), 1)
    return Markup("").join(
        Markup('<td style="background:rgba({},{:.2f})">{}</td>').format(
            "40,160,100" if place == diagonal else "220,70,50", 0.6 * count / whole, count or "·"
        )
        for place, count in enumerate(counts)
    )
