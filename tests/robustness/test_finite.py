"""A weight that is NaN or infinite, anywhere: one sentence that names it, from every command; never a number."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from gemma2_workbench import (
    LoadedModel,
    ParityError,
    SetFinalSoftcap,
    capture,
    classify,
    contributions,
    embedded,
    lens,
    load,
    predict,
)
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.explanations.saliency import saliency
from gemma2_workbench.classification.explanations.target import target_of
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, Gemma2ForTokenClassification
from gemma2_workbench.models.parity.finite import NotFiniteError
from gemma2_workbench.models.parity.statement import Parity

TEXT = "Anna met Bob in Paris."
LAYER = ("input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
LAYER += ("post_attention_layernorm", "pre_feedforward_layernorm", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
LAYER += ("post_feedforward_layernorm",)
PLACES = ("model.embed_tokens", *(f"model.layers.1.{name}" for name in LAYER), "model.norm")
IDS = (2, 10, 11, 12)
NAN, INFINITY = float("nan"), float("inf")
# What it is does not depend on the place.
SPOILT = [*((place, NAN) for place in PLACES), (PLACES[0], INFINITY), (PLACES[-1], -INFINITY)]


def small(cls: type[Any], like: LoadedModel, **config: Any) -> LoadedModel:
    """A random model of two layers with the tokenizer of `like`."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2, "head_dim": 8, "vocab_size": 4096}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "sliding_window": 5, "initializer_range": 0.5}
    return replace(like, model=cls(Gemma2Config(**sizes, **heads, **config)).eval())


@pytest.fixture(scope="module")
def speaker() -> LoadedModel:
    return small(Gemma2ForCausalLM, load("tiny"), tie_word_embeddings=False)


@pytest.fixture(scope="module")
def tagger() -> LoadedModel:
    names = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC"}
    return small(Gemma2ForTokenClassification, load("tiny"), id2label=names)


@contextmanager
def poisoned(loaded: LoadedModel, name: str, value: float, row: int = 2) -> Iterator[None]:
    """One number of a parameter is another one; of the embedding one of <bos>, which every text has."""
    weight = loaded.model.get_parameter(name).data
    at = (row, 3)[-weight.ndim :]
    before = weight[at].item()
    weight[at] = value
    try:
        yield
    finally:
        weight[at] = before


@pytest.mark.parametrize(("place", "value"), [*SPOILT, ("lm_head", NAN), ("lm_head", INFINITY)])
def test_a_language_model_says_which_weight(speaker: LoadedModel, place: str, value: float) -> None:
    runs = [lambda: capture(speaker, TEXT), lambda: predict(speaker, IDS)]
    runs += [] if place == "lm_head" else [lambda: capture(speaker, TEXT, parity=False)]
    kind = "NaN" if value != value else "infinity"
    with poisoned(speaker, f"{place}.weight", value):
        for run in runs:
            with pytest.raises(NotFiniteError, match=rf"weights {place}\.weight hold {kind} \(1 of "):
                run()


@pytest.mark.parametrize("run", [lens, contributions])
def test_lens_and_contributions_say_it_too(speaker: LoadedModel, run: Callable[..., object]) -> None:
    for place in ("lm_head", "model.layers.0.self_attn.v_proj"):
        for token in (None, 5):
            with poisoned(speaker, f"{place}.weight", float("nan"), row=5), pytest.raises(NotFiniteError, match=place):
                run(speaker, IDS, token)


@pytest.mark.parametrize(("place", "value"), [*SPOILT, ("score", NAN), ("score", INFINITY)])
def test_a_classifier_says_which_weight(tagger: LoadedModel, place: str, value: float) -> None:
    target = target_of(classify(tagger, TEXT).sentences[0], 0)
    with poisoned(tagger, f"{place}.weight", value):
        for run in (lambda: classify(tagger, TEXT), lambda: saliency(tagger, target)):
            with pytest.raises(NotFiniteError, match=rf"weights {place}\.weight hold"):
                run()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.embed_tokens.weight", "first in the embedding: its"),
        ("model.layers.1.self_attn.v_proj.weight", r"first in layer 1 attention \(v_proj\): its"),
        ("model.layers.0.mlp.up_proj.weight", r"first in layer 0 MLP \(up_proj\): its"),
        ("model.norm.weight", "first in the final norm: its"),
        ("score.bias", r"first in the head \(score\): its"),
    ],
)
def test_the_place_is_named_in_words(tagger: LoadedModel, name: str, words: str) -> None:
    with poisoned(tagger, name, float("nan")), pytest.raises(NotFiniteError, match=words):
        classify(tagger, TEXT)


