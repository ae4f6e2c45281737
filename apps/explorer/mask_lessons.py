"""Situations to start from: what a teacher shows first, each with one sentence."""

from dataclasses import asdict, dataclass

from pydantic import JsonValue


@dataclass(frozen=True)
class Lesson:
    """A situation and the cell to look at.

    Attributes:
        title, sentence: what the list says.
        query, key: the cell, by position; None is the last row of the pass, and the first key that it does not see.
        Others: as of `masks.Setting`; `tokens` without pads, `chunk` 0 feeds the prompt at once, `spare` is how many
            slots of a static cache are never written, `packed` 0 is one text, `prefix` 0 is none, `section` a chunk
            of chunked layers.
        needs: the kind of layer that it is about; None is of any model.
    """

    title: str
    sentence: str
    query: int | None = None
    key: int | None = None
    tokens: int = 12
    window: int = 4
    causal: bool = True
    padding: int = 0
    side: str = "left"
    cache: str = "dynamic"
    decode: int = 0
    chunk: int = 0
    spare: int = 4
    section: int = 4
    packed: int = 0
    prefix: int = 0
    needs: str | None = None


# By the names that the address gives them.
LESSONS = {
    "window": Lesson(
        "Sliding window",
        "In a local layer each query sees itself and window − 1 tokens before it. A global layer sees all before.",
        9, 2, needs="local",
    ),
    "chunked": Lesson(
        "Chunked attention",
        "In a chunked layer (Llama 4) a query sees its own chunk, from the chunk's first token on, and nothing before.",
        6, 3, needs="chunked",
    ),
    "linear": Lesson(
        "Layers without softmax",
        "Some layers of a hybrid mix tokens by a recurrence or a convolution: they have no mask and no map.",
        6, 3, needs="linear",
    ),
    "causal": Lesson("Causal", "A query sees itself and what comes before it, in every layer; nothing after it.", 4, 7),
    "sides": Lesson(
        "Both sides",
        "Only a token classifier looks ahead. Nothing is future, a local layer sees window tokens to each side, and no "
        "cache is kept: a later token changes every row.",
        3, 9, causal=False,
    ),
    "left": Lesson(
        "Left padding",
        "Short texts of a batch are filled up on the left. No token sees a pad, yet pads count as distance.",
        5, 2, tokens=9, padding=3,
    ),
    "right": Lesson(
        "Right padding",
        "The text is untouched, but what is generated next comes after the pads, and its window is spent on them.",
        tokens=9, padding=3, side="right", decode=2,
    ),
    "chunks": Lesson(
        "Prompt in chunks",
        "A long prompt is fed in parts. In a local layer a part sees window − 1 keys of the parts before.",
        chunk=4,
    ),
    "decoding": Lesson(
        "Decoding with a cache",
        "Each new token is one query over stored keys. A local layer keeps only window − 1 of them.",
        decode=4,
    ),
    "packed": Lesson(
        "Packed texts",
        "Two texts in one row, as in training: each token sees its own text only, and distance counts on.",
        7, 2, packed=5,
    ),
    "prefix": Lesson(
        "Bidirectional prefix",
        "In a prefix language model (PaliGemma) the prompt sees all of itself, ahead too; what follows is causal.",
        1, 4, tokens=10, prefix=6, decode=2,
    ),
    "static": Lesson(
        "Static cache",
        "All slots exist from the start. Those not yet written count as future and stay hidden.",
        cache="static", decode=4,
    ),
}  # fmt: skip


def lessons_json() -> list[JsonValue]:
    """The lessons as the browser is told them once."""
    return [{"name": name, **asdict(lesson)} for name, lesson in LESSONS.items()]
