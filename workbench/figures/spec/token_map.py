"""A query x key map of one head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze
from gemma2_workbench.figures.scale import Scale

NO_VALUE = -1  # the reason of a cell that is NaN though no mask hides it


@dataclass(frozen=True, eq=False)
class TokenMap:
    """A query x key map of one head: rows are queries (downward), columns are keys.

    Attributes:
        values: [Q, S]; NaN where the mask hides the cell.
        reasons: [Q, S] integers as in `model.Reason` (0 visible, 1 future, 2 outside window, 3 padding, 4 other
            sequence, 5 outside chunk, 6 no softmax) and, of two maps compared, 7 hidden before and 8 hidden after the
            change; or None when nothing is known about hidden cells.
        rows, columns: Q and S display strings of tokens; repeats are fine.
        scale: colours and the name of the quantity.
        row_start, column_start: absolute position of the first row and column.
        mark: absolute row and column of one cell to outline, or None.
    """

    values: np.ndarray
    reasons: np.ndarray | None
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    scale: Scale
    row_start: int = 0
    column_start: int = 0
    title: str = ""
    x_label: str = "key (attended to)"
    y_label: str = "query (attends)"
    mark: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check shapes; ValueError says which field is wrong."""
        values = checks.numbers("TokenMap", "values", self.values, 2)
        rows = checks.names("TokenMap", "rows", self.rows, values.shape[0])
        columns = checks.names("TokenMap", "columns", self.columns, values.shape[1])
        checks.start("TokenMap", "row_start", self.row_start)
        checks.start("TokenMap", "column_start", self.column_start)
        freeze(self, values=values, rows=rows, columns=columns)
        if self.reasons is not None:
            reasons = checks.codes("TokenMap", "reasons", self.reasons, values.shape, highest=8)
            freeze(self, reasons=reasons)
        if self.mark is not None:
            row, column = self.mark[0] - self.row_start, self.mark[1] - self.column_start
            if not (0 <= row < values.shape[0] and 0 <= column < values.shape[1]):
                raise ValueError(f"TokenMap.mark must be a row and a column of the map; got {self.mark}")

    def hidden(self) -> np.ndarray:
        """Why each cell shows no value: [Q, S] int8, 0 where a value is drawn, NO_VALUE where no reason is known."""
        reasons = np.zeros(self.values.shape, np.int8) if self.reasons is None else self.reasons
        return np.where(np.isfinite(self.values), 0, np.where(reasons == 0, NO_VALUE, reasons)).astype(np.int8)
