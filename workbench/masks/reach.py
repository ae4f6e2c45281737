"""How far information reaches: composing the masks of layer after layer.

A query sees keys that have themselves seen keys in the layers below, and through the residual stream it keeps what it
had. With V the boolean mask of layer l and R the keys that had reached each position before it,
R' = R or (V and-or R): nothing is assumed about windows, the masks of all passes are multiplied.
Letters: T tokens (pads included), L layers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.figures.spec import Curve, Series
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.model.reason import Reason

NEVER = -1


@dataclass(frozen=True, eq=False)
class Reach:
    """After how many layers the token at a key can influence the query.

    Attributes:
        setting: the situation.
        first: int16 [T, T]: the number of layers after which query (row) depends on key (column); 0 is itself,
            NEVER is not after all L layers. A query that sees no key (a pad) reaches only itself: what its
            attention gives it is no information.
    """

    setting: Setting
    first: Tensor

    def __repr__(self) -> str:
        return by_fields(self)

    def keys(self, query: int, layers: int) -> tuple[int, ...]:
        """The keys that can influence `query` after so many layers, in order."""
        first_T = self.first[query]
        return tuple(torch.nonzero((first_T != NEVER) & (first_T <= layers))[:, 0].tolist())

    def counts(self, query: int) -> tuple[int, ...]:
        """How many keys can influence `query` after 0, 1 .. L layers, itself included."""
        return tuple(len(self.keys(query, layers)) for layers in range(len(self.setting.layers) + 1))


def reach(setting: Setting) -> Reach:
    """Compose the masks of all layers, from the first one on, over all passes."""
    return Reach(setting, _first(setting, range(len(setting.layers)), lambda visible, reached: visible @ reached))


def reach_down(setting: Setting) -> Reach:
    """As `reach`, from the last layer downwards: `first` counts how many of the last layers it takes.

    What a query still depends on below them: all layers together give what `reach` gives.
    """
    downwards = range(len(setting.layers) - 1, -1, -1)
    return Reach(setting, _first(setting, downwards, lambda visible, reached: reached @ visible))


def _first(setting: Setting, order: range, composed: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """After how many layers, taken in an order, each cell is reached: `Reach.first`."""
    visible = {kind: _visible(setting, setting.layers.index(kind)).float() for kind in set(setting.layers)}
    reached_TT = torch.eye(setting.length, dtype=torch.float32)
    first_TT = torch.where(reached_TT > 0, 0, NEVER).to(torch.int16)
    for passed, layer in enumerate(order, 1):
        reached_TT = ((reached_TT + composed(visible[setting.layers[layer]], reached_TT)) > 0).float()
        first_TT[(reached_TT > 0) & (first_TT == NEVER)] = passed
    return first_TT


def _visible(setting: Setting, layer: int) -> Tensor:
    """Which keys each position sees in a layer, put together from all passes, bool [T, T].

    A layer without softmax has a state that every earlier token may have written to.
    """
    if setting.layers[layer] == "linear":
        return torch.ones(setting.length, setting.length, dtype=torch.bool).tril()
    visible_TT = torch.zeros(setting.length, setting.length, dtype=torch.bool)
    for mask in layer_masks(setting, layer):
        stop = min(mask.keys.stop, setting.length)
        cells_QS = mask.reasons[:, : stop - mask.keys.start] == Reason.VISIBLE
        visible_TT[mask.call.rows.start : mask.call.rows.stop, mask.keys.start : stop] = cells_QS
    return visible_TT


def reach_curve(known: Reach, query: int) -> Curve:
    """Keys that can influence `query`, layer by layer; beside it the same if every layer were local."""
    setting = known.setting
    lines = {"this model": known.counts(query)}
    if "global" in setting.layers:
        all_local = replace(setting, layers=("local",) * len(setting.layers), attention_chunk=None)
        lines["if all layers were local"] = reach(all_local).counts(query)
    layers = torch.arange(len(setting.layers) + 1).numpy()
    series = tuple(Series(name, layers, torch.tensor(counts).numpy()) for name, counts in lines.items())
    return Curve(series, "layers passed", "keys that can influence the query", f"Reach of query {query}")
