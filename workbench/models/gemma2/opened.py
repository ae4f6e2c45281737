"""`Opened`: a Gemma 2 model with its tokenizer, what it is, and how it is run.

Letters: B batch, T tokens, D model.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from torch import Tensor

from gemma2_workbench.brief import brief, cut
from gemma2_workbench.model import Gemma2Config, Gemma2Model
from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer
from gemma2_workbench.model.rotary import trained_length
from gemma2_workbench.models.layers import Shape
from gemma2_workbench.models.outline import Outline
from gemma2_workbench.models.parity.fingerprint import WeightsState
from gemma2_workbench.models.tier import tier_words
from gemma2_workbench.models.weights import dense
from gemma2_workbench.models.weights.info import WeightsInfo


@dataclass(frozen=True, eq=False)
class Opened:
    """A Gemma 2 model; what is not said here is said in `Source`.

    Attributes:
        name: what the caller asked for.
        source: `embedded:NAME`, the folder or the hub id the weights came from.
        revision: commit of the hub, None for folders.
        weights_sha256: checksum of the weight files, see `weights_hash`; None where they come from no file.
        model: one of our Gemma 2 classes, in eval mode.
        tokenizer: the transformers tokenizer.
        fresh_head: whether its head is random: `load(..., new_head=True)` found none in the weights.
        changes: what `applied` changed in it, in words; empty is the model of the weights.
        stored: what there is to say of the weights as they were loaded.
        state: what they were then, by which changes are noticed; default: as they are now.
        lock: held while hooks are attached: module hooks are shared by all threads.
    """

    name: str
    source: str
    revision: str | None
    weights_sha256: str | None
    model: Any
    tokenizer: Any
    fresh_head: bool = False
    changes: tuple[str, ...] = ()
    stored: WeightsInfo = WeightsInfo()
    state: WeightsState | None = field(default=None, repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        if self.state is None:
            object.__setattr__(self, "state", WeightsState.of(self.model))

    def __repr__(self) -> str:
        config = self.config
        return brief(
            self,
            cut(self.name, 60),
            type(self.model).__name__,
            f"{config.num_hidden_layers} layers x {config.num_attention_heads} heads",
            f"{self.model.num_parameters():,} parameters",
            f"{self.dtype} on {self.device}",
        )

    @property
    def config(self) -> Gemma2Config:
        """The model's configuration."""
        return self.model.config

    @property
    def trunk(self) -> Gemma2Model:
        """The model without its head."""
        return self.model.base_model

    @property
    def dtype(self) -> str:
        """Name of the dtype of the weights, for example `float32`."""
        return str(self.model.dtype).removeprefix("torch.")

    @property
    def device(self) -> str:
        """Where its inputs go, for example `cpu`: of a model in several places, where the first layer runs."""
        return dense.device(self.trunk.embed_tokens)

    @property
    def kind(self) -> str:
        """The name of its class."""
        return type(self.model).__name__

    @property
    def tier(self) -> str:
        """See `Source`."""
        return tier_words()

    @property
    def maps_only(self) -> str:
        """See `Source`."""
        return ""

    @property
    def weights(self) -> WeightsInfo:
        """What there is to say of the weights as they are now."""
        is_changed = self.state is not None and WeightsState.of(self.model).changed(self.state)
        return replace(self.stored, hashed="memory") if is_changed else self.stored

    @property
    def outline(self) -> Outline:
        """What decides its masks."""
        return Outline.of(self.config)

    @property
    def causal(self) -> bool:
        """Whether later keys are hidden."""
        return not self.config.sees_later

    @property
    def shape(self) -> Shape:
        """Its sizes."""
        config, heads = self.config, self.config.num_attention_heads
        return Shape(
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=config.num_key_value_heads or heads,
            head_width=config.head_dim,
            width=config.hidden_size,
            mlp_width=config.intermediate_size,
            longest=config.longest,
            trained=trained_length(config),
        )

    def attention(self, layer: int) -> Gemma2Attention:
        """The attention module of a layer."""
        return self._layer(layer).self_attn

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        """See `Source`."""
        name = "inputs_embeds" if inputs.is_floating_point() else "input_ids"
        given = {name: inputs, "attention_mask": keep_BT, "use_cache": False, "return_dict": True}
        if not positions:
            return self.trunk(**given).last_hidden_state
        chosen = torch.tensor(positions, device=inputs.device)
        return self.model(**given, logits_to_keep=chosen, output_hidden_states=[-1]).hidden_states[-1]

    def _layer(self, layer: int) -> Gemma2DecoderLayer:
        return cast(Gemma2DecoderLayer, self.trunk.layers[layer])
