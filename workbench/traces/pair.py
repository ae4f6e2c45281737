"""`Pair`: two traces compared: before and after a change of the model, of the text, or of the weights."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from gemma2_workbench.brief import brief
from gemma2_workbench.display import Drawable

if TYPE_CHECKING:
    from torch import Tensor

    from gemma2_workbench.traces.trace import Trace


# What a cell of two maps is; the first seven are `model.Reason`, for cells that both masks hide.
HIDDEN_BEFORE, HIDDEN_AFTER = 7, 8


@dataclass(frozen=True, eq=False)
class Pair(Drawable):
    """Two runs whose tokens are aligned. P pairs of positions.

    Attributes:
        before, after: the runs; layers and heads are of one shape.
        positions: (position before, position after) of the tokens that are compared, in order [P].
    """

    before: Trace
    after: Trace
    positions: tuple[tuple[int, int], ...]

    @property
    def same_text(self) -> bool:
        """Whether both runs are of the very same tokens."""
        return self.before.tokens.ids == self.after.tokens.ids

    @property
    def sentence(self) -> str:
        """What is compared, in words."""
        changed = [f"with {', '.join(trace.changes)}" if trace.changes else "" for trace in (self.before, self.after)]
        model = [trace.model.name for trace in (self.before, self.after)]
        names = [f"{name} {change}".rstrip() for name, change in zip(model, changed, strict=True)]
        where = "the same text" if self.same_text else f"{len(self.positions)} tokens that two texts share"
        return f"{names[0]} and {names[1]} on {where}"

    @property
    def divergence(self) -> float | None:
        """KL(before || after) of the next-token distribution after the texts, nats; None where it was not read."""
        from gemma2_workbench.traces.readers.prediction import Prediction

        readings = [trace.readings.get("prediction") for trace in (self.before, self.after)]
        before, after = (one if isinstance(one, Prediction) else None for one in readings)
        return None if before is None or after is None else after.divergence_from(before)

    def __repr__(self) -> str:
        divergence = self.divergence
        lost = "" if divergence is None else f"KL {divergence:.3g} nats"
        return brief(self, f"of {len(self.positions)} shared tokens", lost, self.sentence)

    def cells(self, layer: int, head: int, stage: str, rows: range, keys: range) -> tuple[Tensor, Tensor, Tensor]:
        """Both maps of one head at aligned positions, and what each cell is.

        Args:
            layer, head, stage: as of `Trace.stage`.
            rows, keys: which of the P pairs of positions.

        Returns:
            before and after, float32 [Q, S], NaN where the mask of that run hides the cell; states, int8 [Q, S]: 0
            where both see it, `model.Reason` where both hide it, HIDDEN_BEFORE or HIDDEN_AFTER where one does.
        """
        import torch

        values, reasons = [], []
        for side, trace in enumerate((self.before, self.after)):
            at_Q, at_S = (self._places(side, part) for part in (rows, keys))
            reach_Q, reach_S = (range(min(places), max(places) + 1) for places in (at_Q, at_S))
            pick_Q, pick_S = (
                torch.tensor([place - reach.start for place in places])
                for places, reach in ((at_Q, reach_Q), (at_S, reach_S))
            )
            values.append(trace.stage(layer, head, stage, reach_Q, reach_S)[pick_Q][:, pick_S])
            reasons.append(trace.reasons(layer, reach_Q, reach_S)[pick_Q][:, pick_S])
        return values[0], values[1], cell_states(*reasons)

    def moved_rows(self, layer: int, head: int) -> Tensor:
        """Queries whose strongest key before is not a strongest key after; ties count as strongest.

        Returns:
            which of the P pairs of positions, int64 [n], ascending; keys are the P tokens too.

        Raises:
            ValueError: as `Trace.stage`.
        """
        import torch

        from gemma2_workbench.model.equation import BLOCK_ROWS, blocks

        moved: list[Tensor] = []
        for rows in blocks(range(len(self.positions)), BLOCK_ROWS):
            cells = self.cells(layer, head, "attn_probs", rows, self._seen(layer, rows))
            old_QS, new_QS = (values.nan_to_num(nan=-torch.inf) for values in cells[:2])
            kept_Q = new_QS.gather(-1, old_QS.argmax(-1, keepdim=True))[:, 0]
            moved.append((kept_Q < new_QS.amax(-1)).nonzero()[:, 0] + rows.start)
        return torch.cat(moved)

    def _seen(self, layer: int, rows: range) -> range:
        """The part of the P pairs of positions that some of `rows` see in either run."""
        firsts, stops = [], []
        for side, trace in enumerate((self.before, self.after)):
            places = self._places(side, range(len(self.positions)))
            queries = range(places[rows.start], places[rows.stop - 1] + 1)
            keys = trace.layers[layer].mask.reach(queries, range(len(trace.tokens)))
            firsts.append(bisect_left(places, keys.start))
            stops.append(bisect_left(places, keys.stop))
        return range(min(firsts), max(stops))

    def _places(self, side: int, part: range) -> list[int]:
        return [pair[side] for pair in self.positions[part.start : part.stop]]


def cell_states(before: Tensor, after: Tensor) -> Tensor:
    """What the cells of two maps are, from the reasons of each, integers [Q, S]; see `Pair.cells`."""
    states = before.clone()
    states[(before != 0) & (after == 0)] = HIDDEN_BEFORE
    states[(before == 0) & (after != 0)] = HIDDEN_AFTER
    return states


def compare(before: Trace, after: Trace) -> Pair:
    """Pair two traces; of two texts, the tokens that both have in the same order are compared.

    Args:
        before: the reference, as a rule the model as it is.
        after: the same with a change: of the model (interventions), the text, or the weights.

    Raises:
        ValueError: the models have other shapes, or the texts share no token.
    """
    shapes = [(len(trace.layers), trace.heads, trace.kv_heads) for trace in (before, after)]
    if shapes[0] != shapes[1]:
        layers, heads = ([shape[at] for shape in shapes] for at in (0, 1))
        raise ValueError(
            f"{before.model.name} has {layers[0]} layers of {heads[0]} heads and {after.model.name} {layers[1]} of "
            f"{heads[1]}; only models of one shape are compared"
        )
    positions = align(before.tokens.ids, after.tokens.ids)
    if not positions:
        raise ValueError("the two texts share no token in the same order; there is nothing to compare")
    return Pair(before, after, positions)


def align(before: Sequence[int], after: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Positions of the tokens that two texts share, by the longest matching runs (Ratcliff and Obershelp)."""
    if tuple(before) == tuple(after):
        return tuple((at, at) for at in range(len(before)))
    matches = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return tuple((match.a + step, match.b + step) for match in matches for step in range(match.size))
