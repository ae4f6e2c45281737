"""`Classifying`: the scores of the classes of a Gemma 2 classifier.

Letters: B batch, T tokens, W words, C classes, D model.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from gemma2_workbench.models.gemma2.classes import CLASSIFIERS
from gemma2_workbench.models.gemma2.opened import Opened
from gemma2_workbench.models.gemma2.scores import token_scores
from gemma2_workbench.models.parity.finite import check_finite


class Classifying(Opened):
    """What is said of a classifier in `Classifier`, for Gemma 2."""

    @property
    def labels(self) -> str | None:
        """What its classes are of, "token" or "sequence"; None where it is no classifier."""
        return next((kind for kind, cls in CLASSIFIERS.items() if type(self.model) is cls), None)

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
