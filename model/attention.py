"""Gemma 2's attention, one line per step, in blocks of query rows, with a hook point after every step.

Shapes: B batch, T new tokens, Q query rows of a block, S keys, N query heads, G key/value heads, H head width, D model.
The steps themselves are in `equation.py`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache

from gemma2_workbench.model import flex
from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.equation import (
    BLOCK_ROWS,
    attention_logits,
    blocks,
    joined,
    mix_values,
    probabilities,
    rotate,
)
from gemma2_workbench.model.hooks import HookPoint, Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.model.stages import staged


class Gemma2Attention(nn.Module):
    """Grouped-query attention of one layer, local (sliding window) or global, with softcapped logits."""

    def __init__(self, config: Gemma2Config, layer_idx: int):
        super().__init__()
        N, H, D = config.num_attention_heads, config.head_dim, config.hidden_size
        G = config.num_key_value_heads or N
        bias = config.attention_bias
        self.layer_idx, self.head_dim = layer_idx, H
        self.scale = config.query_pre_attn_scalar**-0.5
        self.cap = config.attn_logit_softcapping
        self.window = config.window(layer_idx)
        self.dropout = config.attention_dropout or 0.0
        self.block_rows = BLOCK_ROWS
        self.q_proj = nn.Linear(D, N * H, bias=bias)
        self.k_proj = nn.Linear(D, G * H, bias=bias)
        self.v_proj = nn.Linear(D, G * H, bias=bias)
        self.o_proj = nn.Linear(N * H, D, bias=bias)
        self.q_rot, self.k_rot, self.v = HookPoint(), HookPoint(), HookPoint()
        self.attn_logits, self.attn_scores, self.attn_probs = HookPoint(), HookPoint(), HookPoint()
        self.head_out = HookPoint()

    def forward(
        self,
        x_BTD: Tensor,
        rotary: tuple[Tensor, Tensor],
        mask: Mask,
        cache: Cache | None = None,
        keep_maps: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from the T new tokens to all keys the layer holds.

        Returns the output [B, T, D] and, with `keep_maps`, the dense probabilities [B, N, T, S] (else None). Where
        gradients are recorded, the output is computed from these very probabilities: they have a gradient too.
        """
        B, T, _ = x_BTD.shape
        q_BNTH, k_BGTH, v_BGTH = (
            project(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        q_BNTH = self.q_rot(rotate(q_BNTH, *rotary))
        k_BGTH = self.k_rot(rotate(k_BGTH, *rotary))
        v_BGTH = self.v(v_BGTH)
        k_BGSH, v_BGSH, rows, keys = self._remember(k_BGTH, v_BGTH, cache)
        if keep_maps and torch.is_grad_enabled():
            maps_BNTS = self._maps(q_BNTH, k_BGSH, mask, rows, keys)
            mixed_BNTH = mix_values(maps_BNTS, v_BGSH)
        elif not keep_maps and self._is_plain and flex.suits(q_BNTH, mask, rows, keys):
            maps_BNTS = None
            mixed_BNTH = flex.attend(
                *(q_BNTH, k_BGSH, v_BGSH, mask, self.scale, self.cap),
                blocks=lambda: self._mixed(q_BNTH, k_BGSH, v_BGSH, mask, rows, keys, False)[0],
            )
        else:
            mixed_BNTH, maps_BNTS = self._mixed(q_BNTH, k_BGSH, v_BGSH, mask, rows, keys, keep_maps)
        out_BTD = self.o_proj(self.head_out(mixed_BNTH).transpose(1, 2).reshape(B, T, -1))
        return out_BTD, maps_BNTS

    @property
    def _is_plain(self) -> bool:
        """Whether nobody sees the stages between queries and mixed values: no hook, no gradient, no dropout."""
        stages = (self.attn_logits, self.attn_scores, self.attn_probs)
        is_seen = torch.is_grad_enabled() or any(stage.watched for stage in stages)
        return not (is_seen or (self.training and self.dropout))

    def _maps(self, q_BNTH: Tensor, k_BGSH: Tensor, mask: Mask, rows: range, keys: range) -> Tensor:
        """The dense probabilities [B, N, T, S], put together from the blocks so that autograd passes through them."""
        wide = []
        for span, own, seen in self._spans(mask, rows, keys):
            probs_BNQS = self._attend(q_BNTH[:, :, own], k_BGSH[:, :, seen], mask, span)
            wide.append(nn.functional.pad(probs_BNQS, (seen.start, len(keys) - seen.stop)))
        return torch.cat(wide, dim=2)

    def _mixed(
        self, q_BNTH: Tensor, k_BGSH: Tensor, v_BGSH: Tensor, mask: Mask, rows: range, keys: range, keep_maps: bool
    ) -> tuple[Tensor, Tensor | None]:
        """The values mixed block by block [B, N, T, H] without a dense map; with `keep_maps` copies of the maps too."""
        maps_BNTS = q_BNTH.new_zeros(*q_BNTH.shape[:3], len(keys)) if keep_maps else None
        memory = self._memory(q_BNTH, keys)

        def parts() -> Iterator[Tensor]:
            for span, own, seen in self._spans(mask, rows, keys):
                probs_BNQS = self._attend(q_BNTH[:, :, own], k_BGSH[:, :, seen], mask, span, memory)
                if maps_BNTS is not None:
                    maps_BNTS[:, :, own, seen] = probs_BNQS
                yield mix_values(probs_BNQS, v_BGSH[:, :, seen])

        return joined(parts(), len(rows)), maps_BNTS

    def _memory(self, q_BNTH: Tensor, keys: range) -> Tensor | None:
        """Memory for the stages of a block, the same one for all blocks of a layer; None where they may be kept.

        What a block gives back, the system takes, and it fills every page with zeros before the next block gets it: a
        tenth of the time of a long pass. Pages that no block reaches cost nothing.
        """
        B, N, T, _ = q_BNTH.shape
        are_kept = any(stage.kept for stage in (self.attn_logits, self.attn_scores, self.attn_probs))
        is_plain = q_BNTH.dtype == torch.float32 and q_BNTH.device.type == "cpu" and not torch.is_grad_enabled()
        if self.block_rows >= T or are_kept or not is_plain:
            return None
        return q_BNTH.new_empty(B * N * self.block_rows * len(keys))

    def _spans(self, mask: Mask, rows: range, keys: range) -> Iterator[tuple[Span, slice, slice]]:
        """Each block: its absolute rows and keys, and where these lie in the tensors of queries and keys."""
        for block in blocks(rows, self.block_rows):
            span = Span(block, mask.reach(block, keys))
            own = slice(block.start - rows.start, block.stop - rows.start)
            yield span, own, slice(span.keys.start - keys.start, span.keys.stop - keys.start)

    def _attend(self, q_BNQH: Tensor, k_BGSH: Tensor, mask: Mask, span: Span, memory: Tensor | None = None) -> Tensor:
        """The attention equation for one block of query rows: logits, softcap, mask, softmax; [B, N, Q, S]."""
        hidden = mask.hidden_parts(span.rows, span.keys, q_BNQH.device)

        def softmax(scores_BNQS: Tensor, out: Tensor | None) -> Tensor:
            return nn.functional.dropout(probabilities(scores_BNQS, hidden, out), self.dropout, self.training)

        logits_BNQS = attention_logits(q_BNQH, k_BGSH, self.scale, memory)
        return staged(logits_BNQS, self.cap, softmax, (self.attn_logits, self.attn_scores, self.attn_probs), span)

    def _remember(self, k_BGTH: Tensor, v_BGTH: Tensor, cache: Cache | None) -> tuple[Tensor, Tensor, range, range]:
        """Append to the cache; return all keys and values that the layer holds with their absolute rows and keys."""
        T = k_BGTH.shape[2]
        if cache is None:
            return k_BGTH, v_BGTH, range(T), range(T)
        past = int(cache.get_seq_length(self.layer_idx))
        length, offset = (int(n) for n in cache.get_mask_sizes(T, self.layer_idx))
        k_BGSH, v_BGSH = cache.update(k_BGTH, v_BGTH, self.layer_idx)
        # transformers' sliding cache keeps every key when the window is 1; the last `length` are the right ones.
        k_BGSH, v_BGSH = k_BGSH[:, :, -length:], v_BGSH[:, :, -length:]
        return k_BGSH, v_BGSH, range(past, past + T), range(offset, offset + k_BGSH.shape[2])


def set_block_rows(model: nn.Module, rows: int) -> None:
    """Set how many query rows all attention layers of `model` handle at once; the result does not depend on it.

    Raises:
        ValueError: `rows` is below 1.
    """
    if rows < 1:
        raise ValueError(f"a block needs at least 1 query row, got {rows}; {BLOCK_ROWS} is fastest")
    for module in model.modules():
        if isinstance(module, Gemma2Attention):
            module.block_rows = rows
