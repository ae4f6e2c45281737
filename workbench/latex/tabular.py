"""Tables as LaTeX source with the rules of booktabs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype

from workbench.latex.words import escaped, number, western

MISSING = "--"


def booktabs(table: pd.DataFrame) -> str:
    r"""The table as a `tabular`: text to the left, numbers to the right with four digits, `--` where there is none.

    Every string is escaped; the row index is left out. The comment above names the packages and engines it needs.
    """
    columns = [table.iloc[:, i] for i in range(table.shape[1])]
    shown = pd.DataFrame({i: [_cell(value) for value in column] for i, column in enumerate(columns)}, dtype=object)
    names = [escaped(str(name)) for name in table.columns]
    sides = "".join("r" if is_numeric_dtype(c.dtype) and not is_bool_dtype(c.dtype) else "l" for c in columns)
    source = shown.to_latex(index=False, header=names, escape=False, column_format=sides)
    texts = [str(value) for column in columns if not is_float_dtype(column.dtype) for value in column]
    font = "" if all(map(western, texts)) else "; lualatex or xelatex, and a font that has every script of the table"
    return f"% needs \\usepackage{{booktabs}}{font}\n{source}"


def _cell(value: object) -> str:
    """One cell as source."""
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and np.isnan(value)):
        return MISSING
    if isinstance(value, float | np.floating):
        return number(float(value))
    if isinstance(value, int | np.integer) and value < 0:
        return f"${value}$"
    return escaped(str(value))
