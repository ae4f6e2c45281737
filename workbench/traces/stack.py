"""`Stack`: the blocks of a short text, one a layer, kept until all are there and then read together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from gemma2_workbench.traces.blocks import Block

# Cells of all maps of a text up to which its blocks are kept: of small ones, an operation costs more than its numbers.
_FEW = 1 << 20


class Taker(Protocol):
    """Who reads blocks, see `BlockReader`."""

    def take(self, layers: Sequence[int], text: int, sums: Block) -> None:
        """Read a block of the heads of some layers."""
        ...


class Stack:
    """Hands the blocks of some layers of one text to its readers, those of a short text with the heads of all layers.

    Args:
        readers: who take the blocks.
        text: its number in the batch.
        tokens: of the text.
        layers: how many layers will be handed over.
        heads: of a layer.
        passing: whether the memory of a block is used again by the next one.
    """

    def __init__(
        self, readers: Sequence[Taker], text: int, tokens: int, layers: int, heads: int, *, passing: bool
    ) -> None:
        self._readers, self._text, self._tokens = readers, text, tokens
        self._layers, self._heads, self._passing = layers, heads, passing
        self._blocks: dict[int, Block] = {}

    @property
    def is_read(self) -> bool:
        """Whether anybody reads its blocks."""
        return bool(self._readers)

    @property
    def is_short(self) -> bool:
        """Whether blocks of the whole text are kept until those of all layers are there."""
        return self._layers * self._heads * self._tokens**2 <= _FEW

    def take(self, layer: int, block: Block) -> None:
        """Hand a block over, now or with those of the other layers."""
        if not self.is_short or (len(block.span.rows), len(block.span.keys)) != (self._tokens, self._tokens):
            self._hand_over([layer], block)
            return
        self._blocks[layer] = _copied(block) if self._passing else block
        if len(self._blocks) == self._layers:
            for layers, blocks in _alike(self._blocks):
                self._hand_over(layers, _together(blocks))
            self._blocks.clear()

    def _hand_over(self, layers: Sequence[int], block: Block) -> None:
        for reader in self._readers:
            reader.take(layers, self._text, block)


def _alike(blocks: dict[int, Block]) -> Iterator[tuple[list[int], list[Block]]]:
    """Layers that differ in their numbers only, and their blocks."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for layer, block in blocks.items():
        kind = (id(block.places), block.softcap, block.sinks is None, block.known_log_sum is None)
        groups.setdefault(kind, []).append(layer)
    for layers in groups.values():
        yield layers, [blocks[layer] for layer in layers]


def _copied(block: Block) -> Block:
    logits, scores, probs = (stage.clone() for stage in (block.logits, block.scores, block.probs))
    known = None if block.known_log_sum is None else block.known_log_sum.clone()
    return replace(block, logits=logits, scores=scores, probs=probs, known_log_sum=known)


def _together(blocks: list[Block]) -> Block:
    return replace(
        blocks[0],
        logits=torch.cat([block.logits for block in blocks]),
        scores=torch.cat([block.scores for block in blocks]),
        probs=torch.cat([block.probs for block in blocks]),
        sinks=_joined([block.sinks for block in blocks]),
        known_log_sum=_joined([block.known_log_sum for block in blocks]),
    )


def _joined(parts: list[Tensor | None]) -> Tensor | None:
    there = [part for part in parts if part is not None]
    return torch.cat(there) if there else None
