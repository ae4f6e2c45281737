"""The embedded checkpoint, a trace of it, and a random twin of Gemma 2 on disk with the same tokenizer."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gemma2_workbench import LoadedModel, Trace, capture, embedded, load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM

# Longer than the window of the local layers, and with repeats, so that every fold has something to say.
TEXT = (
    "The President of the United States met Emma in Paris. The President of the United States spoke to Emma, "
    "and Emma, who had met the President before, was glad to see the President of the United States again."
)


@pytest.fixture(scope="session")
def loaded() -> LoadedModel:
    return load()


@pytest.fixture(scope="session")
def trace(loaded: LoadedModel) -> Trace:
    return capture(loaded, TEXT, read=("attention", "folds", "lens", "contributions"))


@pytest.fixture(scope="session")
def twin_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`twin_folder(**config)`: a random Gemma 2 saved as google/gemma-2-2b is, with the embedded tokenizer."""

    def make(**config: Any) -> Path:
        folder = tmp_path_factory.mktemp("twin")
        torch.manual_seed(0)
        sizes = {"vocab_size": 4096, "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 4}
        heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "query_pre_attn_scalar": 16}
        Gemma2ForCausalLM(
            Gemma2Config(**{**sizes, **heads, "sliding_window": 7, "initializer_range": 0.6, **config})
        ).save_pretrained(folder)
        for name in ("tokenizer.model", "tokenizer_config.json"):
            shutil.copy(embedded()["tiny"] / name, folder)
        assert json.loads((folder / "config.json").read_text())["model_type"] == "gemma2"
        return folder

    return make


@pytest.fixture
def makes_again(capsys: pytest.CaptureFixture[str]) -> Callable[[str, str], None]:
    """`makes_again(command, name)`: redrawing the file `name`, and the command in its record, give the same bytes."""

    def check(command: str, name: str) -> None:
        made, beside = Path(name).read_bytes(), Path(f"{name}.json").read_bytes()
        again = name.replace("a.", "b.")
        assert main(["redraw", name if name != "a.csv" else "a.csv.json", "--out", again]) == 0
        assert f"{again}: same bytes" in capsys.readouterr().out
        assert (Path(again).read_bytes(), Path(f"{again}.json").read_bytes()) == (made, beside)
        words = shlex.split(json.loads(beside)["command"])
        assert words[:2] == ["gemma2-workbench", command]
        Path(name).unlink()
        assert main(words[1:]) == 0
        assert (Path(name).read_bytes(), Path(f"{name}.json").read_bytes()) == (made, beside)

    return check
