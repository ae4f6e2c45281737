"""Memory for temporaries that is used again, and blocks cut into pieces that fit into the cache of a core.

Letters: Q query rows of a block, S keys, N heads.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

# Cells that a core handles at once: what is computed from them one operation after the other stays in its cache, which
# takes a third of the time that the same operations take on a whole block.
_CELLS = 1 << 17


class Buffers:
    """Memory for temporaries, used again by every block: fresh memory costs more than the sums.

    What a buffer holds is gone when its number is asked for again.
    """

    def __init__(self) -> None:
        self._flat: dict[int, Tensor] = {}

    def take(
        self, number: int, shape: Sequence[int], device: torch.device, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """A tensor of a shape with any contents; one number is of one dtype."""
        size = torch.Size(shape).numel()
        if number not in self._flat or len(self._flat[number]) < size:
            # Blocks of a causal layer grow: with room to spare, one in a row of them needs new memory.
            self._flat[number] = torch.empty(1 << (size - 1).bit_length(), dtype=dtype, device=device)
        return self._flat[number][:size].view(*shape)


def pieces(cells_NQS: Tensor) -> Iterator[tuple[slice, slice]]:
    """The heads and the rows of each piece of a block; all of it in one piece where it is not on a processor."""
    N, Q, S = cells_NQS.shape
    most = _CELLS * torch.get_num_threads() if cells_NQS.device.type == "cpu" else N * Q * S
    heads, rows = max(1, most // (Q * S)), max(1, most // S)
    for head in range(0, N, heads):
        for row in range(0, Q, rows):
            yield slice(head, head + heads), slice(row, row + rows)
