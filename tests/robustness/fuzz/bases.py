"""The good things that cases spoil: random twins with the embedded tokenizer, traces, figures and tables of them."""

import json
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from gemma2_workbench import LoadedModel, capture, embedded, load
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, Gemma2ForTokenClassification
from gemma2_workbench.traces.file import save_trace
from tests.robustness.fuzz.commands import command

TEXT = "Anna met Bob in Paris"
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
SIZES: dict[str, Any] = {
    "vocab_size": 4096,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "query_pre_attn_scalar": 8,
    "sliding_window": 7,
    "initializer_range": 0.6,
    "max_position_embeddings": 256,
}
CONLL = "# domain: test\nAnna\tB-PER\nmet\tO\nBob\tB-PER\n\nEmma\tB-PER\nleft\tO\nParis\tB-LOC\n"


class Bases:
    """Made once per process, in a folder of its own; every process makes the same bytes.

    Args:
        folder: where everything is written, and nothing elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        torch.set_num_threads(1)

    def made(self) -> "Bases":
        """With everything made now, so that no case has to wait for it."""
        _ = self.loaded, self.labeller, self.trace, self.conll, self.files
        return self

    @cached_property
    def model(self) -> Path:
        """A language model."""
        return self._twin("model", Gemma2ForCausalLM)

    @cached_property
    def classifier(self) -> Path:
        """A token classifier with BIO tags that sees both sides, so that every token counts for every label."""
        names: dict[str, Any] = {
            "is_causal": False,
            "id2label": dict(enumerate(TAGS)),
            "label2id": {tag: at for at, tag in enumerate(TAGS)},
        }
        return self._twin("classifier", Gemma2ForTokenClassification, **names)

    @cached_property
    def loaded(self) -> LoadedModel:
        """The language model, loaded."""
        return load(self.model)

    @cached_property
    def labeller(self) -> LoadedModel:
        """The classifier, loaded."""
        return load(self.classifier)

    @cached_property
    def trace(self) -> Path:
        """A trace with its lens, whose file the cases spoil."""
        path = self.folder / "base.safetensors"
        save_trace(capture(self.loaded, TEXT, read=("attention", "folds", "lens", "contributions")), path)
        return path

    @cached_property
    def conll(self) -> Path:
        """A labelled file."""
        path = self.folder / "gold.conll"
        path.write_text(CONLL, "utf-8")
        return path

    @cached_property
    def files(self) -> dict[str, Path]:
        """Saved figures and tables by name, each with its record beside it."""
        folder = self.folder / "files"
        folder.mkdir()
        of_text = ("--text", TEXT, "--model", self.model)
        wanted: dict[str, tuple[str | Path, ...]] = {
            "a.pdf": ("figure", "attention", *of_text),
            "a.svg": ("figure", "text", *of_text),
            "a.png": ("figure", "atlas", *of_text),
            "a.html": ("figure", "attention", *of_text, "--softcap", "20"),
            "t.csv": ("table", "attention", *of_text, "--ablate", "0.1"),
            "t.parquet": ("table", "lens", *of_text),
            "t.tex": ("figure", "text", *of_text),
            "m.npz": ("table", "attention", *of_text),
            "m.safetensors": ("table", "attention", *of_text),
            "mask.svg": ("mask", TEXT, "--model", self.model, "--padding", "2", "--decode", "1"),
            "why.svg": ("why", TEXT, "--model", self.classifier, "--word", "0", "--method", "gradient_x_input"),
            "why.csv": ("why", TEXT, "--model", self.classifier, "--show", "entities"),
        }
        for name, words in wanted.items():
            answer = command(*words, "--out", folder / name)
            if answer.refused or answer.failure:
                raise RuntimeError(f"the base {name} cannot be made: {answer.failure or answer.said}")
        return {name: folder / name for name in wanted}

    def _twin(self, name: str, cls: Any, **config: Any) -> Path:
        folder = self.folder / name
        torch.manual_seed(0)
        cls(Gemma2Config(**SIZES, **config)).save_pretrained(folder)
        for file in ("tokenizer.model", "tokenizer_config.json"):
            shutil.copy(embedded()["tiny"] / file, folder)
        return folder


def copied(folder: Path, to: Path) -> Path:
    """A copy of a checkpoint that takes no space; a file in it is changed with `put` only."""
    shutil.copytree(folder, to, copy_function=os.link)
    return to


def put(path: Path, data: bytes) -> None:
    """Write a file in place of a link, so that the base keeps its own."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def json_of(path: Path) -> Any:
    """The JSON in a file."""
    return json.loads(path.read_text("utf-8"))
