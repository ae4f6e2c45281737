"""`capture`: one forward pass of a text with taps on q, k, v and folds on every block -> `Trace`."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

import torch
from torch import Tensor

from gemma2_workbench.limits import whole
from gemma2_workbench.model import BLOCK_ROWS, attached, set_block_rows
from gemma2_workbench.models import parity as parities
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.models.own_copy import own_copy
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.traces.estimate import check_memory
from gemma2_workbench.traces.interventions import Intervention, applied, attention_layers
from gemma2_workbench.traces.layer_store import DEFAULT_BUDGET, layer_store
from gemma2_workbench.traces.readers.attention import Recorder
from gemma2_workbench.traces.readers.contributions import ContributionsReader
from gemma2_workbench.traces.readers.lens import LensReader, chosen_tokens
from gemma2_workbench.traces.trace import ModelInfo, Trace


def capture(
    loaded: LoadedModel,
    text: str,
    *,
    interventions: Sequence[Intervention] = (),
    block_rows: int = BLOCK_ROWS,
    parity: bool = True,
    budget_bytes: int = DEFAULT_BUDGET,
    progress: Callable[[int, int], None] | None = None,
    lens: bool = False,
) -> Trace:
    """Run `text` through the model once and keep what all views need.

    Args:
        loaded: a model from `load`.
        text: any text of 1 .. max_position_embeddings tokens (BOS included).
        interventions: changes to the model; the trace is then one of a *modified model* and says so.
        block_rows: query rows handled at once; the result does not depend on it.
        parity: compare with transformers first (two extra passes over at most 128 tokens).
        budget_bytes: above it q, k and v go to a memory-mapped file instead of memory.
        progress: called with (layers done, layers) after each layer.
        lens: keep the logit lens and the direct contributions too (language models only): unembeds every position
            after every layer, which takes longer than the pass itself where the vocabulary is large.

    Raises:
        ValueError: the text is empty or too long; an option is no such number; or a lens is asked for and the model has
            no language-model head.
        MemoryError: the machine has not enough memory; says how much it takes.
        NotFiniteError: the model computes NaN or infinity; says where first.
        ParityError: the model's numbers are not transformers' numbers.
    """
    block_rows = whole("block_rows", block_rows, 1)
    budget_bytes = whole("budget_bytes", budget_bytes, 0)
    tokens = tokenize(loaded.tokenizer, text)
    longest = loaded.config.max_position_embeddings
    if len(tokens) > longest:
        raise ValueError(
            f"the text has {len(tokens)} tokens; {loaded.name} takes at most {longest} (max_position_embeddings). "
            "Shorten the text."
        )
    check_memory(loaded, len(tokens), block_rows, parity=parity, lens=lens, budget_bytes=budget_bytes)
    statement = parities.compare(loaded, tokens.ids) if parity else parities.unchecked()
    followed = chosen_tokens(loaded, tokens.ids, interventions=interventions) if lens else ()
    store = layer_store(loaded.config, len(tokens), budget_bytes)
    with torch.no_grad(), applied(loaded, interventions) as changed:
        ours = _in_blocks(changed, block_rows)
        ids_1T = torch.tensor([tokens.ids], device=ours.model.device)
        recorder = Recorder(ours.trunk, ids_1T[0], store, progress)
        readers = (LensReader(ours, followed), ContributionsReader(ours, followed)) if lens else None
        watches = [reader.watching() for reader in readers or ()]
        seconds = _timed_pass(ours, ids_1T, attached(ours.trunk, recorder.hooks()), *watches)
    heads = loaded.config.num_attention_heads
    return Trace(
        tokens=tokens,
        model=ModelInfo.of(loaded),
        layers=recorder.layers,
        heads=heads,
        kv_heads=loaded.config.num_key_value_heads or heads,
        tensors=store,
        folds=recorder.folds(),
        parity=statement,
        interventions=tuple(interventions),
        block_rows=block_rows,
        seconds=seconds,
        lens=readers[0].lens() if readers else None,
        contributions=readers[1].contributions() if readers else None,
    )


def _in_blocks(loaded: LoadedModel, block_rows: int) -> LoadedModel:
    """The model with blocks of `block_rows`; where it has others, a copy: somebody else may be running it."""
    if all(layer.block_rows == block_rows for layer in attention_layers(loaded)):
        return loaded
    ours = own_copy(loaded)
    set_block_rows(ours.trunk, block_rows)
    return ours


def _timed_pass(loaded: LoadedModel, ids_1T: Tensor, *watches: AbstractContextManager[object]) -> float:
    """Run the trunk once, watched; return the seconds it took."""
    started = time.perf_counter()
    with ExitStack() as stack:
        for watch in watches:
            stack.enter_context(watch)
        output = loaded.trunk(ids_1T, use_cache=False)
    seconds = time.perf_counter() - started
    check_finite(loaded.model, lambda: loaded.trunk(ids_1T, use_cache=False), output.last_hidden_state)
    return seconds
