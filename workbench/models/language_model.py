"""Language models: which models predict a next token, and what its id is called."""

from collections.abc import Sequence

from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import shown
from gemma2_workbench.models.unembedding import Unembedding


def token_id(loaded: Source, text: str) -> int:
    """The id of the one token that `text` is: as the page shows it (`▁the`), or as typed (` the`, `the`).

    Raises:
        ValueError: it is no token or several; the message names them.
    """
    tokenizer = loaded.tokenizer
    known = tokenizer.convert_tokens_to_ids(text.replace(" ", "▁"))
    if text and known is not None and (known != tokenizer.unk_token_id or text == tokenizer.unk_token):
        return int(known)
    ids = [int(part) for part in tokenizer(text, add_special_tokens=False)["input_ids"]]
    if len(ids) == 1:
        return ids[0]
    parts = ", ".join(piece for _, piece in pieces_of(loaded, ids)) or "nothing"
    raise ValueError(f"{text!r} is not one token of {loaded.name}; it is {len(ids)}: {parts}. Give one of them")


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
    return tuple((id, f"<id {id}>" if piece is None else shown(piece)) for id, piece in zip(ids, pieces, strict=True))
