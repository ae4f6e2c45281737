"""`Room`: where what is kept of each layer is copied to, of all layers at once."""

import torch
from torch import Size, Tensor


class Room:
    """Memory for what is kept of each layer, taken for all of them when the first one comes.

    Taken layer by layer it would lie between the temporaries of the pass, and memory that these leave would go back to
    the system, which fills every page with zeros before it gives it again: a tenth of the time of a long pass.

    Args:
        ahead: whether it is taken for the layers to come; not where these go to files.
    """

    def __init__(self, *, ahead: bool) -> None:
        self._ahead = ahead
        self._free: dict[tuple[Size, torch.dtype], list[Tensor]] = {}

    def copied(self, tensor: Tensor, left: int) -> Tensor:
        """A copy on the CPU, row after row in memory.

        Args:
            tensor: a part of what a layer makes.
            left: layers to come, this one included.
        """
        free = self._free.setdefault((tensor.shape, tensor.dtype), [])
        if not free:
            free.extend(torch.empty(tensor.shape, dtype=tensor.dtype) for _ in range(left if self._ahead else 1))
        return free.pop().copy_(tensor)
