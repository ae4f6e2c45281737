"""The logit lens: which token the model would predict at each position if it stopped after some layer.

The residual stream before layer 0 and after every layer goes once through the model's own final norm and its own
unembedding, then through the final softcap (nostalgebraist, "interpreting GPT: the logit lens", 2020).
Shapes: T tokens, D model, V vocab, L layers, R = L + 1 rows, K top tokens.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from gemma2_workbench.model import attached
from gemma2_workbench.model.attention import blocks, softcap
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.models.tokens import shown
from gemma2_workbench.traces.interventions import Intervention, applied
from gemma2_workbench.traces.readers.prediction import predict
from gemma2_workbench.traces.readers.residual import stream_hooks

TOP = 10
# Logits of one block of positions: 8 million numbers are 32 MB, and a handful of temporaries have the same size.
BLOCK_LOGITS = 1 << 23


@dataclass(frozen=True, eq=False)
class Lens:
    """What every row of the residual stream predicts at every position.

    Row 0 are the embeddings, row n the stream after layer n - 1; row L is the model's own prediction.

    Attributes:
        top_ids: the K most probable tokens, int32 [R, T, K], best first.
        top_logits: their logits before the final softcap, float32 [R, T, K].
        top_capped: the same after it.
        log_sum: log of the sum of exp(capped logit) over the vocabulary, float32 [R, T].
        entropy: of the distribution over the vocabulary, nats, float32 [R, T].
        chosen_ids: the token that is followed at each position, int32 [T].
        chosen_logits, chosen_capped: its logit before and after the final softcap, float32 [R, T].
        chosen_ranks: its place among all tokens, int32 [R, T]; 1 is the most probable.
        pieces: (id, display string) of every token that occurs in the ids.
    """

    top_ids: Tensor
    top_logits: Tensor
    top_capped: Tensor
    log_sum: Tensor
    entropy: Tensor
    chosen_ids: Tensor
    chosen_logits: Tensor
    chosen_capped: Tensor
    chosen_ranks: Tensor
    pieces: tuple[tuple[int, str], ...]

    @cached_property
    def names(self) -> dict[int, str]:
        """Display strings by token id."""
        return dict(self.pieces)

    @property
    def top_probs(self) -> Tensor:
        """Probabilities of the top tokens, float32 [R, T, K]."""
        return torch.exp(self.top_capped - self.log_sum[..., None])

    @property
    def chosen_probs(self) -> Tensor:
        """Probabilities of the chosen token, float32 [R, T]."""
        return torch.exp(self.chosen_capped - self.log_sum)


def lens(
    loaded: LoadedModel,
    ids: Sequence[int],
    token: int | None = None,
    interventions: Sequence[Intervention] = (),
    progress: Callable[[int, int], object] | None = None,
) -> Lens:
    """The logit lens of a text.

    Args:
        loaded: a language model.
        ids: T token ids, BOS first.
        token: the id to follow at every position; None is the actual next token of the text, and after the last
            token the one that the model finds most probable.
        interventions: changes to the model.
        progress: called with (rows done, rows).

    Raises:
        ValueError: the model has no language-model head, `token` is not in the vocabulary, an intervention cannot be.
        NotFiniteError: the model computes NaN or infinity.
    """
    chosen = chosen_tokens(loaded, ids, token, interventions)
    ids_1T = torch.tensor([list(ids)], device=loaded.model.device)
    with torch.no_grad(), applied(loaded, interventions) as changed:
        reader = LensReader(changed, chosen, progress)
        with reader.watching():
            output = changed.trunk(ids_1T, use_cache=False)
        found = reader.lens()
        run = partial(changed.model, ids_1T)
        check_finite(changed.model, run, output.last_hidden_state, found.top_logits, found.log_sum)
    return found


def chosen_tokens(
    loaded: LoadedModel, ids: Sequence[int], token: int | None = None, interventions: Sequence[Intervention] = ()
) -> tuple[int, ...]:
    """The token to follow at each of the T positions; see `lens`.

    Raises:
        ValueError: as `lens`.
    """
    require_language_model(loaded)
    if token is None:
        return (*ids[1:], int(predict(loaded, ids, interventions).logits.argmax()))
    vocabulary = loaded.model.lm_head.out_features
    if not 0 <= token < vocabulary:
        raise ValueError(f"token {token} is not in the vocabulary; ids are 0..{vocabulary - 1}")
    return (token,) * len(ids)


def token_id(loaded: LoadedModel, text: str) -> int:
    """The id of the one token that `text` is: as the page shows it (`▁the`), or as typed (` the`, `the`).

    Raises:
        ValueError: it is no token or several; the message names them.
    """
    tokenizer = loaded.tokenizer
    known = tokenizer.convert_tokens_to_ids(text.replace(" ", "▁"))
    if text and known is not None and (known != tokenizer.unk_token_id or text == tokenizer.unk_token):
        return int(known)
    ids = [int(part) for part in tokenizer(text, add_special_tokens=False)["input_ids"]]
    if len(ids) == 1:
        return ids[0]
    parts = ", ".join(piece for _, piece in _pieces(loaded, ids)) or "nothing"
    raise ValueError(f"{text!r} is not one token of {loaded.name}; it is {len(ids)}: {parts}. Give one of them")


def require_language_model(loaded: LoadedModel) -> None:
    """Refuse models that predict no next token.

    Raises:
        ValueError: the model has no language-model head.
    """
    if not hasattr(loaded.model, "lm_head"):
        raise ValueError(
            f"{loaded.name} is a {type(loaded.model).__name__}: it has no language-model head, so there are no "
            "next-token logits to look at. Take a Gemma2ForCausalLM, such as the embedded language model"
        )


class LensReader:
    """Collects one forward pass of the trunk: run it inside `watching()`, then take `lens()`."""

    def __init__(
        self, loaded: LoadedModel, chosen: Sequence[int], progress: Callable[[int, int], object] | None = None
    ) -> None:
        rows, T = loaded.config.num_hidden_layers + 1, len(chosen)
        self._loaded, self._progress = loaded, progress
        vocabulary = loaded.model.lm_head.out_features
        self._block = max(1, BLOCK_LOGITS // vocabulary)
        self._chosen = torch.tensor(chosen, device=loaded.model.device)
        K = min(TOP, vocabulary)
        self._ids = torch.empty(rows, T, K, dtype=torch.int32)
        self._top = torch.empty(2, rows, T, K)
        self._picked = torch.empty(2, rows, T)
        self._ranks = torch.empty(rows, T, dtype=torch.int32)
        self._sums = torch.empty(2, rows, T)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hooks on the trunk for the one forward pass inside the `with` block."""
        with attached(self._loaded.trunk, stream_hooks(len(self._ids) - 1, self._read)):
            yield

    def lens(self) -> Lens:
        """The finished lens, on the CPU."""
        ids = sorted({*self._ids.unique().tolist(), *self._chosen.tolist()})
        return Lens(
            top_ids=self._ids,
            top_logits=self._top[0],
            top_capped=self._top[1],
            log_sum=self._sums[0],
            entropy=self._sums[1],
            chosen_ids=self._chosen.int().cpu(),
            chosen_logits=self._picked[0],
            chosen_capped=self._picked[1],
            chosen_ranks=self._ranks,
            pieces=_pieces(self._loaded, ids),
        )

    def _read(self, row: int, resid_TD: Tensor) -> None:
        for block in blocks(range(len(resid_TD)), self._block):
            self._read_block(row, slice(block.start, block.stop), resid_TD[block.start : block.stop])
        if self._progress is not None:
            self._progress(row + 1, len(self._ids))

    def _read_block(self, row: int, part: slice, resid_bD: Tensor) -> None:
        """Fill one row of the results for some positions; norm, unembedding and cap in the dtype of the model."""
        model = self._loaded.model
        logits_bV = model.lm_head(self._loaded.trunk.norm(resid_bD))
        capped_bV = softcap(logits_bV, self._loaded.config.final_logit_softcapping).float()
        logits_bV = logits_bV.float()
        top = logits_bV.topk(self._ids.shape[-1])
        self._ids[row, part] = top.indices.int().cpu()
        self._top[0, row, part] = top.values.cpu()
        self._top[1, row, part] = capped_bV.gather(-1, top.indices).cpu()
        chosen_b1 = self._chosen[part, None]
        picked_b1 = logits_bV.gather(-1, chosen_b1)
        self._picked[0, row, part] = picked_b1[:, 0].cpu()
        self._picked[1, row, part] = capped_bV.gather(-1, chosen_b1)[:, 0].cpu()
        self._ranks[row, part] = (logits_bV > picked_b1).sum(-1).int().cpu() + 1
        log_sum_b = capped_bV.logsumexp(-1)
        mean_b = (torch.exp(capped_bV - log_sum_b[:, None]) * capped_bV).sum(-1)
        self._sums[0, row, part] = log_sum_b.cpu()
        self._sums[1, row, part] = (log_sum_b - mean_b).clamp(min=0).cpu()


def _pieces(loaded: LoadedModel, ids: Sequence[int]) -> tuple[tuple[int, str], ...]:
    """Ids with their display strings; a vocabulary may have rows that the tokenizer has no piece for."""
    pieces = loaded.tokenizer.convert_ids_to_tokens(list(ids))
    return tuple((id, f"<id {id}>" if piece is None else shown(piece)) for id, piece in zip(ids, pieces, strict=True))
