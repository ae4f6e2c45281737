"""`head_page`: what a sweep knows of a head, beside the values of the text on screen."""

import numpy as np
import pandas as pd
from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.sweeps.fitting import said, sweep_named
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.heads.scores import scores_of
from gemma2_workbench.sweeps.head_page import HeadPage, head_page
from gemma2_workbench.sweeps.statistics import STATISTICS

HISTOGRAMS = ("distance", "entropy")
# Statistics that a text has one of: sums over its cells, which are divided by their number, and its largest logit.
SUMS = ("beyond_half", "beyond_most", "bend")
OF_TEXTS = (*SUMS, "largest_logit")
_NUMBERS = ("mean", "low", "high", "rank", "tokens_q05", "tokens_q50", "tokens_q95")


class AskedHead(Question):
    """A head of a sweep, and the run on screen."""

    sweep: str
    run: str
    layer: int
    head: int


def page_of(session: Session, sweep: str, layer: int, head: int) -> HeadPage:
    """The page of a head, which is kept.

    Raises:
        ValueError: there is no such sweep, layer or head.
    """
    found = sweep_named(session, sweep)
    return session.kept.get(("head_page", sweep, layer, head), lambda: head_page(found, layer, head))


def answer(session: Session, asked: AskedHead, _tell: Tell) -> JsonValue:
    """{sweep, said, tokens, windows, skipped, heads, statistics: [{name, help, mean, here, ...}], histograms}.

    A histogram is {edges, counts}, by name; `here` is the value of the text on screen, None where it has none.
    """
    sweep, trace = sweep_named(session, asked.sweep), WhatIfs(session).trace(asked.run)
    page = page_of(session, asked.sweep, asked.layer, asked.head)
    here = _here(trace, asked.layer, asked.head)
    rows = page.statistics.set_index("statistic").to_dict("index")
    statistics: JsonValue = [
        {
            "name": each.name,
            "help": each.help,
            "here": here.get(each.name),
            **{name: _number(rows[each.name][name]) for name in _NUMBERS},
        }
        for each in STATISTICS
    ]
    return {
        "sweep": asked.sweep,
        "said": said(sweep),
        "tokens": sweep.counts["tokens"],
        "windows": sweep.counts["windows"],
        "skipped": len(sweep.damaged),
        "heads": len(sweep.identity.layers) * sweep.identity.heads,
        "statistics": statistics,
        "histograms": {name: _histogram(page.histograms, name) for name in HISTOGRAMS},
    }


def _here(trace: Trace, layer: int, head: int) -> dict[str, float | None]:
    """The statistics of one head in a run, as a sweep counts them; an older trace file may lack some."""
    folds = trace.folds if "folds" in trace.readings else {}
    found = {name: score_LN[layer, head] for name, score_LN in scores_of(folds, trace.layers).items()}
    for name in OF_TEXTS:
        if name in folds and "visible" in folds:
            cells = folds["visible"][layer, head].item() if name in SUMS else 1
            found[name] = folds[name][layer, head].item() / cells
    return {name: _number(value) for name, value in found.items()}


def _histogram(rows: pd.DataFrame, name: str) -> JsonValue:
    found = rows.loc[rows["statistic"] == name]
    return {"edges": [*found["left"].tolist(), *found["right"].tolist()[-1:]], "counts": found["count"].tolist()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


HEAD_PAGE = Handler("head_page", AskedHead, answer, quick=True)
