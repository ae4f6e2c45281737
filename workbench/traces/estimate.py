"""What a capture will cost, before it starts: memory and time."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from gemma2_workbench.memory import available_bytes
from gemma2_workbench.model.equation import MLP_ROWS, rows_for
from gemma2_workbench.models.parity.long_texts import long_bytes
from gemma2_workbench.models.parity.statement import is_proven, probe_lengths, reference_bytes
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.fused import fits
from gemma2_workbench.traces.layer_store import DEFAULT_BUDGET, kept_bytes
from gemma2_workbench.traces.pilot import lens_seconds, parity_seconds, pass_seconds
from gemma2_workbench.traces.readers.lens import BLOCK_LOGITS

# What the compiler of the fused sums takes once, when the first text that is long enough loads it.
COMPILER_BYTES = 100 << 20
# What any machine has that holds a model: to look how much is free takes longer than a short text.
_ALWAYS = 16 << 20
# Multiplications and additions from which on a run is long: about a second of two cores.
_LONG = 1e11


@dataclass(frozen=True)
class Estimate:
    """Cost of one capture: tokens, bytes the trace keeps, bytes at the peak beyond the weights, seconds."""

    tokens: int
    kept_bytes: int
    peak_bytes: int
    seconds: float

    @property
    def sentence(self) -> str:
        """The estimate in words."""
        time = "under a second" if self.seconds < 1 else f"about {self.seconds:.0f} s"
        return (
            f"{self.tokens} tokens: {time}, {self.kept_bytes / 1e6:.0f} MB kept, "
            f"{self.peak_bytes / 1e6:.0f} MB at the peak beside the weights"
        )


def estimate(
    loaded: Source,
    tokens: int,
    block_rows: int | None = None,
    *,
    parity: bool | Literal["full"] = True,
    lens: bool = False,
) -> Estimate:
    """Estimate a capture from pieces of it that are run and timed now.

    Args:
        loaded: the model.
        tokens: T.
        block_rows, parity, lens: as of `capture`.
    """
    # Under the lock, because the pieces are run with hooks on the model.
    with loaded.lock:
        seconds = pass_seconds(loaded, tokens, block_rows or rows_for(tokens), watched=True)
        if parity == "full" or (parity and not is_proven(loaded, tokens)):
            seconds += parity_seconds(loaded, *compared_tokens(loaded, tokens, parity))
        if lens:
            seconds += pass_seconds(loaded, tokens) + lens_seconds(loaded, tokens)
    peak = peak_bytes(loaded, tokens, block_rows, parity=parity, lens=lens)
    return Estimate(tokens, kept_bytes(loaded.shape, tokens), peak, seconds)


def is_long(loaded: Source, tokens: int, *, lens: bool = False) -> bool:
    """Whether a capture takes so long that it is worth an estimate, which takes about as long as a short one."""
    shape, unembedding = loaded.shape, loaded.unembedding
    products = sum(weight.numel() for weight in loaded.model.parameters()) * tokens
    products += 2 * shape.layers * shape.heads * shape.head_width * tokens**2
    if lens and unembedding is not None:
        products += shape.layers * tokens * shape.width * unembedding.vocabulary
    return 2 * products > _LONG


def peak_bytes(
    loaded: Source,
    tokens: int,
    block_rows: int | None = None,
    *,
    parity: bool | Literal["full"] = True,
    lens: bool = False,
    budget_bytes: int = DEFAULT_BUDGET,
) -> int:
    """Bytes needed beside the weights; the arguments are those of `capture`.

    The pass holds what the trace keeps in memory, one block in all stages and one layer's activations. The comparison
    before it holds the logits of both models, and the lens the logits of one block of positions.
    """
    shape, unembedding = loaded.shape, loaded.unembedding
    block = shape.heads * min(block_rows or rows_for(tokens), tokens) * tokens * 4
    itemsize = 4 if loaded.dtype == "float32" else 2
    wide = max(shape.heads * shape.head_width, shape.width) * tokens
    inside = shape.mlp_width * min(tokens, MLP_ROWS)
    kept = kept_bytes(shape, tokens)
    in_memory = kept if kept <= budget_bytes else kept // shape.layers
    # A block is held as logits, scores and probabilities, in the dtype of the model and in float32; and what blocks of
    # growing length leave behind is not used again at once.
    captured = in_memory + 16 * block + (8 * wide + 4 * inside) * itemsize
    vocabulary = 0 if unembedding is None else unembedding.vocabulary
    compared, beyond = compared_tokens(loaded, tokens, parity)
    # Logits, capped, probabilities and what is compared with them.
    unembedded = 8 * min(tokens * vocabulary, BLOCK_LOGITS) * 4
    proving = max(reference_bytes(loaded, compared), long_bytes(loaded, beyond))
    return max(captured + (unembedded if lens else 0), proving) + _compiler_bytes(loaded, tokens)


def _compiler_bytes(loaded: Source, tokens: int) -> int:
    is_loaded = "numba" in sys.modules
    return COMPILER_BYTES if fits(loaded, tokens) and not is_loaded and find_spec("numba") is not None else 0


def compared_tokens(loaded: Source, tokens: int, parity: bool | Literal["full"]) -> tuple[int, int]:
    """How many tokens a capture compares, see `probe_lengths`, if it was not done before; 0 where it does not."""
    if parity == "full":
        return tokens, 0
    return probe_lengths(loaded, tokens) if parity else (0, 0)


def check_memory(
    loaded: Source,
    tokens: int,
    block_rows: int,
    *,
    parity: bool | Literal["full"] = True,
    lens: bool = False,
    budget_bytes: int = DEFAULT_BUDGET,
) -> None:
    """Refuse a capture that would not fit into the memory that is free now; the arguments are those of `capture`.

    Raises:
        MemoryError: says how much is needed and how much there is.
    """
    need = peak_bytes(loaded, tokens, block_rows, parity=parity, lens=lens, budget_bytes=budget_bytes)
    if need <= _ALWAYS:
        return
    free = available_bytes()
    if need > free:
        raise MemoryError(
            f"a capture of {tokens} tokens needs about {need / 1e9:.1f} GB beside the weights, and {free / 1e9:.1f} GB "
            "are free; shorten the text or use a smaller block_rows"
        )
