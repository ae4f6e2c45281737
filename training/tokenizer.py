"""Trains the sentencepiece tokenizer of the embedded checkpoint, laid out like Gemma's own.

Run: `python -m training.tokenizer` (seconds).
"""

import json
from pathlib import Path

import sentencepiece

from gemma2_workbench.atomic import make_folder, write
from training.corpus import READERS, documents, is_held_out
from training.sources import CACHE

VOCAB_SIZE = 4096
TOKENIZER = CACHE / "tokenizer.model"
SPECIAL = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"}


def train_tokenizer(texts: list[str], path: Path, vocab_size: int = VOCAB_SIZE) -> Path:
    """Trains a byte-pair-encoding model with Gemma's special ids and whitespace rules.

    Args:
        texts: documents to learn from; line breaks are kept as pieces of their own.
        path: where the `.model` file goes.
        vocab_size: number of pieces, 256 of them for single bytes.
    """
    make_folder(path.parent)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in texts for line in text.splitlines() if line),
        model_prefix=str(path.with_suffix("")),
        vocab_size=vocab_size,
        model_type="bpe",
        byte_fallback=True,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        user_defined_symbols=["<mask>", "<start_of_turn>", "<end_of_turn>", "\n", "\n\n"],
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        split_digits=True,
        allow_whitespace_only_pieces=True,
        max_sentence_length=100_000,
        minloglevel=1,
    )
    return path


def write_tokenizer_config(folder: Path, max_length: int) -> None:
    """Writes `tokenizer_config.json` so that AutoTokenizer loads the folder as GemmaTokenizer."""
    config = {
        "tokenizer_class": "GemmaTokenizer",
        **SPECIAL,
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
        "spaces_between_special_tokens": False,
    }
    write(folder / "tokenizer_config.json", json.dumps(config, indent=2) + "\n")


def load_tokenizer(path: Path = TOKENIZER) -> sentencepiece.SentencePieceProcessor:
    """Returns the trained tokenizer; trains it on the training documents if it is not there."""
    if not path.exists():
        texts = []
        for name in READERS:
            # WordNet is half of the text but a quarter of what the model reads
            every = 3 if name == "wordnet" else 1
            texts += [text for text in documents(name)[::every] if not is_held_out(text)]
        train_tokenizer(texts, path)
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


if __name__ == "__main__":
    load_tokenizer()
