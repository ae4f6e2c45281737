"""`LoadedModel`: the Gemma 2 `Source`: all that runs need to know of this family.

Letters: B batch, T tokens, Q query rows, P earlier keys, N query heads, G key/value heads, H head width, D model.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

import torch
import transformers
from torch import Tensor, nn

from gemma2_workbench.brief import brief, cut
from gemma2_workbench.model import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2ForTokenClassification,
    Gemma2Model,
    set_block_rows,
)
from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer
from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.model.rotary import trained_length
from gemma2_workbench.models.gemma2 import reference as gemma2_reference
from gemma2_workbench.models.gemma2 import trial as gemma2_trial
from gemma2_workbench.models.gemma2.lengths import gram_lengths, lengths
from gemma2_workbench.models.gemma2.scores import token_scores
from gemma2_workbench.models.gemma2.unembedding import Gemma2Unembedding, divisor, multiplier
from gemma2_workbench.models.layers import LayerInfo, Shape
from gemma2_workbench.models.outline import Outline
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.parity.fingerprint import WeightsState
from gemma2_workbench.models.parity.finite import check_finite
from gemma2_workbench.models.source import POINTS
from gemma2_workbench.models.tier import tier_words
from gemma2_workbench.models.weights import dense
from gemma2_workbench.models.weights.info import WeightsInfo
from gemma2_workbench.models.weights.own_copy import own_modules

LANGUAGE_MODEL = Gemma2ForCausalLM
CLASSIFIERS = {"token": Gemma2ForTokenClassification, "sequence": Gemma2ForSequenceClassification}
CLASSES = {cls.__name__: cls for cls in (LANGUAGE_MODEL, *CLASSIFIERS.values(), Gemma2Model)}
_PAYS = 4  # tokens for each number of a value, from which a Gram matrix takes less than the product itself
# The branches' post-norms are what is added to the residual stream.
_POINTS = {
    "resid_pre": "resid_pre",
    "attention_out": "post_attention_layernorm",
    "mlp_out": "post_feedforward_layernorm",
}


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A Gemma 2 model ready to be looked at; what is not said here is said in `Source`.

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
    def labels(self) -> str | None:
        """What its classes are of, "token" or "sequence"; None where it is no classifier."""
        return next((kind for kind, cls in CLASSIFIERS.items() if type(self.model) is cls), None)

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

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The attention of every layer as it is now, changes included."""
        return tuple(
            LayerInfo(at, "global" if one.window is None else "local", one.window, one.cap, one.scale, self.causal)
            for at, one in enumerate(map(self.attention, range(len(self.trunk.layers))))
        )

    @property
    def unembedding(self) -> Gemma2Unembedding | None:
        """How it predicts tokens; None where it is no language model."""
        return Gemma2Unembedding(self.model) if isinstance(self.model, LANGUAGE_MODEL) else None

    def attention(self, layer: int) -> Gemma2Attention:
        """The attention module of a layer."""
        return self._layer(layer).self_attn

    @property
    def points(self) -> frozenset[str]:
        """See `Source`."""
        return frozenset(POINTS)

    def point(self, layer: int | str, what: str) -> str:
        """See `Source`."""
        return f"layers.{layer}.{_POINTS.get(what, f'self_attn.{what}')}"

    def log_sum_point(self, layer: int) -> str | None:
        """See `Source`: its blocks are all there is."""
        return None

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        """See `Source`."""
        name = "inputs_embeds" if inputs.is_floating_point() else "input_ids"
        given = {name: inputs, "attention_mask": keep_BT, "use_cache": False, "return_dict": True}
        if not positions:
            return self.trunk(**given).last_hidden_state
        chosen = torch.tensor(positions, device=inputs.device)
        return self.model(**given, logits_to_keep=chosen, output_hidden_states=[-1]).hidden_states[-1]

    def embed(self, ids_BT: Tensor) -> Tensor:
        """The scaled embeddings that the first layer reads, [B, T, D]."""
        return self.trunk.embed_tokens(ids_BT)

    @property
    def usual_label_token(self) -> str:
        """See `Classifier`: the first place where a causal model has read the whole word."""
        return "last"

    @property
    def text_token(self) -> str:
        """See `Classifier`."""
        return "last"

    @property
    def scores_tokens(self) -> bool:
        """See `Classifier`: the head of a classifier of texts scores any token."""
        return True

    @property
    def rows_may_join(self) -> bool:
        """See `Classifier`."""
        return True

    def token_scores(self, ids_BT: Tensor, keep_BT: Tensor) -> Tensor:
        """See `Classifier`."""
        return token_scores(self.model, ids_BT, keep_BT)

    def word_scores(
        self, ids_BT: Tensor, reads: Sequence[Sequence[int]], embeddings_BTD: Tensor | None = None
    ) -> Tensor:
        """See `Classifier`."""

        def run() -> tuple[Tensor, Tensor]:
            hidden_BTD = self.run(ids_BT if embeddings_BTD is None else embeddings_BTD)
            words = [self.model.score(hidden_BTD[:, list(positions)]).float().mean(1) for positions in reads]
            return hidden_BTD, torch.stack(words, 1)

        hidden_BTD, scores_BWC = run()
        check_finite(self.model, run, hidden_BTD, scores_BWC)
        return scores_BWC

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        """See `Source`."""
        G, T, H = v_GTH.shape
        out_NDH = dense.matrix(self.attention(layer).o_proj).float().unflatten(1, (-1, H)).movedim(1, 0)
        N = len(out_NDH)
        if T <= _PAYS * H:
            return lengths(v_GTH.float().repeat_interleave(N // G, 0), out_NDH)
        return torch.stack([gram_lengths(v_GTH[head * G // N].float(), out_NDH[head]) for head in range(N)])

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        """See `Source`: through the post-norm of the sum of the heads, and the output projection."""
        norm, o_proj = self._layer(layer).post_attention_layernorm, self.attention(layer).o_proj
        along_TD = along_TD * multiplier(norm) / divisor(norm, branch_TD)[:, None]
        added_D = dense.bias(o_proj)
        along_bias_T = torch.zeros_like(along_TD[:, 0]) if added_D is None else (along_TD * added_D).sum(-1)
        return along_TD @ dense.matrix(o_proj), along_bias_T

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        """See `Source`."""
        with self.lock:  # the hooks of another thread's run are not to be copied
            model = own_modules(self.model)
        return replace(self, model=model, changes=(*self.changes, *changes), lock=threading.RLock())

    def in_blocks(self, rows: int) -> Self:
        """See `Source`."""
        if all(self.attention(layer).block_rows == rows for layer in range(len(self.trunk.layers))):
            return self
        ours = self.own_copy()
        set_block_rows(ours.trunk, rows)
        return ours

    def set_softcap(self, layer: int, cap: float | None) -> None:
        """See `Source`."""
        self.attention(layer).cap = cap

    def set_window(self, layer: int, window: int | None) -> None:
        """See `Source`."""
        self.attention(layer).window = window

    def set_causal(self, causal: bool) -> None:
        """See `Source`."""
        self.config.is_causal = causal

    def set_final_softcap(self, cap: float | None) -> None:
        """See `Source`."""
        self.config.final_logit_softcapping = cap

    @property
    def reference_name(self) -> str:
        """See `Source`."""
        return f"transformers {transformers.__version__} eager Gemma 2"

    def outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        # Before the final softcap, which bends infinity back to a number.
        raw: list[Tensor] = []
        is_speaker = self.unembedding is not None
        watch: dict[str, Hook] = {"final_logits": lambda _module, _args, out: raw.append(out)} if is_speaker else {}
        with attached(self.model, watch):
            ours = self.model(ids_1T, output_attentions=True, output_hidden_states=[-1], return_dict=True)
        return Outputs(ours[0], ours.attentions, (*raw, ours.hidden_states[-1]))

    def reference_outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        theirs = self.reference()(ids_1T, output_attentions=True, return_dict=True)
        return Outputs(theirs[0], theirs.attentions)

    def reference(self) -> nn.Module:
        """Transformers' own model on the same weights, see `gemma2_reference`."""
        return gemma2_reference.reference(self.model)

    @property
    def sinks_apart(self) -> bool:
        """See `ShortReference`: it has none."""
        return False

    def reference_maps(self, ids_1T: Tensor, takers: Mapping[int, Callable[[Tensor], None]]) -> None:
        """See `ShortReference`."""
        gemma2_reference.maps(self.reference(), ids_1T, takers)

    def trial(self, layer: int, tokens: int, rows: int) -> Callable[[], object]:
        """See `Source`."""
        return gemma2_trial.trial(self.model.config, self._layer(layer), self.causal, tokens, rows)

    def _layer(self, layer: int) -> Gemma2DecoderLayer:
        return cast(Gemma2DecoderLayer, self.trunk.layers[layer])
