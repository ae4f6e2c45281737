"""Tables as LaTeX source with the rules of booktabs: a `tabular`, or a `longtable` where one page is not enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype

from gemma2_workbench.latex.words import escaped, number, visible, western, wide

MISSING = "--"
PAGE_ROWS = 40  # rows that one page holds, with a caption
MOST_ROWS = 3000  # about 60 pages
_PAGE = 345.0  # points, the width of the text of an article
# Sizes of letters, with the points of a sign and the points between two columns.
_SIZES = {"": (5.0, 12.0), r"\small": (4.6, 12.0), r"\footnotesize\setlength{\tabcolsep}{4pt}": (4.3, 8.0)}


@dataclass(frozen=True)
class _Column:
    """A column as source: its name, its cells, the side they stand on, and the signs of the widest on paper."""

    name: str
    cells: list[str]
    side: str
    signs: int
    western: bool

    @classmethod
    def of(cls, name: str, values: pd.Series) -> _Column:
        """The column that holds `values`."""
        cells = [_cell(value) for value in values]
        kind = values.dtype
        side = "r" if is_numeric_dtype(kind) and not is_bool_dtype(kind) else "l"
        # What is shown of a text is known; of a number, the source without its mathematics.
        texts = [re.sub(r"[${}]", "", cell).replace(r"\times", "x") for cell in cells]
        if not is_float_dtype(kind):
            texts = [visible(str(value)) for value in values]
        signs = max(sum(1 + wide(sign) for sign in text) for text in (name, *texts))
        return cls(name, cells, side, signs, is_float_dtype(kind) or all(map(western, texts)))

    @property
    def constant(self) -> bool:
        """Whether several rows have all the same."""
        return len(self.cells) > 1 and len(set(self.cells)) == 1


def booktabs(table: pd.DataFrame) -> str:
    r"""The table: text to the left, numbers to the right with four digits, `--` where there is none.

    Every string is escaped; the row index is left out. More than 40 rows are a `longtable`, which goes on over pages
    and repeats its header. Where the table is too wide for a page, columns that are the same in every row are left out
    and told in the comment above, and the letters become smaller. That comment names packages and engines as well.

    Raises:
        ValueError: more than 3,000 rows; the message says what else there is.
    """
    if len(table) > MOST_ROWS:
        raise ValueError(
            f"a LaTeX table takes at most {MOST_ROWS:,} rows, and this one has {len(table):,}; save it as .csv or "
            ".parquet, or choose a part of it"
        )
    every = [_Column.of(str(name), table.iloc[:, i]) for i, name in enumerate(table.columns)]
    alike = [column for column in every if column.constant] if _points(every, "") > _PAGE else []
    columns = [column for column in every if column not in alike] or every
    size = next((size for size in _SIZES if _points(columns, size) <= _PAGE), list(_SIZES)[-1])
    comments = _comments(every, columns, size, long=len(table) > PAGE_ROWS)
    source = _environment(columns, long=len(table) > PAGE_ROWS)
    if size:
        source = [rf"\begingroup{size}", *source, r"\endgroup"]
    return "\n".join([*comments, *source, ""])


def _comments(every: Sequence[_Column], shown: Sequence[_Column], size: str, long: bool) -> list[str]:
    """What the preamble needs, and what of the table is not there."""
    packages = r"\usepackage{booktabs,longtable}, and one column on the page" if long else r"\usepackage{booktabs}"
    script = all(column.western for column in every)
    font = "" if script else "; lualatex or xelatex, and a font that has every script of the table"
    lines = [f"% needs {packages}{font}"]
    alike = ", ".join(f"{visible(column.name)} {column.cells[0]}" for column in every if column not in shown)
    lines += [f"% the same in every row, so left out: {alike}"] if alike else []
    if _points(shown, size) > _PAGE:
        lines.append("% wider than the text of an article: leave columns out, or turn it (rotating, sidewaystable)")
    return lines


def _environment(columns: Sequence[_Column], long: bool) -> list[str]:
    """The environment with its rows; the header and the last rule of a long one are on every page."""
    kind = "longtable" if long else "tabular"
    begin = rf"\begin{{{kind}}}{{{''.join(column.side for column in columns)}}}"
    head = [r"\toprule", _row([escaped(column.name) for column in columns]), r"\midrule"]
    rows = [_row(cells) for cells in zip(*(column.cells for column in columns), strict=True)]
    if long:
        return [begin, *head, r"\endhead", r"\bottomrule", r"\endfoot", *rows, rf"\end{{{kind}}}"]
    return [begin, *head, *rows, r"\bottomrule", rf"\end{{{kind}}}"]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _points(columns: Sequence[_Column], size: str) -> float:
    """The width of the table in points, by the mean width of a letter."""
    sign, between = _SIZES[size]
    return sum(sign * column.signs + between for column in columns)


def _cell(value: object) -> str:
    """One cell as source."""
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and np.isnan(value)):
        return MISSING
    if isinstance(value, float | np.floating):
        return number(float(value))
    if isinstance(value, int | np.integer) and value < 0:
        return f"${value}$"
    return escaped(str(value))
