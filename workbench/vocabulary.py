"""`tokenizer_of`: the tokenizer of a model's folder, refused where its tokens are not those of the embeddings."""

from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from workbench.quiet import quiet

FILES = ("tokenizer.json", "tokenizer.model")
# So many pieces of a vocabulary are read again by its tokenizer; one that gives them back is enough.
_TRIED = 50


def tokenizer_of(folder: Path, rows: int) -> Any:
    """The tokenizer in a folder, a transformers fast tokenizer.

    A vocabulary smaller than the embeddings is usual: their last rows are padding.

    Args:
        folder: a model's folder.
        rows: of the embeddings (`vocab_size`).

    Raises:
        OSError: there is none, or its files cannot be read. (transformers would make one up that knows no word.)
        ValueError: it knows no text, or a token that has no row in the embeddings.
    """
    if not any((folder / name).is_file() for name in FILES):
        raise OSError(f"there is no tokenizer in it: neither {' nor '.join(FILES)}; copy it from the base model")
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # the tokenizers library, written in Rust, raises plain Exception
        present = " or ".join(name for name in (*FILES, "tokenizer_config.json") if (folder / name).is_file())
        reason = (str(error).splitlines() or [""])[0]
        raise OSError(
            f"the tokenizer cannot be read ({present}: {type(error).__name__}: {reason[:200]}); copy its files anew"
        ) from error
    if not tokenizer.is_fast:
        raise ValueError(f"its tokenizer, {type(tokenizer).__name__}, knows no offsets; give a tokenizer.json")
    _check_rows(tokenizer, rows)
    _check_reads(tokenizer)
    return tokenizer


def _check_rows(tokenizer: Any, rows: int) -> None:
    """Refuse a token that the embeddings have no row for."""
    beyond = sorted((token, piece) for piece, token in tokenizer.get_vocab().items() if token >= rows)
    # What a tokenizer.json adds at the ends stands there as a number of its own.
    beyond += [(token, "at an end") for token in tokenizer("a", verbose=False)["input_ids"] if token >= rows]
    if beyond:
        token, piece = beyond[0]
        more = f" (and {len(beyond) - 1} more)" if len(beyond) > 1 else ""
        raise ValueError(
            f"the tokenizer does not fit the weights: its token {piece!r} has the id {token}{more}, and the embeddings "
            f"have {rows} rows, 0..{rows - 1} (vocab_size); give the tokenizer that belongs to them"
        )


def _check_reads(tokenizer: Any) -> None:
    """Refuse a vocabulary that turns its own pieces into nothing but unknown tokens."""
    ordinary = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.added_tokens_decoder))
    tried = [tokenizer.decode([token]) for token in ordinary[:: max(1, len(ordinary) // _TRIED)]]
    read = [tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in tried if text]
    if not any(token != tokenizer.unk_token_id for ids in read for token in ids):
        raise ValueError("the tokenizer knows no text: every piece of its vocabulary becomes the unknown token")
