"""`compare`: a run beside another text, or beside the same text under other settings."""

from pydantic import JsonValue

from gemma2_workbench import Pair, compare
from gemma2_workbench.apps.explorer.differences import divergence, forecast
from gemma2_workbench.apps.explorer.run import run_json
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serving.limits import checked_text
from gemma2_workbench.views.atlas import ALL, METRICS
from gemma2_workbench.views.pairs import head_scores

LISTED = 12  # heads whose scores changed most
# Quantities that are shares, so that their changes can be ranked in one list.
SHARES = [metric.name for metric in METRICS if metric.high == 1.0]


class Compare(Question):
    """A run, and either another text for its model or another run of the same text, such as a changed one."""

    run: str
    text: str | None = None
    other: str | None = None


def compared(session: Session, asked: Compare, tell: Tell) -> JsonValue:
    """The other run with its tokens, which positions belong together, next tokens and head scores side by side."""
    what_ifs = WhatIfs(session)
    other = asked.other
    if asked.text is not None:
        other, _ = what_ifs.beside(asked.run, checked_text(asked.text), tell)
    if other is None:
        raise ValueError("there is nothing to compare with: give another text, or change the model")
    pair = compare(what_ifs.predicting(asked.run), what_ifs.predicting(other))
    return {
        "run": run_json(other, pair.after),
        "positions": [list(both) for both in pair.positions],
        "kl": divergence(pair),
        "forecast": forecast(pair),
        "scores": _scores(pair),
    }


def _scores(pair: Pair) -> JsonValue:
    """The largest changes of head scores, largest first; empty where a run kept no statistics."""
    if not all("folds" in trace.readings and {*SHARES} <= trace.folds.keys() for trace in (pair.before, pair.after)):
        return []
    frame = head_scores.table(pair, ALL)
    frame = frame.loc[frame["metric"].isin(SHARES)].dropna(subset="difference")
    order = frame["difference"].abs().sort_values(ascending=False).index[:LISTED]
    return [
        {
            "head": f"L{row['layer']}H{row['head']}",
            "score": row["metric"],
            "before": row["before"],
            "after": row["after"],
        }
        for row in frame.loc[order].to_dict("records")
    ]


COMPARE = Handler("compare", Compare, compared)
