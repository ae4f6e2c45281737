"""`SeenMask`: the mask of attention that a model computes itself, read from which cells of its scores are hidden.

Shapes: B batch, Q new tokens, S keys.
"""

from dataclasses import dataclass, replace

from torch import Tensor

from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.refused import RefusedError


@dataclass(frozen=True, eq=False)
class SeenMask:
    """Which keys the queries of a pass see; like `GivenMask`, which is known without looking.

    Attributes:
        visible: whether a query sees a key, bool [B, Q, S].
    """

    visible: Tensor

    @property
    def rows(self) -> range:
        """The absolute positions of the queries: the last of the keys'."""
        _, new, held = self.visible.shape
        return range(held - new, held)

    @property
    def keys(self) -> range:
        """The absolute positions of the keys."""
        return range(self.visible.shape[-1])

    def keep(self, rule: Mask) -> Tensor | None:
        """False where no query sees a key that the rule would show: padding, [B, S]; None where there is none."""
        ruled_BQS = ~rule.hidden(self.rows, self.keys, self.visible.device)
        keep_BS = self.visible.any(1) | ~ruled_BQS.any(1)
        return None if bool(keep_BS.all()) else keep_BS

    def follows(self, rule: Mask) -> bool:
        """Whether every query that is no padding sees what the rule says."""
        keep_BS = self.keep(rule)
        ours_BQS = ~replace(rule, keep=keep_BS).hidden(self.rows, self.keys, self.visible.device)
        differs_BQ = (ours_BQS != self.visible).any(-1)
        if keep_BS is not None:
            differs_BQ = differs_BQ & keep_BS[:, self.rows.start : self.rows.stop]
        return not bool(differs_BQ.any())

    def rule(self) -> Mask:
        """The rule of a text without padding that is longer than its window.

        Raises:
            RefusedError: it is neither causal nor full, with or without a window or a prefix.
        """
        seen_QS = self.visible[0]
        if not bool(seen_QS.diagonal().all()):
            raise RefusedError("its queries do not all see themselves")
        reach, first = int(seen_QS[-1].sum()), int(seen_QS[0].sum())
        whole = reach == len(seen_QS)
        # What the first row sees ahead is a prefix, or the window of a model that sees later keys.
        prefix = first if first > 1 else None
        behind, around = Mask(None if whole else reach, prefix=prefix), Mask(None if whole else reach - 1, causal=False)
        for found in (behind, around) if first < len(seen_QS) else (around,):
            if self.follows(found):
                return found
        raise RefusedError("its mask is neither causal nor full, with or without a window or a prefix")
