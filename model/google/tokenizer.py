"""The tokenizer beside a converted model: gemma_pytorch has one file, tokenizer.model, which does not say all."""

import json
import shutil
from pathlib import Path

from gemma2_workbench.atomic import replacing, write

VOCABULARIES = ("tokenizer.model", "tokenizer.json")
SETTINGS = "tokenizer_config.json"
_FILES = (*VOCABULARIES, SETTINGS, "special_tokens_map.json", "added_tokens.json", "chat_template.jinja")
# Without them transformers would leave out <bos>, which Gemma 2 cannot do without.
_USUAL = {
    "tokenizer_class": "GemmaTokenizer",
    "bos_token": "<bos>",
    "eos_token": "<eos>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "add_bos_token": True,
    "add_eos_token": False,
    "clean_up_tokenization_spaces": False,
    "spaces_between_special_tokens": False,
}


def tokenizer_files(given: Path) -> list[Path]:
    """The files of a tokenizer: the one that is given, or those of a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    if given.is_file() and given.name in VOCABULARIES:
        return [given]
    found = [given / name for name in _FILES if (given / name).is_file()]
    if not any(file.name in VOCABULARIES for file in found):
        raise FileNotFoundError(
            f"{given} is no tokenizer; name a {' or '.join(VOCABULARIES)}, or a folder that has one"
        )
    return found


def copy_tokenizer(files: list[Path], folder: Path) -> None:
    """Copy a tokenizer beside a model, with the settings of Gemma 2's where it brings none."""
    for file in files:
        with replacing(folder / file.name) as part:
            shutil.copyfile(file, part)
    if files and not any(file.name in (SETTINGS, "tokenizer.json") for file in files):
        write(folder / SETTINGS, json.dumps(_USUAL, indent=2) + "\n")
