"""Language models: which models predict a next token, and what its id is called."""

from collections.abc import Sequence
from typing import Any

from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import displayed
from gemma2_workbench.models.unembedding import Unembedding


def token_id(loaded: Source, text: str) -> int:
    """The id of the one token that `text` is: as the page shows it (`▁the`), or as typed (` the`, `the`).

    Raises:
        ValueError: it is no token or several; the message names them.
    """
    tokenizer = loaded.tokenizer
    written = [text.replace(" ", "▁").replace("▁", space) for space in ("▁", "Ġ")]
    known = next((id for piece in written if (id := _id_of(tokenizer, piece)) is not None), None)
    if text and known is not None:
        return known
    ids = [int(part) for part in tokenizer(text, add_special_tokens=False)["input_ids"]]
    if len(ids) == 1:
        return ids[0]
    parts = ", ".join(piece for _, piece in pieces_of(loaded, ids)) or "nothing"
    raise ValueError(f"{text!r} is not one token of {loaded.name}; it is {len(ids)}: {parts}. Give one of them")


def _id_of(tokenizer: Any, piece: str) -> int | None:
    """The id of a piece of the vocabulary."""
    found = tokenizer.convert_tokens_to_ids(piece)
    if found is None or (found == tokenizer.unk_token_id and piece != tokenizer.unk_token):
        return None
    return int(found)


def require_language_model(loaded: Source) -> Unembedding:
    """How a language model predicts tokens; models that predict none are refused.

    Raises:
        ValueError: the model has no language-model head.
    """
    unembedding = loaded.unembedding
    if unembedding is None:
        raise ValueError(
            f"{loaded.name} is a {loaded.kind}: it has no language-model head, so there are no "
            "next-token logits to look at. Take a Gemma2ForCausalLM, such as the embedded language model"
        )
    return unembedding


def pieces_of(loaded: Source, ids: Sequence[int]) -> tuple[tuple[int, str], ...]:
    """Ids with their display strings; a vocabulary may have rows that the tokenizer has no piece for."""
    pieces = loaded.tokenizer.convert_ids_to_tokens(list(ids))
    named = zip(ids, pieces, displayed(loaded.tokenizer, [piece or "" for piece in pieces]), strict=True)
    return tuple((id, f"<id {id}>" if piece is None else name) for id, piece, name in named)
