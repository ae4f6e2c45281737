"""Situations to start from: what a teacher shows first, each with one sentence."""

from dataclasses import dataclass

from gemma2_workbench.masks.origin import SEES

# What a query sees, as the control says it.
EARLIER, BOTH_SIDES = SEES[True], SEES[False]


@dataclass(frozen=True)
class Lesson:
    """A situation and what to look at; `layer` 0 is local and 1 global, `step` counts passes (-1 is the last)."""

    sentence: str
    tokens: int = 12
    window: int = 4
    layer: int = 0
    sees: str = EARLIER
    padding: int = 0
    side: str = "left"
    cache: str = "dynamic"
    decode: int = 0
    chunk: int = 0
    spare: int = 4
    step: int = 0


LESSONS = {
    "Sliding window": Lesson(
        "A local layer: each query sees itself and window − 1 tokens before it. Move Layer to 1 to compare."
    ),
    "Causal": Lesson("A global layer: each query sees itself and everything before it, nothing after it.", layer=1),
    "Both sides": Lesson(
        "No part of Gemma 2 as a language model: a token classifier may look ahead. Nothing is future, a local layer "
        "sees window tokens to each side, and no cache is kept, because a later token changes every row.",
        sees=BOTH_SIDES,
    ),
    "Left padding": Lesson(
        "Short texts of a batch are filled up on the left. No token sees a pad, yet pads count as distance; "
        "the pads' own rows see nothing.",
        tokens=9,
        padding=3,
    ),
    "Right padding": Lesson(
        "Pads on the right: the text is untouched, but what is generated next comes after the pads, and its window "
        "is spent on them.",
        tokens=9,
        padding=3,
        side="right",
        decode=2,
        step=-1,
    ),
    "Prompt in chunks": Lesson(
        "A long prompt is fed in parts. In a local layer a part sees window − 1 keys of the parts before.",
        chunk=4,
        step=1,
    ),
    "Decoding with a cache": Lesson(
        "Each new token is one query over stored keys. A local layer keeps only window − 1 of them.", decode=4, step=-1
    ),
    "Static cache": Lesson(
        "All slots exist from the start. Those not yet written count as future and stay hidden.",
        layer=1,
        cache="static",
        decode=4,
        step=2,
    ),
}
