"""The attention that the deciding token pays to every token, in each head of each layer."""

import torch
from torch import Tensor, nn

from gemma2_workbench.classification.explanations.scoring import ids_of, scores
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.inputs import Positions
from gemma2_workbench.model.hooks import Hook, Span, attached
from gemma2_workbench.models.classifier import Classifier


@torch.no_grad()
def attention_paid(loaded: Classifier, target: Target) -> tuple[float, Tensor]:
    """Score f, and the attention that the deciding tokens pay on average, float32 [L, N, T].

    Rows sum to 1; keys that the mask hides have weight 0, and so has all of a layer without softmax.
    """
    layers = loaded.layers
    weights_LNT = torch.zeros(len(layers), loaded.shape.heads, len(target.reading.tokens), dtype=torch.float32)
    watching = {
        loaded.point(at, "attn_probs"): _row(weights_LNT[at], target.positions)
        for at, layer in enumerate(layers)
        if layer.softmax
    }
    with loaded.lock, attached(loaded.model, watching):
        score = float(scores(loaded, target, ids_of(loaded, target)))
    return score, weights_LNT


def _row(weights_NT: Tensor, positions: Positions) -> Hook:
    """Adds up the attention that the tokens at `positions` pay on average, from the blocks that hold their rows."""

    def copy(_module: nn.Module, args: tuple[Tensor, Span], out: Tensor) -> None:
        span = args[1]
        for at in positions:
            if at in span.rows:
                paid_NK = out[0, :, at - span.rows.start].float().cpu()
                weights_NT[:, span.keys.start : span.keys.stop] += paid_NK / len(positions)

    return copy
