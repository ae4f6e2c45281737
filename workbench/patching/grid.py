"""`PatchGrid`: the effect of every patched run on the logit difference of two tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.brief import brief
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.tokens import Tokens
from gemma2_workbench.patching.alignment import Pairs
from gemma2_workbench.patching.parts import PARTS
from gemma2_workbench.traces.interventions.patch import PARTS as FLAGS
from gemma2_workbench.traces.interventions.patch import Patch
from gemma2_workbench.traces.trace import ModelInfo

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("what", "layer", "kind", "head", "position", "from_position", "token"),
    *("difference", "change", "share", "clean", "corrupted"),
)
_SAME = 1e-4  # logits: below it a share would be one of rounding


@dataclass(frozen=True, eq=False)
class PatchGrid:
    """A layer x position or layer x head grid of patched runs. L layers, T tokens of the corrupted text, N heads.

    Attributes:
        model: which weights.
        layers: the L layers.
        kv_heads: key/value heads.
        clean, corrupted: the donor's tokens, and those of the text that is run patched.
        what: "resid_pre", "head_out" or "attn_probs".
        by: what the columns are: "position" or "head".
        heads: heads that are patched together in a grid by position; all columns in one by head; empty for resid_pre.
        pairs: (position in the corrupted text, position in the clean one): all of them are patched together in a grid
            by head, and each is a column in one by position.
        ids, names: the two tokens, the one that is followed first.
        clean_difference, corrupted_difference: logit of the first token minus that of the second after the text, after
            the final softcap: the log of how many times as probable it is.
        values: the same of every patched run, float64 [L, T] or [L, N]; NaN where nothing was patched.
    """

    model: ModelInfo
    layers: tuple[LayerInfo, ...]
    kv_heads: int
    clean: Tokens
    corrupted: Tokens
    what: str
    by: str
    heads: tuple[int, ...]
    pairs: Pairs
    ids: tuple[int, int]
    names: tuple[str, str]
    clean_difference: float
    corrupted_difference: float
    values: np.ndarray

    @property
    def comparable(self) -> bool:
        """Whether the two runs differ, so that there is a share of their difference."""
        return abs(self.clean_difference - self.corrupted_difference) > _SAME

    @property
    def shares(self) -> np.ndarray:
        """The values on a scale on which the corrupted run is 0 and the clean one 1; NaN where the two are equal."""
        if not self.comparable:
            return np.full_like(self.values, np.nan)
        return (self.values - self.corrupted_difference) / (self.clean_difference - self.corrupted_difference)

    @property
    def sentence(self) -> str:
        """What was asked, and both baselines."""
        first, second = self.names
        baselines = f"logit of {first!r} minus {second!r}: clean {self.clean_difference:.3f}, "
        baselines += f"corrupted {self.corrupted_difference:.3f}"
        if self.comparable:
            return f"{baselines}; share 0 is the corrupted run, 1 the clean one"
        return (
            f"{baselines}: the two runs have the same logit difference, so there is no share of it; name other tokens"
        )

    def __repr__(self) -> str:
        return brief(self, f"of {PARTS[self.what]} by layer and {self.by}", self.sentence)

    def changes(self, layer: int, column: int) -> tuple[Patch, ...]:
        """The patched run of one cell as interventions, for `capture`, `predict` and `compare` on the corrupted text.

        Raises:
            ValueError: nothing was patched there.
        """
        inside = 0 <= layer < self.values.shape[0] and 0 <= column < self.values.shape[1]
        if not inside or np.isnan(self.values[layer, column]):
            raise ValueError(f"nothing was patched in layer {layer} {self.by} {column}")
        part = next(part for part, (point, _) in FLAGS.items() if point == self.what)
        pairs = self.pairs if self.by == "head" else tuple(pair for pair in self.pairs if pair[0] == column)
        heads = (column,) if self.by == "head" else self.heads or (None,)
        return tuple(Patch(part, layer, head, self.clean.text, pairs) for head in heads)

    def table(self) -> pd.DataFrame:
        """One row per patched run; `change` is against the corrupted run."""
        import pandas as pd

        layer, column = np.nonzero(np.isfinite(self.values))
        difference, there = self.values[layer, column], dict(self.pairs)
        by_position = self.by == "position"
        names = np.asarray(self.corrupted.display, dtype=object)
        frame = pd.DataFrame(
            {
                "what": self.what,
                "layer": layer,
                "kind": np.asarray([info.kind for info in self.layers], dtype=object)[layer],
                "head": " ".join(map(str, self.heads)) if by_position else column,
                "position": column if by_position else " ".join(str(here) for here, _ in self.pairs),
                "from_position": [there[at] for at in column.tolist()]
                if by_position
                else " ".join(str(place) for _, place in self.pairs),
                "token": names[column] if by_position else "",
                "difference": difference,
                "change": difference - self.corrupted_difference,
                "share": self.shares[layer, column],
                "clean": self.clean_difference,
                "corrupted": self.corrupted_difference,
            }
        )
        return frame.reindex(columns=list(COLUMNS))
