"""`sweep`: scores and kinds of all heads over the texts of a sweep."""

import numpy as np
import pandas as pd
from pydantic import JsonValue

from gemma2_workbench.apps.explorer.scores import Heads, heads_json
from gemma2_workbench.apps.explorer.sweeps.fitting import said, sweep_named
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session


class AskedSweep(Question):
    """A sweep, by the name that it has on the page."""

    sweep: str


def sweep(session: Session, asked: AskedSweep, _tell: Tell) -> JsonValue:
    """`heads_json` of the means over the texts, the name, in words over what, and "intervals".

    These are {statistic: {"low" [L][N], "high" [L][N]}}, 95 % of the mean; NaN is null.
    """
    found = sweep_named(session, asked.sweep)
    intervals: JsonValue = {
        str(name): {end: _grid(rows, end, found.identity.heads) for end in ("low", "high")}
        for name, rows in found.means.groupby("statistic", sort=False)
    }
    return {**heads_json(Heads.of(found.scores)), "name": asked.sweep, "said": said(found), "intervals": intervals}


def _grid(rows: pd.DataFrame, column: str, heads: int) -> JsonValue:
    values = rows.sort_values(["layer", "head"])[column].to_numpy(dtype=float).reshape(-1, heads)
    return [[round(value, 6) if np.isfinite(value) else None for value in row] for row in values.tolist()]


SWEEP = Handler("sweep", AskedSweep, sweep, quick=True)
