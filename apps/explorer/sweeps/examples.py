"""`examples`: where a head is strong or weak in the texts of a sweep, as pieces of text with their probabilities."""

from typing import Literal

import numpy as np
from pydantic import JsonValue

from gemma2_workbench.apps.explorer.sweeps.fitting import sweep_named
from gemma2_workbench.apps.explorer.sweeps.head_page import page_of
from gemma2_workbench.apps.explorer.sweeps.origins import origin_json
from gemma2_workbench.apps.explorer.sweeps.pieces import pieces_of
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.sweeps.examples import STRATA
from gemma2_workbench.sweeps.head_page import Example
from gemma2_workbench.sweeps.result import Sweep

# Tokens that are shown before and after what is known of a row, and around its query.
BEFORE, AFTER = 3, 8
# What the page calls the sides that a sweep keeps.
SIDES = {"top": ("top",), "bottom": ("bottom",), "sample": tuple(f"stratum {at}" for at in range(STRATA))}


class AskedExamples(Question):
    """A head of a sweep, a statistic, and the strongest places, the weakest ones or a sample of all strengths."""

    sweep: str
    layer: int
    head: int
    statistic: str
    side: Literal["top", "bottom", "sample"]


def examples(session: Session, asked: AskedExamples, _tell: Tell) -> JsonValue:
    """[{value, text, query, key, ..., parts: [{from, pieces: [{text, joins, title, p}]}]}], with its `origin_json`.

    `p` is the probability of a token, None where it is not known.
    """
    page = page_of(session, asked.sweep, asked.layer, asked.head)
    sweep = sweep_named(session, asked.sweep)
    found = [each for side in SIDES[asked.side] for each in page.of(asked.statistic, side)]
    if asked.side == "sample":
        found.sort(key=lambda each: -each.value)
    return [_json(each, sweep) for each in found]


def regions(example: Example) -> list[range]:
    """What is shown of a window: around the keys that are known and around the query, together where they touch."""
    count, there = len(example.tokens), np.flatnonzero(~np.isnan(example.known))
    keys = range(max(0, int(there[0]) - BEFORE), min(count, int(there[-1]) + 1 + BEFORE))
    query = range(max(0, example.query - BEFORE), min(count, example.query + AFTER))
    first, second = sorted((keys, query), key=lambda region: region.start)
    return [first, second] if first.stop < second.start else [range(first.start, max(first.stop, second.stop))]


def _json(example: Example, sweep: Sweep) -> JsonValue:
    pieces, known = pieces_of(example.tokens), example.known
    parts: JsonValue = [
        {
            "from": region.start,
            "pieces": [{**vars(pieces[at]), "p": None if np.isnan(known[at]) else float(known[at])} for at in region],
        }
        for region in regions(example)
    ]
    return {
        **origin_json(sweep, example.name, example.document, example.piece, example.tokens),
        "value": example.value,
        "text": example.text,
        "query": example.query,
        "key": example.peak,
        "parts": parts,
    }


EXAMPLES = Handler("examples", AskedExamples, examples, quick=True)
