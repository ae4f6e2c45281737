"""`Classifying`: the scores of the classes of a transformers classifier, by its own forward.

Letters: B batch, T tokens, W words, C classes, D model.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.models.decoder.opened import Opened
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.study.heads import labels_of, words_of
from gemma2_workbench.models.decoder.study.study import first_tensor
from gemma2_workbench.models.parity.finite import check_finite


class Classifying(Opened):
    """What is said of a classifier in `Classifier`, for any transformers model."""

    @property
    def config(self) -> Any:
        """Its configuration."""
        return self.model.config

    @property
    def labels(self) -> str | None:
        """See `Classifier`."""
        return labels_of(self.model)

    @property
    def usual_label_token(self) -> str:
        """See `Classifier`: where the examples of transformers train it."""
        return "first"

    @property
    def scores_tokens(self) -> bool:
        """See `Classifier`."""
        return self.labels == "token"

    @property
    def rows_may_join(self) -> bool:
        """See `Classifier`: masks, positions and heads of its own may count the rows of the ids."""
        return False

    def embed(self, ids_BT: Tensor) -> Tensor:
        """See `Classifier`."""
        return self._words(ids_BT)

    def token_scores(self, ids_BT: Tensor, keep_BT: Tensor) -> Tensor:
        """See `Classifier`. A text is read without padding: a model may look for its end by the id of it."""
        ids_BT, keep_BT = ids_BT.to(self.model.device), keep_BT.to(self.model.device)
        if self.labels == "token":
            return self._scores(ids_BT, keep_BT)
        T = ids_BT.shape[1]
        if bool(keep_BT.all()):
            return self._scores(ids_BT)[:, None].expand(-1, T, -1)
        texts = [ids_T[keep_T.bool()][None] for ids_T, keep_T in zip(ids_BT, keep_BT, strict=True)]
        return torch.stack([self._scores(ids_1T)[0].expand(T, -1) for ids_1T in texts])

    def word_scores(
        self, ids_BT: Tensor, reads: Sequence[Sequence[int]], embeddings_BTD: Tensor | None = None
    ) -> Tensor:
        """See `Classifier`."""
        if embeddings_BTD is None:
            scores = self._scores(ids_BT)
        else:
            with self._in_place(embeddings_BTD):
                scores = self._scores(ids_BT.expand(len(embeddings_BTD), -1))
        if self.labels == "sequence":
            return scores[:, None].float()
        return torch.stack([scores[:, list(positions)].float().mean(1) for positions in reads], 1)

    def _scores(self, ids_BT: Tensor, keep_BT: Tensor | None = None) -> Tensor:
        """What the model puts out: [B, T, C], of a classifier of texts [B, C]."""

        def run() -> Tensor:
            scores = first_tensor(
                self.model(input_ids=ids_BT, **({} if keep_BT is None else {"attention_mask": keep_BT}))
            )
            assert scores is not None
            return scores

        with self._countable(ids_BT):
            scores = run()
            check_finite(self.model, run, scores)
        return scores

    @contextmanager
    def _countable(self, ids_BT: Tensor) -> Iterator[None]:
        """A padding id that no row holds, where a classifier of texts has none and refuses several rows for it."""
        config = self.model.config.get_text_config()
        if self.labels == "token" or len(ids_BT) == 1 or config.pad_token_id is not None:
            yield
            return
        held = set(ids_BT.flatten().tolist())
        with self.lock:
            config.pad_token_id = next(token for token in count() if token not in held)
            try:
                yield
            finally:
                config.pad_token_id = None

    @property
    def _words(self) -> nn.Embedding:
        words = words_of(self.model)
        if words is None:
            raise RefusedError(f"{self.name} reads its words by no table of embeddings; gradients need one")
        return words

    @contextmanager
    def _in_place(self, embeddings_BTD: Tensor) -> Iterator[None]:
        """Inside, the model reads these embeddings; positions and the like are those of the ids."""
        calls: list[Tensor] = []

        def give(_module: nn.Module, _args: object, out: Tensor) -> Tensor:
            calls.append(out)
            if len(calls) > 1 or out.shape != embeddings_BTD.shape:
                raise RefusedError(f"{self.name} reads its embeddings in a way of its own; no gradients reach them")
            return embeddings_BTD

        with self.lock:
            handle = self._words.register_forward_hook(give)
            try:
                yield
            finally:
                handle.remove()
