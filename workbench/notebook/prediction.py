"""A prediction in a notebook: the likeliest next tokens as bars."""

from gemma2_workbench.notebook.frame import frame
from gemma2_workbench.notebook.static import bars
from gemma2_workbench.traces.readers.prediction import Prediction


def prediction_html(prediction: Prediction) -> str:
    """The page of a prediction."""
    names, shares = zip(*prediction.top(), strict=True)
    facts = [f"entropy {prediction.entropy:.3g} nats", f"{len(prediction.logits):,} tokens in the vocabulary"]
    return frame("Next token", facts, bars(names, {"probability": shares}))
