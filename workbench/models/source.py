"""`Source`: a model as runs see it. Nothing after `models/` asks which family or class a model is of.

Letters: B batch, T tokens, L layers, N query heads, G key/value heads, H head width, D model, V vocabulary.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from torch import Tensor, nn

from gemma2_workbench.models.layers import LayerInfo, Shape
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.unembedding import Unembedding
from gemma2_workbench.models.weights.info import WeightsInfo

# Hook points of a layer, in the order of computation: the residual stream before it, the stages of its attention, and
# what attention and MLP add to the residual stream, in this order.
POINTS = (
    "resid_pre",
    *("q_rot", "k_rot", "v", "attn_logits", "attn_scores", "attn_probs", "head_out"),
    *("attention_out", "mlp_out"),
)


class Source(Protocol):
    """A model that can be run and read. Its hook points are named modules of `model`."""

    @property
    def name(self) -> str:
        """What the caller asked for."""
        ...

    @property
    def source(self) -> str:
        """Where the weights came from."""
        ...

    @property
    def revision(self) -> str | None:
        """Commit of the hub, None for folders."""
        ...

    @property
    def weights_sha256(self) -> str | None:
        """Checksum of the weight files (`weights.hashed` says of what); None where they come from no file."""
        ...

    @property
    def weights(self) -> WeightsInfo:
        """What there is to say of the weights as they are now: rounded, adapted, changed since they were loaded."""
        ...

    @property
    def dtype(self) -> str:
        """Name of the dtype of the weights, for example `float32`."""
        ...

    @property
    def device(self) -> str:
        """Where the weights live, for example `cpu`."""
        ...

    @property
    def lock(self) -> threading.RLock:
        """Held while hooks are attached: module hooks are shared by all threads."""
        ...

    @property
    def tokenizer(self) -> Any:
        """A transformers fast tokenizer."""
        ...

    @property
    def model(self) -> nn.Module:
        """The module that holds the hook points; called with ids [B, T] and `attention_mask` like transformers'."""
        ...

    @property
    def changes(self) -> tuple[str, ...]:
        """What `applied` changed in it, in words; empty is the model of the weights."""
        ...

    @property
    def kind(self) -> str:
        """What the model is, by the name of its class."""
        ...

    @property
    def tier(self) -> str:
        """What can be shown of it, in words: all stages, or its maps only and why (`models.tier`)."""
        ...

    @property
    def maps_only(self) -> str:
        """Why its maps alone can be shown; empty where all stages can."""
        ...

    @property
    def shape(self) -> Shape:
        """Its sizes."""
        ...

    @property
    def causal(self) -> bool:
        """Whether later keys are hidden."""
        ...

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The attention of every layer as it is now, changes included."""
        ...

    @property
    def unembedding(self) -> Unembedding | None:
        """How it predicts tokens; None where it is no language model."""
        ...

    @property
    def points(self) -> frozenset[str]:
        """Which of `POINTS` the layers have, and "resid_post" where the stream behind a layer has a point of its own.

        The stages of attention only where `LayerInfo.softmax` says so.
        """
        ...

    def point(self, layer: int | str, what: str) -> str:
        """The name of a hook point of a layer (`*`: of all).

        Args:
            layer: the layer.
            what: one of `POINTS`.
        """
        ...

    def log_sum_point(self, layer: int) -> str | None:
        """The hook point that is handed the log-sums of the rows of a layer, [B, N, T], and the `Span` of all of it.

        None where attention is computed in blocks, whose stages pass their own points: where it has a cap, say, or
        somebody changes a stage. As it is now, without gradients.
        """
        ...

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        """One pass; its normed last states [B, T, D].

        Args:
            inputs: token ids [B, T], or the embeddings that the first layer reads [B, T, D].
            keep_BT: 1 for tokens and 0 for padding; None is all tokens.
            positions: where the final logits are computed too, for their hook points `final_logits` and
                `capped_logits`.
        """
        ...

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        """|| W_O v_j || for every head and token, float32 [N, T]; W_O is the head's part of the output projection."""
        ...

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        """A direction of the residual stream, seen from the heads of a layer.

        Args:
            layer: the layer.
            along_TD: the direction at each position, float32.
            branch_TD: what the heads sum to, before any norm on the branch: the input of its `attention_out`.

        Returns:
            What the output of each head is multiplied with [T, N * H], and what the bias of the projection adds [T].
        """
        ...

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        """A model of the same weights with modules, configuration and lock of its own.

        Args:
            changes: what it is going to differ in, in words; joins those it differs in already.
        """
        ...

    def in_blocks(self, rows: int) -> Self:
        """The model with blocks of `rows` query rows; where it has others, a copy: somebody else may be running it."""
        ...

    def set_softcap(self, layer: int, cap: float | None) -> None:
        """Put another cap on the attention logits of a layer, or None for none; this and the next change the model."""
        ...

    def set_window(self, layer: int, window: int | None) -> None:
        """Another window in a layer, or None for full attention."""
        ...

    def set_causal(self, causal: bool) -> None:
        """Whether later keys are hidden."""
        ...

    def set_final_softcap(self, cap: float | None) -> None:
        """Another cap on the final logits, or None."""
        ...

    @property
    def reference_name(self) -> str:
        """Name and version of the implementation that its numbers must equal."""
        ...

    def outputs(self, ids_1T: Tensor) -> Outputs:
        """A pass with all its maps, as `run` computes it."""
        ...

    def reference_outputs(self, ids_1T: Tensor) -> Outputs:
        """The same by that implementation on the very same weight tensors, with eager attention."""
        ...

    def reference(self) -> nn.Module:
        """That implementation, ready to be run."""
        ...

    def trial(self, layer: int, tokens: int, rows: int) -> Callable[[], object]:
        """A layer, ready to be run and timed on random numbers.

        Args:
            layer: the layer.
            tokens: T.
            rows: query rows of the block in the middle, which sees as many keys as blocks do on average.
        """
        ...
