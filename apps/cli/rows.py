"""A table for a terminal."""

import pandas as pd

from gemma2_workbench.figures.text import one_line


def rows_text(table: pd.DataFrame) -> str:
    """The rows of a table, which nothing in them commands; numbers with three digits behind the point."""
    texts = {
        name: table[name].map(lambda text: one_line(str(text), 40)) for name in table.select_dtypes(["object", "str"])
    }
    with pd.option_context("display.unicode.east_asian_width", True, "display.max_colwidth", None):
        return table.assign(**texts).to_string(index=False, float_format="{:.3f}".format)
