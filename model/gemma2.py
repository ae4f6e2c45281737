"""The Gemma 2 trunk: embedding, RMSNorm, GeGLU, decoder layer and the stack of layers.

Shapes: B batch, T tokens, D model, F mlp. What is unusual about Gemma 2: four norms per layer (the
post-norms act on the branch, before the residual add), norms scale by (1 + weight) in float32, embeddings are scaled
by sqrt(D) rounded to their dtype, local and global layers alternate, attention logits are softcapped before the mask.
"""

from typing import cast

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN
from transformers.cache_utils import Cache, DynamicCache
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPast

from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.base import Gemma2PreTrainedModel
from gemma2_workbench.model.cache_checks import Wanted, check_cache
from gemma2_workbench.model.caches import LegacyCache, as_cache, as_given
from gemma2_workbench.model.config import Gemma2Config
from gemma2_workbench.model.equation import MLP_ROWS
from gemma2_workbench.model.hooks import HookPoint
from gemma2_workbench.model.inputs import check_length, check_tokens, checked_mask, checked_positions, reject_unknown
from gemma2_workbench.model.masks import Mask, packed_sequences
from gemma2_workbench.model.rotary import RotaryEmbedding


class ScaledEmbedding(nn.Embedding):
    """Token embedding times sqrt(D), the factor rounded to the dtype of the weights first (bf16: 59.866 -> 59.75)."""

    def forward(self, input: Tensor) -> Tensor:
        """Ids [B, T] -> scaled embeddings [B, T, D]."""
        # Not in torch's default dtype, which another thread changes while it loads a model.
        factor = torch.tensor(self.embedding_dim**0.5, dtype=torch.float32).to(self.weight.dtype)
        return super().forward(input.long()) * factor.to(self.weight.device)


class RMSNorm(nn.Module):
    """x / rms(x) * (1 + weight), all in float32, rounded to the dtype of x at the end (arXiv 1910.07467)."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis; same shape and dtype."""
        x32 = x.float()
        normed = x32 * torch.rsqrt(x32.pow(2).mean(-1, keepdim=True) + self.eps)
        return (normed * (1.0 + self.weight.float())).type_as(x)


class GeGLU(nn.Module):
    """Gated MLP: down(act(gate(x)) * up(x)) (arXiv 2002.05202), act the tanh approximation of GELU by default."""

    def __init__(self, config: Gemma2Config):
        super().__init__()
        D, F = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(D, F, bias=False)
        self.up_proj = nn.Linear(D, F, bias=False)
        self.down_proj = nn.Linear(F, D, bias=False)
        self.act = ACT2FN[config.hidden_activation]

    def forward(self, x_BTD: Tensor) -> Tensor:
        """[B, T, D] -> [B, T, D], of long texts in blocks of positions where no gradients are recorded."""
        if torch.is_grad_enabled() or x_BTD.shape[1] <= MLP_ROWS:
            return self._block(x_BTD)
        out_BTD = torch.empty_like(x_BTD)
        for part_BtD, into_BtD in zip(x_BTD.split(MLP_ROWS, dim=1), out_BTD.split(MLP_ROWS, dim=1), strict=True):
            into_BtD.copy_(self._block(part_BtD))
        return out_BTD

    def _block(self, x_BtD: Tensor) -> Tensor:
        return self.down_proj(self.act(self.gate_proj(x_BtD)) * self.up_proj(x_BtD))


