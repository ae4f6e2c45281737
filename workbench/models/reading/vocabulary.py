"""`tokenizer_of`: the tokenizer of a model's folder, refused where its tokens are not those of the embeddings."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, Gemma2Config, PreTrainedConfig

from gemma2_workbench.model.config_checks import shown
from gemma2_workbench.models.reading.checkpoint import json_object
from gemma2_workbench.models.reading.quiet import quiet

FILES = ("tokenizer.json", "tokenizer.model")
SETTINGS, SPECIAL = "tokenizer_config.json", "special_tokens_map.json"
TOKENS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
# So many pieces of a vocabulary are read again by its tokenizer; most must come back as tokens.
_TRIED = 50


def tokenizer_of(folder: Path, rows: int, config: PreTrainedConfig | None = None) -> Any:
    """The tokenizer in a folder, a transformers fast tokenizer.

    A vocabulary smaller than the embeddings is usual: their last rows are padding.

    Args:
        folder: a model's folder.
        rows: of the embeddings (`vocab_size`).
        config: of the model, which says whose tokenizer it is; None is Gemma 2's.

    Raises:
        OSError: there is none, or its files cannot be read. (transformers would make one up that knows no word.)
        ValueError: it knows no text, or a token that has no row in the embeddings.
    """
    if not any((folder / name).is_file() for name in FILES):
        raise OSError(f"there is no tokenizer in it: neither {' nor '.join(FILES)}; copy it from the base model")
    _check_settings(folder)
    try:
        with quiet():
            # Whose tokenizer it is, is known; transformers would read config.json anew, by rules of its own.
            tokenizer = AutoTokenizer.from_pretrained(
                folder, config=config or Gemma2Config(), trust_remote_code=False, local_files_only=True
            )
            ends = tokenizer("a", verbose=False)["input_ids"]
    except Exception as error:  # the tokenizers library, written in Rust, raises plain Exception
        raise OSError(_unreadable(folder, error)) from error
    if not tokenizer.is_fast:
        raise ValueError(f"its tokenizer, {type(tokenizer).__name__}, knows no offsets; give a tokenizer.json")
    # What a tokenizer.json adds at the ends stands there as a number of its own.
    _check_rows(tokenizer.get_vocab().items(), rows)
    _check_rows([("added at an end", token) for token in ends], rows)
    with quiet():
        _check_reads(tokenizer)
    return tokenizer


def _check_settings(folder: Path) -> None:
    """Refuse switches that are none, for any text would count as "yes", and special tokens that are no texts."""
    for name in (SETTINGS, SPECIAL):
        file = folder / name
        about = json_object(file) if file.exists() else {}
        for key in ("add_bos_token", "add_eos_token"):
            if not isinstance(about.get(key), bool | None):
                raise ValueError(f"{name}: {key}={shown(about[key])} must be true or false")
        for key in TOKENS:
            token = about.get(key)
            text = token.get("content") if isinstance(token, dict) else token
            if not isinstance(text, str if isinstance(token, dict) else str | None):
                raise ValueError(f"{name}: {key}={shown(token)} must be a text, an object with one as content, or null")


def _unreadable(folder: Path, error: Exception) -> str:
    """Why a tokenizer cannot be read: a broken JSON file if there is one, else what transformers says.

    Raises:
        OSError: a JSON file is broken.
    """
    present = [name for name in (*FILES, SETTINGS) if (folder / name).exists()]
    for name in present:
        if name.endswith(".json"):
            json_object(folder / name)
    first = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", (str(error).splitlines() or [""])[0])
    reason = f"{type(error).__name__}: {first[:200]}"
    if "tiktoken" in reason:  # the format that transformers tries where a tokenizer.model is not what it should be
        reason = "no SentencePiece vocabulary"
    return f"the tokenizer cannot be read ({' or '.join(present)}: {reason}); copy its files anew"


def _check_rows(vocabulary: Iterable[tuple[str, int]], rows: int) -> None:
    """Refuse a token that the embeddings have no row for."""
    beyond = sorted((token, piece) for piece, token in vocabulary if token >= rows)
    if beyond:
        token, piece = beyond[0]
        more = f" (and {len(beyond) - 1} more)" if len(beyond) > 1 else ""
        raise ValueError(
            f"the tokenizer does not fit the weights: its token {piece!r} has the id {token}{more}, and the embeddings "
            f"have {rows} rows, 0..{rows - 1} (vocab_size); give the tokenizer that belongs to them"
        )


def _check_reads(tokenizer: Any) -> None:
    """Refuse a vocabulary that turns most of its own pieces into nothing, or into unknown tokens alone."""
    ordinary = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.added_tokens_decoder))
    pieces = [tokenizer.decode([token]) for token in ordinary[:: max(1, len(ordinary) // _TRIED)]]
    read = [tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"] for text in pieces if text]
    known = [any(token != tokenizer.unk_token_id for token in ids) for ids in read]
    if sum(known) <= len(known) / 2:
        raise ValueError("the tokenizer knows no text: most pieces of its vocabulary become the unknown token")
