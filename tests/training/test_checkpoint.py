"""The embedded checkpoint is what its card says, for transformers as for us."""

import json
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close
from transformers import AutoModelForCausalLM, AutoTokenizer

import training
from gemma2_workbench.model import Gemma2ForCausalLM
from training.batches import plain_pieces
from training.card import card
from training.export import export
from training.recipe import SHAPE, Recipe
from training.scores import induction_score, previous_token_score, repeats
from training.state import Optimisers, Progress, save
from training.tokenizer import load_tokenizer

TINY = Path(training.__file__).parents[1] / "model/checkpoints/tiny"
FRESH_SEED = 20_000_003


@pytest.fixture(scope="module")
def model() -> Gemma2ForCausalLM:
    return Gemma2ForCausalLM.from_pretrained(TINY, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def figures() -> dict:
    return json.loads((TINY / "evaluation.json").read_text())


@torch.no_grad()
def test_transformers_loads_it_and_computes_the_same(model: Gemma2ForCausalLM):
    theirs = AutoModelForCausalLM.from_pretrained(TINY, attn_implementation="eager", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    ids = tokenizer("My fellow Americans, " * 12, return_tensors="pt").input_ids
    assert ids.shape[1] > SHAPE["sliding_window"]
    assert_close(model(input_ids=ids).logits, theirs(input_ids=ids).logits, atol=1e-4, rtol=0)


def test_its_tokenizer_is_the_sentencepiece_model():
    tokenizer, sentences = AutoTokenizer.from_pretrained(TINY), load_tokenizer(TINY / "tokenizer.model")
    text = "Call me Ishmael.\n\nIn 1851,  he wrote: “naïve” 🐳\n"
    ids = tokenizer(text).input_ids
    assert ids == [tokenizer.bos_token_id, *sentences.encode(text)]
    assert tokenizer.decode(ids, skip_special_tokens=True) == text
    assert (tokenizer.vocab_size, tokenizer.eos_token, tokenizer.pad_token) == (4096, "<eos>", "<pad>")


def test_its_files_are_small_and_readable_by_all():
    assert sum(path.stat().st_size for path in TINY.iterdir()) < 25e6
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in TINY.iterdir())


@torch.no_grad()
def test_its_heads_are_found_on_other_repeats_than_the_card_used(model: Gemma2ForCausalLM, figures: dict):
    plain = torch.from_numpy(plain_pieces(load_tokenizer(TINY / "tokenizer.model")))
    for period in (16, 64):
        ids = repeats(plain, period, 8, bos=2, seed=FRESH_SEED)
        maps = model(input_ids=ids, output_attentions=True).attentions
        claimed = figures["best_induction"][str(period)]
        found = induction_score(maps[claimed["layer"]], period)[claimed["head"]].item()
        assert abs(found - claimed["score"]) < 0.1
        assert found >= (0.6 if period == 16 else 0.5)


@torch.no_grad()
def test_its_previous_token_head_works_on_any_english_text(model: Gemma2ForCausalLM, figures: dict):
    text = "The committee will meet on Monday to talk about the new school, and everyone is welcome."
    ids = AutoTokenizer.from_pretrained(TINY)(text, return_tensors="pt").input_ids
    claimed = figures["best_previous_token"]
    maps = model(input_ids=ids, output_attentions=True).attentions
    assert previous_token_score(maps[claimed["layer"]])[claimed["head"]] >= 0.6


def test_its_card_says_what_was_measured(figures: dict):
    assert (TINY / "README.md").read_text() == card(figures)
    assert figures["loss"]["mix"] <= 4.2


def test_an_exported_state_holds_its_weights_and_loads_anywhere(model: Gemma2ForCausalLM, tmp_path: Path):
    save(tmp_path / "state.pt", model, Optimisers(model, Recipe()), Progress(step=7))
    counters = export(tmp_path / "state.pt", TINY / "tokenizer.model", tmp_path / "out")
    assert counters["step"] == 7
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32)
    for (name, one), other in zip(model.named_parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other), name
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        assert json.loads((tmp_path / "out" / name).read_text()) == json.loads((TINY / name).read_text())