class Gemma2DecoderLayer(GradientCheckpointingLayer):
    """Attention and MLP, each between a pre-norm and a post-norm, each added to the residual stream."""

    def __init__(self, config: Gemma2Config, layer_idx: int):
        super().__init__()
        D, eps = config.hidden_size, config.rms_norm_eps
        self.resid_pre = HookPoint()
        self.self_attn = Gemma2Attention(config, layer_idx)
        self.mlp = GeGLU(config)
        self.input_layernorm = RMSNorm(D, eps)
        self.post_attention_layernorm = RMSNorm(D, eps)
        self.pre_feedforward_layernorm = RMSNorm(D, eps)
        self.post_feedforward_layernorm = RMSNorm(D, eps)

    def forward(
        self,
        resid_BTD: Tensor,
        rotary: tuple[Tensor, Tensor],
        mask: Mask,
        past_key_values: Cache | None = None,
        keep_maps: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Residual stream in, residual stream out [B, T, D], with the attention maps [B, N, T, S] if asked for."""
        resid_BTD = self.resid_pre(resid_BTD)
        attended_BTD, maps = self.self_attn(self.input_layernorm(resid_BTD), rotary, mask, past_key_values, keep_maps)
        resid_BTD = resid_BTD + self.post_attention_layernorm(attended_BTD)
        mlp_BTD = self.mlp(self.pre_feedforward_layernorm(resid_BTD))
        return resid_BTD + self.post_feedforward_layernorm(mlp_BTD), maps


class Gemma2Model(Gemma2PreTrainedModel):
    """The trunk without a head: tokens in, final hidden states out."""

    def __init__(self, config: Gemma2Config):
        super().__init__(config)
        config = self.config
        self.embed_tokens = ScaledEmbedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        layers = [Gemma2DecoderLayer(config, layer) for layer in range(config.num_hidden_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.rotary_emb = RotaryEmbedding(config)
        self.gradient_checkpointing = False
        self.post_init()

    def check_tokens(self, input_ids: Tensor | None, inputs_embeds: Tensor | None) -> tuple[int, int]:
        """B and T of what a forward pass is given.

        Raises:
            ValueError, TypeError: it cannot be computed; the sentence says what is allowed.
        """
        embed = self.embed_tokens
        return check_tokens(input_ids, inputs_embeds, embed.num_embeddings, self.config.hidden_size, embed.weight.dtype)

    def _wanted(self, resid_BTD: Tensor) -> Wanted:
        """What a pass over `resid_BTD` asks of a cache."""
        config, attentions = self.config, [layer.self_attn for layer in cast(list[Gemma2DecoderLayer], self.layers)]
        # Weights that are offloaded lie on the meta device until their layer runs, and quantised ones may have none.
        weights = [getattr(attention.k_proj, "weight", None) for attention in attentions]
        return Wanted(
            rows=resid_BTD.shape[0],
            new=resid_BTD.shape[1],
            heads=(config.num_key_value_heads or config.num_attention_heads) // (self.tp_size or 1),
            width=config.head_dim,
            dtype=None if torch.is_autocast_enabled(resid_BTD.device.type) else resid_BTD.dtype,
            windows=[attention.window for attention in attentions],
            devices=[None if weight is None or weight.is_meta else weight.device for weight in weights],
        )

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | LegacyCache | None = None,
        inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | int | list[int] | None = None,
        return_dict: bool | None = None,
        cache_position: Tensor | None = None,
        **unknown: object,
    ) -> BaseModelOutputWithPast | tuple[object, ...]:
        """Run all layers.

        Args:
            input_ids: [B, T] token ids. Exactly one of this and `inputs_embeds`.
            attention_mask: [B, P+T], 1 token, 0 padding; P tokens are in the cache.
            position_ids: [B, T] or [1, T], only for the rotary angles; default P..P+T-1, not adjusted to padding.
                Without mask and cache, a jump in them starts a new packed sequence, as in transformers.
            past_key_values: a transformers `Cache`, or the legacy tuple of (k, v) per layer [B, G, P, H], which is
                then also what is returned.
            inputs_embeds: [B, T, D] instead of ids, already scaled by sqrt(D) (transformers >= 5.4).
            use_cache: return the cache; default `config.use_cache`.
            output_attentions: return the probabilities of every layer, [B, N, T, S] each.
            output_hidden_states: return the residual stream before layer 0..L-1 and the normed end, or only those
                whose index is given, with None at the other places.
            return_dict: False for a plain tuple.
            cache_position: accepted and not needed: the cache knows.
            unknown: refused with the nearest allowed name.

        Raises:
            ValueError, TypeError: input that cannot be computed; the sentence says what is allowed.
        """
        reject_unknown(self.forward, unknown)
        config = self.config
        B, T = self.check_tokens(input_ids, inputs_embeds)
        keep_maps = config.output_attentions if output_attentions is None else output_attentions
        keep_states = config.output_hidden_states if output_hidden_states is None else output_hidden_states
        use_cache = config.use_cache if use_cache is None else use_cache
        causal = not config.sees_later
        if (self.gradient_checkpointing and self.training) or not causal:
            use_cache = False

        resid_BTD = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        cache = as_cache(past_key_values, config)
        if cache is not None and not causal:
            raise ValueError("config.is_causal=False sees later tokens and cannot use past_key_values; pass none")
        if cache is not None:
            check_cache(cache, self._wanted(resid_BTD))
        if cache is None and use_cache:
            cache = DynamicCache(config=config)
        past = int(cache.get_seq_length()) if cache is not None else 0
        check_length(past, T, config)
        keep = checked_mask(attention_mask, B, past, T, resid_BTD.device)
        positions = checked_positions(position_ids, B, T, config)
        sequence = None
        if positions is None:
            positions = torch.arange(past, past + T, device=resid_BTD.device)[None]
        elif attention_mask is None and cache is None:
            sequence = packed_sequences(positions)
        rotary = self.rotary_emb(resid_BTD, positions)

        states, maps = [], []
        for layer in cast(list[Gemma2DecoderLayer], list(self.layers)):
            if keep_states is not None and keep_states is not False:
                states.append(resid_BTD)
            mask = Mask(layer.self_attn.window, keep, sequence, causal)
            resid_BTD, layer_maps = layer(resid_BTD, rotary, mask, past_key_values=cache, keep_maps=bool(keep_maps))
            if keep_maps:
                maps.append(layer_maps)
        last_BTD = self.norm(resid_BTD)
        states.append(last_BTD)

        output = BaseModelOutputWithPast(
            last_hidden_state=last_BTD,
            past_key_values=as_given(cache, past_key_values) if use_cache else None,
            # transformers declares no None, and puts it where a level is not chosen.
            hidden_states=cast(tuple[Tensor, ...] | None, _selected(states, keep_states)),
            attentions=tuple(maps) if keep_maps else None,
        )
        return output if self.returns_dict(return_dict) else output.to_tuple()


def _selected(states: list[Tensor], choice: bool | int | list[int] | None) -> tuple[Tensor | None, ...] | None:
    """All hidden states for True; for indices (negative ones count from the end) those, with None at other places."""
    if choice is None or choice is False:
        return None
    if choice is True:
        return tuple(states)
    indices = [choice] if isinstance(choice, int) else choice
    count = len(states)
    for index in indices:
        if not -count <= index < count:
            raise ValueError(f"output_hidden_states={index} does not exist; there are {count}: 0..{count - 1}")
    chosen = {index % count for index in indices}
    return tuple(state if index in chosen else None for index, state in enumerate(states))
