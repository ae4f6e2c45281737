"""A random sequence classifier with the tokenizer of the embedded classifier."""

import shutil
from pathlib import Path

import pytest
import torch

from gemma2_workbench import LoadedModel, embedded, load
from gemma2_workbench.model import Gemma2Config, Gemma2ForSequenceClassification


@pytest.fixture(scope="session")
def sorter_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sorter")
    names = {0: "sad", 1: "glad", 2: "neither"}
    config = Gemma2Config.from_pretrained(
        embedded()["tiny"], id2label=names, label2id={name: at for at, name in names.items()}, num_hidden_layers=2
    )
    config.layer_types = config.layer_types[:2]
    torch.manual_seed(0)
    Gemma2ForSequenceClassification(config).save_pretrained(folder)
    for name in ("tokenizer.model", "tokenizer_config.json"):
        shutil.copy(embedded()["tiny"] / name, folder)
    return folder


@pytest.fixture(scope="session")
def sorter(sorter_folder: Path) -> LoadedModel:
    return load(sorter_folder)
