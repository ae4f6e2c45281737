"""`AttentionMaskVisualizer`: every token that the model reads, each kind of layer, what transformers' models mask."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import gemma2_workbench
from gemma2_workbench import AttentionMaskVisualizer, LoadedModel, SetWindow, applied, embedded
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.marks import Page
from gemma2_workbench.model.reason import Reason

SMALL: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "num_local_experts": 2,
}
SLIDES = {"sliding_window": 3, "use_sliding_window": True, "max_window_layers": 2}


@pytest.fixture
def no_weights(tmp_path: Path) -> Path:
    """A folder with a configuration and a tokenizer only."""
    for name in ("config.json", "tokenizer.model", "tokenizer_config.json"):
        shutil.copy(embedded()["tiny"] / name, tmp_path)
    return tmp_path


def test_both_packages_offer_it() -> None:
    assert gemma2_workbench.model.AttentionMaskVisualizer is AttentionMaskVisualizer


@pytest.mark.parametrize("given", ["folder", "embedded", "loaded", "model", "config"])
def test_it_shows_every_token_the_model_reads(
    given: str, no_weights: Path, loaded: LoadedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model = {
        "folder": no_weights,
        "embedded": "tiny",
        "loaded": loaded,
        "model": loaded.model,
        "config": loaded.config,
    }[given]
    drawn = AttentionMaskVisualizer(model)("Anna met", padding=1)
    out = capsys.readouterr().out
    assert out == f"{drawn.text}\n"
    assert "LOCAL layers 0 2 4: sliding window 32" in out
    assert "GLOBAL layers 1 3 5: full attention" in out
    lines = [line.split() for line in out.splitlines() if line[:5].strip().isdigit()]
    assert [line[1] for line in lines[:6]] == ["<pad>", "<bos>", "An", "n", "a", "▁met"]
    assert [line[2] for line in lines[:3]] == ["x.....", "x#....", "x##..."]


def test_it_is_plain_where_it_is_piped_and_rich_in_a_notebook(loaded: LoadedModel, tmp_path: Path) -> None:
    drawn = AttentionMaskVisualizer("tiny")("Anna <b>met</b>", window=2, decode=1)
    assert "\033" not in drawn.text
    assert "\033[32m" in drawn.on(Page(colours=True))
    html = drawn._repr_html_()
    assert html.count("<img") == 1
    assert "<script" not in html
    assert "modified model: window 2 instead of tiny&#x27;s 32" in html
    assert len(drawn.show().data) > 0
    assert repr(drawn).startswith("<MaskFigure tiny (modified model")


def test_long_texts_are_folded_and_cut(loaded: LoadedModel) -> None:
    drawn = AttentionMaskVisualizer("tiny")("Anna met Bob. " * 300)
    assert f"the first 1024 of {drawn.whole} tokens" in drawn.text
    lines = drawn.text.splitlines()
    assert len(lines) < 110
    assert max(map(len, lines[5:50])) <= 100
    assert any("\\+++.." in line for line in lines)


def test_a_changed_model_has_the_masks_it_has_now(loaded: LoadedModel) -> None:
    with applied(loaded, [SetWindow(None)]) as changed:
        assert "LOCAL" not in AttentionMaskVisualizer(changed)("Anna met").text


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        ("nowhere/at/all", "a", "there is no folder"),
        (7, "a", "a model is a folder"),
        ("tiny", [], "tokens=0 must be at least 1"),
        ("tiny", 0, "tokens=0 must be at least 1"),
    ],
)
def test_what_cannot_be_is_said(model: object, text: Any, said: str) -> None:
    with pytest.raises((OSError, ValueError, TypeError), match=said):
        AttentionMaskVisualizer(model)(text)


def test_without_a_tokenizer_tokens_are_given_or_counted(loaded: LoadedModel) -> None:
    config = CONFIG_MAPPING["mistral"](**SMALL, **SLIDES)
    with pytest.raises(ValueError, match="a mistral model has no tokenizer; give one"):
        AttentionMaskVisualizer(config)("Anna met")
    assert "LOCAL layers 0 1 2 3: sliding window 3" in AttentionMaskVisualizer(config)(5).text
    assert " 1 met " in AttentionMaskVisualizer(config)(["Anna", "met"]).text
    assert "<bos>" in AttentionMaskVisualizer(config, tokenizer=loaded.tokenizer)("").text


def test_other_rules_are_refused(no_weights: Path) -> None:
    (no_weights / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match="the masks of bert models are not known here; those of cohere, "):
        AttentionMaskVisualizer(str(no_weights))
    with pytest.raises(ValueError, match="sees later tokens"):
        AttentionMaskVisualizer(CONFIG_MAPPING["gemma3_text"](**SMALL, use_bidirectional_attention=True))


@pytest.mark.parametrize(
    ("family", "window"),
    [
        *((name, True) for name in ("gemma2", "gemma3_text", "llama", "mistral", "phi3", "qwen2", "cohere2", "olmo3")),
        *((name, False) for name in ("llama", "mistral", "phi3", "qwen2")),
    ],
)
def test_the_masks_are_those_of_transformers_models(family: str, window: bool) -> None:
    config = CONFIG_MAPPING[family](**SMALL, **(SLIDES if window else {"sliding_window": None}))
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    keep_1T = torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1, 1]])
    with torch.no_grad():
        theirs = model(torch.arange(3, 12)[None], attention_mask=keep_1T, output_attentions=True).attentions
    drawn = AttentionMaskVisualizer(config)(7, padding=2)
    for layer, probs_1NTT in enumerate(theirs):
        (mask,) = layer_masks(drawn.setting, layer)
        seen_TT = (probs_1NTT[0] > 1e-9).any(0)
        assert torch.equal((mask.reasons == Reason.VISIBLE)[2:], seen_TT[2:])
