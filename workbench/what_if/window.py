"""What another window would change: the same text through the model as it is and with another sliding window."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gemma2_workbench.figures.spec import Scale, TokenMap
from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.capture import capture, predict
from gemma2_workbench.traces.interventions import SetWindow
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views.view import LONGEST

COLUMNS = ("layer", "head", "query", "key", "query_token", "key_token", "real", "modified", "difference", "reason")


@dataclass(frozen=True, eq=False)
class WindowChange:
    """A text with the model's own window and with another one.

    Attributes:
        window: the other window.
        real: the trace of the model as it is.
        modified: the trace of the *modified model*.
        divergence: KL(real || modified) of the next-token distribution after the text, nats; None for models that
            predict no tokens.
    """

    window: int
    real: Trace
    modified: Trace
    divergence: float | None

    def table(self, layer: int, head: int) -> pd.DataFrame:
        """One row per query and key: the probabilities of both, and `difference` = modified - real.

        A cell that only one of the two masks hides has the probability 0 there; where both hide it, all three are NaN
        and `reason` (as in `model.Reason`) is not 0.

        Raises:
            ValueError: no such layer or head.
        """
        real, modified = (trace.stage(layer, head).double().numpy() for trace in (self.real, self.modified))
        hidden = np.isnan(real) & np.isnan(modified)
        before, after = (np.where(hidden, np.nan, np.nan_to_num(part)) for part in (real, modified))
        cells = {
            "real": before,
            "modified": after,
            "difference": after - before,
            "reason": np.where(hidden, self.real.reasons(layer).numpy(), 0),
        }
        T = range(len(self.real.tokens))
        frame = tidy(cells, {"query": T, "key": T})
        names = np.asarray(self.real.tokens.display, dtype=object)
        frame = frame.assign(layer=layer, head=head, query_token=names[frame["query"]], key_token=names[frame["key"]])
        return frame.reindex(columns=list(COLUMNS))


def change_window(loaded: LoadedModel, real: Trace, window: int) -> WindowChange:
    """Run the text of `real` again, on the same model with another window in its local layers.

    Raises:
        ValueError: the text is too long for a map, the trace is itself one of a modified model, or the window is not
            at least 1.
    """
    if real.interventions:
        raise ValueError(f"the trace is already of a modified model ({', '.join(real.changes)}); give a real one")
    if len(real.tokens) > LONGEST:
        raise ValueError(f"the text has {len(real.tokens)} tokens; the difference of two maps takes at most {LONGEST}")
    change = SetWindow(window)
    modified = capture(loaded, real.tokens.text, interventions=[change], parity=False)
    divergence = None
    if loaded.unembedding is not None:
        divergence = predict(loaded, real.tokens.ids, [change]).divergence_from(predict(loaded, real.tokens.ids))
    return WindowChange(window, real, modified, divergence)


def difference_figure(frame: pd.DataFrame) -> TokenMap:
    """The signed difference of two maps on a scale around zero."""
    first = frame.iloc[0]
    names = tuple(frame.drop_duplicates("query")["query_token"])
    shape = (len(names), len(names))
    values = frame["difference"].to_numpy().reshape(shape)
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return TokenMap(
        values=values,
        reasons=frame["reason"].to_numpy().reshape(shape),
        rows=names,
        columns=names,
        scale=Scale("diverging", -largest, largest, "probability, modified − real"),
        title=f"Layer {first['layer']}, head {first['head']}: change of attention (modified model)",
    )
