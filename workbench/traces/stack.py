"""`Stack`: the blocks of a short text, one a layer, kept until all are there and then reduced together."""

from collections.abc import Iterator
from typing import TypeGuard

import torch
from torch import Tensor

from gemma2_workbench.traces.blocks import Block, Sums

# Cells of all maps of a text up to which its blocks are kept: of small ones, an operation costs more than its numbers.
_FEW = 1 << 20


class Stack:
    """The blocks of all layers of one text.

    Args:
        maps: of all layers and heads.
        tokens: of the text.
    """

    def __init__(self, maps: int, tokens: int) -> None:
        self._tokens, self._is_short = tokens, maps * tokens * tokens <= _FEW
        self._blocks: dict[int, Block] = {}

    def takes(self, sums: Sums) -> TypeGuard[Block]:
        """Whether it is the one block of its layer, and a small one."""
        sides = (len(sums.span.rows), len(sums.span.keys))
        return self._is_short and isinstance(sums, Block) and sides == (self._tokens, self._tokens)

    def add(self, layer: int, block: Block) -> None:
        """Keep a block, whose memory is the model's, and used again."""
        self._blocks[layer] = Block(
            *(stage.clone() for stage in (block.logits, block.scores, block.probs)),
            *(block.softcap, block.places, block.sinks, _copy(block.known_log_sum)),
        )

    def taken(self) -> Iterator[tuple[list[int], Block]]:
        """Layers that differ in their numbers only, and their blocks as one with the heads of all; then it is empty."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for layer, block in self._blocks.items():
            kind = (id(block.places), block.softcap, block.sinks is None, block.known_log_sum is None)
            groups.setdefault(kind, []).append(layer)
        for layers in groups.values():
            yield layers, _together([self._blocks[layer] for layer in layers])
        self._blocks.clear()


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.clone()


def _together(blocks: list[Block]) -> Block:
    return Block(
        torch.cat([block.logits for block in blocks]),
        torch.cat([block.scores for block in blocks]),
        torch.cat([block.probs for block in blocks]),
        blocks[0].softcap,
        blocks[0].places,
        _joined([block.sinks for block in blocks]),
        _joined([block.known_log_sum for block in blocks]),
    )


def _joined(parts: list[Tensor | None]) -> Tensor | None:
    there = [part for part in parts if part is not None]
    return torch.cat(there) if there else None
