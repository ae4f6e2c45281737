"""Examples of a head: the places in the texts where it is strongest, weakest, or a sample of all strengths.

Each is a query, framed, and the tokens around the key that it attends to most, coloured by their probability. Only the
24 keys around that one were kept: tokens without a colour come after the query, or their probability is not known. A
text gives at most one place to each end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Panels, Scale, TokenStrip
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.heads.scores import SCORES
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.sweeps.labels import LABELS, head_name
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.sweeps.head_page import Example, HeadPage
    from gemma2_workbench.sweeps.result import Sweep

SAMPLE, SIDES = "sample", ("top", "bottom", "sample")
_AROUND = 4  # tokens on either side of what was kept, and of the query
_GAP = "…"
_SAID = {"top": "strongest", "bottom": "weakest"}
_LONGEST = 24  # characters of the name of a document
COLUMNS = (
    *("layer", "head", "statistic", "side", "rank", "value", "document", "window", "name"),
    *("query", "query_token", "key", "key_token", "probability"),
)


def table(sweep: Sweep, layer: int, head: int, statistic: str, side: str, number: int) -> pd.DataFrame:
    """One row per example and token near its peak or its query; `probability` is NaN where it was not kept.

    Raises:
        ValueError: no text has such an example.
    """
    import pandas as pd

    from gemma2_workbench.sweeps.head_page import head_page

    page = head_page(sweep, layer, head)
    found = page.of(statistic, side) if side != SAMPLE else _sample(page, statistic, number)
    if not found:
        raise ValueError(
            f"no query of the texts has the statistic {statistic!r} in layer {layer}, head {head}: choose another one"
        )
    frames = [_rows(each) for each in found[:number]]
    frame = pd.concat(frames, ignore_index=True).assign(layer=layer, head=head)
    return frame.reindex(columns=list(COLUMNS))


def _sample(page: HeadPage, statistic: str, number: int) -> list[Example]:
    """So many of all strengths alike, the strongest first."""
    sample = [each for each in page.examples if each.statistic == statistic and each.side not in SIDES]
    drawn = sorted(sample, key=lambda each: (each.rank, each.side))[:number]
    return sorted(drawn, key=lambda each: -each.value)


def _rows(each: Example) -> pd.DataFrame:
    import pandas as pd

    last = min(each.first + len(each.row), each.query + 1)
    places = {
        *range(each.first - _AROUND, max(last, each.first + 1) + _AROUND),
        *range(each.query - _AROUND, each.query + _AROUND),
    }
    keys = sorted(places & {*range(len(each.tokens))})
    names = np.asarray(each.tokens, dtype=object)
    return pd.DataFrame(
        {
            "statistic": each.statistic,
            "side": each.side,
            "rank": each.rank,
            "value": each.value,
            "document": each.document,
            "window": each.piece,
            "name": each.name,
            "query": each.query,
            "query_token": names[each.query],
            "key": keys,
            "key_token": names[keys],
            "probability": each.known[keys],
        }
    )


def figure(frame: pd.DataFrame) -> Panels | TokenStrip:
    """A text per example, all on one scale of colours."""
    largest = float(np.nanmax(frame["probability"], initial=0.0)) or 1.0
    scale = Scale("sequential", 0.0, largest, STAGES["attn_probs"].label, power=0.5)
    examples = [rows for _, rows in frame.groupby(["side", "rank"], sort=False)]
    first = frame.iloc[0]
    said = _SAID.get(first["side"], "a sample by")
    strips = tuple(_strip(rows, scale) for rows in examples)
    title = f"{head_name(first['layer'], first['head'])}: {said} {LABELS[first['statistic']]}"
    return strips[0] if len(strips) == 1 else Panels(strips, columns=1, title=title)


def _strip(rows: pd.DataFrame, scale: Scale) -> TokenStrip:
    """The tokens in the order of the text, with a sign where some are left out."""
    rows = rows.sort_values("key")
    tokens: list[str] = []
    values: list[float] = []
    mark, before = 0, -1
    for key, token, value in zip(rows["key"], rows["key_token"], rows["probability"], strict=True):
        if key != before + 1:
            tokens.append(_GAP)
            values.append(np.nan)
        if key == rows["query"].iloc[0]:
            mark = len(tokens)
        tokens.append(token)
        values.append(value)
        before = key
    first = rows.iloc[0]
    number = tick_text(float(f"{first['value']:.3g}"))
    where = f"{one_line(first['name'], _LONGEST)}, “{first['query_token']}” at {first['query']}"
    return TokenStrip(tuple(tokens), np.asarray(values), scale, f"{number} in {where}", mark=mark)


VIEW = View(
    name="examples",
    title="Examples",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("head", "Head", "head", 0),
        Option("statistic", "Statistic", "choice", "induction", SCORES),
        Option("side", "Which", "choice", "top", SIDES),
        Option("number", "How many", "number", 5),
    ),
    make_table=table,
    figure=figure,
)
