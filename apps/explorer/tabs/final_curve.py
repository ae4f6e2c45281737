"""The final logits of the next token on the curve of their softcap, and how all of them lie before and after it."""

import numpy as np
import torch

from gemma2_workbench import LoadedModel, Prediction
from gemma2_workbench.figures.spec import Curve, Scatter, Series
from gemma2_workbench.models.language_model import pieces_of
from gemma2_workbench.traces.softcap import evenly
from gemma2_workbench.views.softcap_curve import curve, guides

DOTS = 1000
BINS = 60


def curve_figure(prediction: Prediction, cap: float | None, loaded: LoadedModel, dots: int = DOTS) -> Scatter:
    """The curve with one dot per token, evenly sampled by rank, the likeliest first and always among them.

    Args:
        prediction: of the model with this cap.
        cap: the final softcap, None is off.
        loaded: whose vocabulary it is.
        dots: how many, at most.
    """
    order = prediction.logits.argsort(descending=True, stable=True)
    ranks = evenly(len(order), dots)
    ranks[0] = 0
    ids = order[torch.from_numpy(ranks)]
    x = prediction.logits[ids].double().numpy()
    return Scatter(
        x=x,
        y=prediction.capped[ids].double().numpy(),
        x_label="raw final logit",
        y_label="capped final logit",
        labels=tuple(f"{token} ({id})" for id, token in pieces_of(loaded, ids.tolist())),
        curve=curve(cap, x),
        title=f"{len(ids):,} of {len(order):,} tokens of the vocabulary",
        guides=guides(cap, x),
    )


def density_figure(prediction: Prediction) -> Curve:
    """How the final logits of the whole vocabulary lie before and after their cap."""
    raw, capped = prediction.logits.numpy(), prediction.capped.numpy()
    edges = np.histogram_bin_edges(np.concatenate([raw, capped]), BINS)
    middles = (edges[1:] + edges[:-1]) / 2
    series = [
        Series(name, middles, 100 * np.histogram(values, edges)[0] / len(values))
        for name, values in (("before the cap", raw), ("after the cap", capped))
    ]
    return Curve(tuple(series), "final logit", "tokens (% per bin)", f"Density of all {len(raw):,} tokens")
