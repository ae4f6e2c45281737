"""Which positions of two texts belong together when one is patched from the other."""

from collections.abc import Sequence

from gemma2_workbench.traces.pair import align

Pairs = tuple[tuple[int, int], ...]


def counterparts(corrupted: Sequence[int], clean: Sequence[int]) -> Pairs:
    """(position in the corrupted text, position in the clean one), ascending.

    Texts of one length belong together position by position. Of others the tokens that they share do
    (`traces.pair.align`), and what stands between two shared tokens where it is of one length in both.

    Args:
        corrupted, clean: token ids.
    """
    if len(corrupted) == len(clean):
        return tuple((at, at) for at in range(len(clean)))
    pairs: list[tuple[int, int]] = []
    here = there = 0
    for shared in (*align(corrupted, clean), (len(corrupted), len(clean))):
        if shared[0] - here == shared[1] - there:
            pairs += zip(range(here, shared[0]), range(there, shared[1]), strict=True)
        pairs.append(shared)
        here, there = shared[0] + 1, shared[1] + 1
    return tuple(pairs[:-1])
