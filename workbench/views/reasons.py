"""Why a cell is hidden, as tables write it: the names of `model.Reason` in lower case."""

import numpy as np

from gemma2_workbench.model.reason import Reason

WORDS = tuple(reason.name.lower() for reason in Reason)


def words_of(codes: np.ndarray) -> np.ndarray:
    """The words of codes; `visible` where nothing hides the cell."""
    return np.asarray(WORDS, dtype=object)[codes.astype(np.intp)]


def codes_of(words: np.ndarray) -> np.ndarray:
    """The codes (int8) of words, as figures take them."""
    import pandas as pd

    return pd.Series(words).map({word: code for code, word in enumerate(WORDS)}).to_numpy(np.int8)
