"""`overlap`: how much of their attention two heads give to the same cells."""

from typing import Annotated, TypeAlias

import numpy as np
from pydantic import Field, JsonValue

from gemma2_workbench.apps.explorer.pooling import BLOCK_CELLS
from gemma2_workbench.apps.explorer.requested import LOST_RUN
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.model.equation import blocks

HeadAt: TypeAlias = Annotated[list[int], Field(min_length=2, max_length=2)]


class Overlap(Question):
    """A run, and two heads as [layer, head]."""

    run: str
    first: HeadAt
    second: HeadAt


def overlap(session: Session, asked: Overlap, _tell: Tell) -> JsonValue:
    """The mean over the queries of sum_j min(p_ij, p'_ij), from 0 (no key in common) to 1 (the same rows)."""
    trace = session.store.find(asked.run)
    if trace is None:
        raise ValueError(LOST_RUN)
    tokens = len(trace.tokens)
    shared = 0.0
    for rows in blocks(range(tokens), max(1, BLOCK_CELLS // tokens)):
        one, other = (
            trace.stage(layer, head, "attn_probs", rows).nan_to_num().numpy()
            for layer, head in (asked.first, asked.second)
        )
        shared += float(np.minimum(one, other).sum(dtype=np.float64))
    return shared / tokens


OVERLAP = Handler("overlap", Overlap, overlap, quick=True)
