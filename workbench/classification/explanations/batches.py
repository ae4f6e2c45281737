"""How many copies of a sentence fit into one forward pass.

Reasons need the same sentence many times, a little changed each time. Together the copies are faster than one by one;
too many at once take more memory than there is.
"""

from gemma2_workbench.memory import available_bytes
from gemma2_workbench.model.equation import BLOCK_ROWS
from gemma2_workbench.models.source import Source

BUDGET_BYTES = 1 << 29


def rows_at_once(loaded: Source, tokens: int, graph: bool) -> int:
    """Copies of a sentence of `tokens` tokens that one pass may hold, at least 1.

    Args:
        loaded: the model.
        tokens: T.
        graph: whether the pass is kept for a backward pass: then all layers and all query rows count, not only the
            layer and the block that are computed just now.

    Raises:
        MemoryError: not even one copy fits into the memory that is free now.
    """
    shape, heads = loaded.shape, loaded.shape.heads
    # What one layer holds, counted from its code: residuals and norms, q/k/v/out, gate/up/product, stages of the map.
    width = 12 * shape.width + 5 * heads * shape.head_width + 4 * shape.mlp_width
    windows = [layer.window for layer in loaded.layers]
    keys = [tokens if window is None else min(tokens, 2 * window + BLOCK_ROWS) for window in windows]
    layers = [4 * (tokens * width + 4 * heads * (tokens if graph else min(tokens, BLOCK_ROWS)) * seen) for seen in keys]
    row_bytes = sum(layers) if graph else max(layers)
    free = available_bytes()
    if row_bytes > free:
        raise MemoryError(
            f"reasons for a text of {tokens} tokens need about {row_bytes / 1e9:.1f} GB, and {free / 1e9:.1f} GB are "
            "free; ask about a shorter text"
        )
    return max(1, BUDGET_BYTES // row_bytes)
