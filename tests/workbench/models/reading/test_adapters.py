"""Adapters (peft): found with their base model, captured as what they compute."""

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, TaskType, get_peft_model

from gemma2_workbench import Contributions, ModelNotFoundError, capture, load
from gemma2_workbench.classification.finetune.start import merged
from gemma2_workbench.model import Gemma2ForTokenClassification

READ = ("attention", "folds", "contributions")
IDS = torch.tensor([[2, 5, 7, 9, 11]])


def adapted(name: str | Path, task: TaskType) -> Any:
    """peft's model of a checkpoint, with an adapter that does something."""
    torch.manual_seed(0)
    shape = LoraConfig(task_type=task, r=4, target_modules=["q_proj", "v_proj", "o_proj", "up_proj"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        model = get_peft_model(load(name).model, shape)
    for key, weight in model.named_parameters():
        if "lora_B" in key:
            torch.nn.init.normal_(weight, std=0.05)
    return model


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, Any]:
    """An adapter of the embedded model in a folder, and the merged model."""
    return tmp_path / "adapter", merged(adapted("tiny", TaskType.CAUSAL_LM), "embedded:tiny", tmp_path / "adapter")


def test_an_adapter_is_opened_with_its_base(folder: tuple[Path, Any]) -> None:
    path, whole = folder
    loaded = load(path)
    with torch.no_grad():
        assert torch.allclose(loaded.model(IDS).logits, whole.eval()(IDS).logits, atol=1e-4)
        assert not torch.allclose(loaded.model(IDS).logits, load().model(IDS).logits, atol=1e-1)
    trace = capture(loaded, "A cat sat on the mat.", read=READ)
    assert trace.parity.holds
    assert trace.model.weights.sentences == (f"adapter {path} on embedded:tiny",)
    same = capture(replace(load(), model=whole, state=None), "A cat sat on the mat.", read=READ)
    for name, fold in trace.folds.items():
        assert torch.allclose(fold.double(), same.folds[name].double(), atol=1e-3, equal_nan=True), name
    parts = (one.reading("contributions", Contributions) for one in (trace, same))
    ours, theirs = (part.heads.double() for part in parts)
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_what_is_done_to_an_adapter_in_memory_is_said(folder: tuple[Path, Any]) -> None:
    path, _ = folder
    loaded = load(path)
    loaded.model.disable_adapters()
    assert loaded.weights.hashed == "memory"
    loaded.model.enable_adapters()
    assert loaded.weights.hashed == "files"
    base = load()
    base.model.load_adapter(str(path))
    trace = capture(base, "A cat")
    assert trace.parity.holds
    assert trace.model.weights_sha256 is None


def test_the_adapter_of_a_classifier_brings_its_labels(tmp_path: Path) -> None:
    model = adapted("tiny-ner", TaskType.TOKEN_CLS)
    expected = merged(model, "embedded:tiny-ner", tmp_path / "adapter").eval()
    loaded = load(tmp_path / "adapter")
    assert isinstance(loaded.model, Gemma2ForTokenClassification)
    assert loaded.config.id2label == expected.config.id2label
    with torch.no_grad():
        assert torch.allclose(loaded.model(IDS).logits, expected(IDS).logits, atol=1e-4)
    assert capture(loaded, "A cat").parity.holds


def test_a_base_beside_the_adapter_and_one_that_is_gone(
    twin_folder: Callable[..., Path], folder: tuple[Path, Any]
) -> None:
    path, _ = folder
    settings = path / "adapter_config.json"
    about = json.loads(settings.read_text())
    settings.write_text(json.dumps(about | {"base_model_name_or_path": "../nowhere"}))
    with pytest.raises(ModelNotFoundError, match="holds an adapter whose base model cannot be opened: .*nowhere"):
        load(path)
    load().model.save_pretrained(path.parent / "base")
    load().tokenizer.save_pretrained(path.parent / "base")
    settings.write_text(json.dumps(about | {"base_model_name_or_path": "../base"}))
    assert load(path).weights.sentences == (f"adapter {path} on {path / '../base'}",)
