"""`Classifier`: what labels need of a `Source`: its classes, and their scores from ids or from embeddings.

Letters: B batch, T tokens, W words, C classes, D model.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from gemma2_workbench.models.source import Source


class Classifier(Source, Protocol):
    """A model that may label words or whole texts; `labels` says whether it does."""

    @property
    def config(self) -> Any:
        """Its configuration, with `id2label`, `num_labels` and `problem_type`."""
        ...

    @property
    def labels(self) -> str | None:
        """What its classes are of, "token" or "sequence"; None where it is no classifier."""
        ...

    @property
    def usual_label_token(self) -> str:
        """At which sub-token of a word its label is read where its configuration does not say: "first" or "last"."""
        ...

    @property
    def text_token(self) -> str:
        """Where a classifier of texts reads: at the "first" token, the "last", or the "mean" of all."""
        ...

    @property
    def scores_tokens(self) -> bool:
        """Whether each token has scores of its own; else all have those of the text."""
        ...

    @property
    def rows_may_join(self) -> bool:
        """Whether a layer may be handed more rows than the pass began with."""
        ...

    def embed(self, ids_BT: Tensor) -> Tensor:
        """The embeddings of the tokens, as `word_scores` takes them, [B, T, D]."""
        ...

    def token_scores(self, ids_BT: Tensor, keep_BT: Tensor) -> Tensor:
        """The scores of the classes at every token, [B, T, C].

        Args:
            ids_BT: token ids, padded on the right.
            keep_BT: 1 for tokens and 0 for padding.

        Raises:
            NotFiniteError: the model computes NaN or infinity; says where first.
        """
        ...

    def word_scores(
        self, ids_BT: Tensor, reads: Sequence[Sequence[int]], embeddings_BTD: Tensor | None = None
    ) -> Tensor:
        """The scores of the classes of some words, float32 [B, W, C]; gradients reach the embeddings.

        Args:
            ids_BT: token ids without padding, or of one row for all of the batch.
            reads: for each word the tokens over whose scores the mean is taken.
            embeddings_BTD: what is read in place of the embeddings of the ids.

        Raises:
            NotFiniteError: as `token_scores`.
        """
        ...
