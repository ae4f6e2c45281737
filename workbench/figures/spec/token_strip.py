"""A text whose tokens are coloured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze
from gemma2_workbench.figures.scale import Scale


@dataclass(frozen=True, eq=False)
class TokenStrip:
    """A text whose tokens are coloured: values [n], NaN for tokens without one; `mark` is a token to outline."""

    tokens: tuple[str, ...]
    values: np.ndarray
    scale: Scale
    title: str = ""
    mark: int | None = None

    def __post_init__(self) -> None:
        """Check that every token has a value."""
        values = checks.numbers("TokenStrip", "values", self.values, 1)
        freeze(self, values=values, tokens=checks.names("TokenStrip", "tokens", self.tokens, values.size))
        if self.mark is not None and not 0 <= self.mark < values.size:
            raise ValueError(f"TokenStrip.mark must be one of its {values.size} tokens; got {self.mark}")
