"""A number and a word at every token, row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze
from gemma2_workbench.figures.scale import Scale


@dataclass(frozen=True, eq=False)
class TokenGrid:
    """A number and a word at every token (columns) for every row, such as a stage of the residual stream.

    Attributes:
        values: [R, T]; NaN where there is no number.
        words: R tuples of T strings, printed in the cells where they fit.
        rows: R row labels, the first on top.
        columns: T display strings of tokens; repeats are fine.
        word: what the words are, for the pointer's label.
        column_start: absolute position of the first column.
    """

    values: np.ndarray
    words: tuple[tuple[str, ...], ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    scale: Scale
    word: str
    column_start: int = 0
    title: str = ""
    x_label: str = "position"
    y_label: str = "layer"

    def __post_init__(self) -> None:
        """Check shapes; ValueError says which field is wrong."""
        values = checks.numbers("TokenGrid", "values", self.values, 2)
        rows = checks.names("TokenGrid", "rows", self.rows, values.shape[0])
        columns = checks.names("TokenGrid", "columns", self.columns, values.shape[1])
        checks.start("TokenGrid", "column_start", self.column_start)
        if len(self.words) != values.shape[0]:
            raise ValueError(f"TokenGrid.words must hold {values.shape[0]} rows; got {len(self.words)}")
        words = tuple(checks.names("TokenGrid", "words", row, values.shape[1]) for row in self.words)
        freeze(self, values=values, rows=rows, columns=columns, words=words)
