"""`rebuilt`: what a model generated, from what a record keeps of it."""

from collections.abc import Sequence
from dataclasses import replace

from gemma2_workbench.generation.generated import Generated, Generation, Maker
from gemma2_workbench.generation.spelling import Spelling, joined
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import tokenize


def rebuilt(
    loaded: Source, text: str, ids: Sequence[int], generation: Generation, changes: Sequence[str] = ()
) -> Generated:
    """The `Generated` of a prompt and its continuation, without generating anew: another machine may round otherwise.

    Args:
        loaded: the model that wrote it.
        text: prompt and continuation.
        ids: their tokens.
        generation: where the continuation begins, and how it was made.
        changes: what was changed in the model, in words.

    Raises:
        ValueError: text and ids do not belong together, or not to this tokenizer.
    """
    tokenizer, new = loaded.tokenizer, [*ids[generation.start :]]
    if max(ids, default=0) >= len(tokenizer):
        raise ValueError(
            f"the generated text has a token {max(ids)}, and the tokenizer has ids 0..{len(tokenizer) - 1}"
        )
    tokens = joined(tokenizer, tokenize(tokenizer, text[: generation.characters]), new)
    if tokens.text != text or list(tokens.ids) != [*ids]:
        raise ValueError("the generated tokens do not spell the end of the text; the model has another tokenizer")
    spelling = Spelling(tokenizer, ids[: generation.start])
    continuation = "".join(filter(None, map(spelling.add, new))) + spelling.rest()
    return Generated(tokens, generation, continuation, replace(Maker.of(loaded), changes=tuple(changes)))