def test_what_a_dtype_does_not_hold_is_no_damage(tagger: LoadedModel) -> None:
    half = replace(tagger, model=small(Gemma2ForTokenClassification, tagger).model.half())
    too_large = r"model\.norm\.weight hold infinity .*; float16 holds nothing beyond 65,504, load it with another dtype"
    with poisoned(half, "model.norm.weight", float("inf")), pytest.raises(NotFiniteError, match=too_large):
        classify(half, TEXT)
    with torch.no_grad():
        half.model.get_parameter("model.layers.0.self_attn.o_proj.weight").mul_(3e4)
    said = (
        r"first in layer 0 attention \(o_proj\): it grows beyond 6\.55e\+04, the most that float16 holds; load it with"
    )
    with pytest.raises(NotFiniteError, match=said):
        classify(half, TEXT)


def test_the_row_of_a_token_that_is_not_there_is_not_asked_for(tagger: LoadedModel) -> None:
    before = classify(tagger, TEXT).sentences[0].logits
    with torch.no_grad():
        row = tagger.model.get_parameter("model.embed_tokens.weight")[4000]
        kept = row.clone()
        row.fill_(torch.nan)
        after = classify(tagger, TEXT).sentences[0].logits
        row.copy_(kept)
    assert torch.equal(before, after)


def test_a_difference_that_is_no_number_is_no_equality(speaker: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    for numbers in ((0.0, float("nan")), (float("nan"), 0.0)):
        assert not Parity("transformers", 3, *numbers, tolerance=1e-4).holds
    with poisoned(speaker, "lm_head.weight", float("nan")), pytest.raises(NotFiniteError):
        capture(speaker, TEXT, interventions=[SetFinalSoftcap(3.0)], read=("prediction",), parity=False)
    # Theirs alone is wrong: that is a difference, and to be reported.
    monkeypatch.setattr(
        "transformers.models.gemma2.modeling_gemma2.Gemma2RMSNorm.forward", lambda _self, x: x * torch.nan
    )
    with pytest.raises(ParityError, match="nan in any attention probability"):
        capture(speaker, TEXT)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Copies of the embedded checkpoints with one NaN."""
    folders = {}
    for name, source in embedded().items():
        folders[name] = shutil.copytree(source, tmp_path_factory.mktemp("damaged") / name)
        weights = load_file(folders[name] / "model.safetensors")
        weights["model.layers.3.mlp.down_proj.weight"][1, 1] = torch.nan
        save_file(weights, folders[name] / "model.safetensors", {"format": "pt"})
    return {name: str(folder) for name, folder in folders.items()}


@pytest.mark.parametrize(
    "words",
    [
        ["trace", TEXT, "--out", "a.safetensors", "--model", "tiny"],
        ["trace", TEXT, "--out", "a.safetensors", "--model", "tiny-ner"],
        ["figure", "atlas", "--text", TEXT, "--out", "a.pdf", "--model", "tiny"],
        ["table", "lens", "--text", TEXT, "--out", "a.csv", "--model", "tiny"],
        ["classify", TEXT, "--model", "tiny-ner"],
        ["why", TEXT, "--model", "tiny-ner", "--out", "a.pdf"],
        ["evaluate", "data.conll", "--model", "tiny-ner"],
        ["headvis", "--text", TEXT, "--out", "viewer", "--model", "tiny"],
        ["finetune", "data.conll", "--out", "tuned", "--model", "tiny"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_says_it(
    damaged: dict[str, str], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.conll").write_text("Anna\tB-PER\nmet\tO\nBob\tB-PER\n\n" * 20)
    assert main([damaged.get(word, word) for word in words]) == 2
    told = capsys.readouterr()
    assert "weights model.layers.3.mlp.down_proj.weight hold NaN (1 of" in told.err
    assert told.err.strip().count("\n") <= 1  # evaluate announces what it reads
    assert {path.name for path in tmp_path.iterdir()} <= {"data.conll", "viewer", "tuned"}
