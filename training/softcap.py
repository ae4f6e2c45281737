"""How far the two softcaps bend: figures per head, measured on the logits before the cap."""

from collections.abc import Iterable

import torch
from torch import Tensor

from gemma2_workbench.model import Gemma2ForCausalLM, Span, attached


class CapUse:
    """Collects, over many maps, the share of visible logits beyond half and 0.9 of the cap.

    Args:
        layers: number of layers.
        heads: heads per layer.
        cap: the attention softcap.
        windows: how many tokens each layer sees back, the query included; None for all.
    """

    def __init__(self, layers: int, heads: int, cap: float, windows: list[int | None]):
        self.cap = cap
        self.windows = windows
        self.visible = torch.zeros(layers)
        self.beyond_half = torch.zeros(layers, heads)
        self.beyond_most = torch.zeros(layers, heads)
        self.largest = torch.zeros(layers, heads)

    def hook(self, layer: int):
        """Returns the forward hook for that layer's `attn_logits` point."""

        def read(module, inputs: tuple[Tensor, Span], logits_BNQS: Tensor) -> None:
            span = inputs[1]
            query = torch.tensor(span.rows)[:, None]
            key = torch.tensor(span.keys)[None, :]
            seen = (key <= query) & (key > query - (self.windows[layer] or len(span.keys)))
            size = (logits_BNQS.cpu().abs() * seen).transpose(0, 1).flatten(1)
            self.visible[layer] += seen.sum() * len(logits_BNQS)
            self.beyond_half[layer] += (size > 0.5 * self.cap).sum(1)
            self.beyond_most[layer] += (size > 0.9 * self.cap).sum(1)
            self.largest[layer] = torch.maximum(self.largest[layer], size.amax(1))

        return read

    def table(self) -> dict[str, list[list[float]]]:
        """Returns the figures as nested lists, layer by head."""
        visible = self.visible[:, None]
        return {
            "share_beyond_half_cap": (self.beyond_half / visible).tolist(),
            "share_beyond_0.9_cap": (self.beyond_most / visible).tolist(),
            "largest_logit_before_cap": self.largest.tolist(),
        }


@torch.no_grad()
def attention_cap_use(model: Gemma2ForCausalLM, batches: Iterable[Tensor]) -> CapUse:
    """Measures the attention softcap of every head on rows of token ids (B, T).

    Raises:
        ValueError: the model has no attention softcap.
    """
    config = model.config
    if config.attn_logit_softcapping is None:
        raise ValueError("the model has no attention softcap (attn_logit_softcapping is None): nothing to measure")
    windows = [config.window(layer) for layer in range(config.num_hidden_layers)]
    use = CapUse(len(windows), config.num_attention_heads, config.attn_logit_softcapping, windows)
    hooks = {f"layers.{layer}.self_attn.attn_logits": use.hook(layer) for layer in range(len(windows))}
    with attached(model, hooks):
        for ids in batches:
            model(input_ids=ids)
    return use


def final_cap_use(logits_BTV: Tensor, cap: float) -> dict[str, float]:
    """Says the same of final logits after their cap: what they were before follows exactly."""
    before = cap * torch.atanh((logits_BTV / cap).clamp(-1 + 1e-7, 1 - 1e-7))
    return {
        "share_beyond_half_cap": (before.abs() > 0.5 * cap).float().mean().item(),
        "share_beyond_0.9_cap": (before.abs() > 0.9 * cap).float().mean().item(),
        "largest_logit_before_cap": before.abs().max().item(),
    }
