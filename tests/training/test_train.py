"""The training loop on random text: resuming, schedule, batches; seconds, not minutes."""

import json
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import torch

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM
from training.batches import Batches, Plan, held_out_rows, plain_pieces, spaceless
from training.corpus import Tokens, is_held_out, tokenise
from training.data_parallel import DataParallel
from training.forward import LeanForward
from training.recipe import SHAPE, Recipe, Stage
from training.state import Optimisers, Progress, initialise, read, restore, save
from training.tokenizer import train_tokenizer
from training.train import LOG, Budget, Run, train

WORDS = ["the", "whale", "swam", "and", "Emma", "walked.", "She", "said", "that", "warm!", "Is", "it", "so?", ""]
SMALL = SHAPE | {
    "vocab_size": 360,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "layer_types": SHAPE["layer_types"][:2],
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
}
STAGES = (
    Stage(Plan(rows=4, length=32, copies=1.0, longest=15), "induction_14", 0.4),
    Stage(Plan(rows=2, length=64, copies=0.5), "induction_60", 0.6),
)
RECIPE = Recipe(rows=2, long_from=0.8, stages=STAGES)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory) -> sentencepiece.SentencePieceProcessor:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    train_tokenizer([random_text(i) for i in range(40)], path, vocab_size=SMALL["vocab_size"])
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def random_text(seed: int, words: int = 400) -> str:
    return " ".join(np.random.default_rng(seed).choice(WORDS, words))


@pytest.fixture
def corpus(tokenizer) -> dict[str, Tokens]:
    names = ("sotu", "austen", "moby", "wordnet")
    return {name: tokenise([random_text(i), random_text(9 + i)], tokenizer) for i, name in enumerate(names)}


def fresh_run(corpus, tokenizer) -> Run:
    model = Gemma2ForCausalLM(Gemma2Config(**SMALL))
    initialise(model, seed=3)
    batches = Batches(corpus, tokenizer, seed=1)
    optimisers = Optimisers(model, RECIPE)
    device = torch.device("cpu")
    return Run(model, LeanForward(model), optimisers, batches, RECIPE, Budget(steps=5), DataParallel(), device)


def no_probes(model, lean) -> dict[str, float]:
    return {"induction_14": 0.0, "induction_60": 0.0}


def test_five_steps_resumed_in_between_equal_five_steps_bit_for_bit(corpus, tokenizer, tmp_path: Path):
    whole, part = fresh_run(corpus, tokenizer), fresh_run(corpus, tokenizer)
    progress = Progress()
    losses = []
    for step in range(5):
        if step == 2:
            progress.ended = [0.0, 0.0]
        losses.append(whole.step(progress))

    progress = Progress()
    part.step(progress)
    part.step(progress)
    progress.ended = [0.0, 0.0]
    save(tmp_path / "state.pt", part.model, part.optimisers, progress)
    again = fresh_run(corpus, tokenizer)
    progress = restore(tmp_path / "state.pt", again.model, again.optimisers)
    assert progress.step == 2
    assert [again.step(progress) for _ in range(3)] == losses[2:]
    for one, other in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_loop_ends_the_warmup_saves_and_spends_its_budget(corpus, tokenizer, tmp_path: Path):
    run = fresh_run(corpus, tokenizer)
    state = tmp_path / "run" / "state.pt"
    progress = train(run, Progress(), no_probes, state, probe_every=0.0)
    assert progress.step == 5
    assert len(progress.ended) == len(STAGES)
    assert read(state)["progress"]["step"] == 5
    lines = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert not state.with_suffix(".partial").exists()


def test_training_lowers_the_loss(corpus, tokenizer):
    run = fresh_run(corpus, tokenizer)
    progress = Progress(ended=[0.0, 0.0])
    losses = []
    for _ in range(12):
        run.budget = Budget(steps=10**6)
        losses.append(run.step(progress))
    assert losses[-1] < losses[0] - 0.1


def test_a_missing_or_foreign_state_is_refused(tmp_path: Path):
    with pytest.raises(OSError, match="without --resume"):
        read(tmp_path / "state.pt")
    torch.save({"weights": 1}, tmp_path / "other.pt")
    with pytest.raises(OSError, match="no training state"):
        read(tmp_path / "other.pt")


def test_the_schedule_ramps_up_stays_and_falls_to_zero():
    recipe = Recipe(decay_from=0.5)
    assert recipe.rate(0.0, step=0) == pytest.approx(1 / 50)
    assert recipe.rate(0.4, step=900) == 1.0
    assert recipe.rate(0.75, step=900) == pytest.approx(0.5)
    assert recipe.rate(1.0, step=900) == 0.0


def test_the_curriculum_goes_from_short_copies_to_long_text():
    recipe = Recipe()
    short, text, late = recipe.plan(0, 0), recipe.plan(0.2, 2), recipe.plan(0.99, 2)
    assert (short.copies, short.length) == (1.0, 32)
    assert short.copies > recipe.plan(0, 1).copies > text.copies
    assert (text.length, late.length) == (128, 256)
    assert recipe.copies_first > text.copies > late.copies > recipe.copies_last - 1e-9
    assert text.rows == late.rows == recipe.rows


def test_a_stage_ends_when_its_heads_are_there_or_its_time_is_up():
    recipe = Recipe(heads_from=0.6)
    found = {"induction_14": 0.7, "induction_60": 0.1}
    assert recipe.ends(0.01, 0, found)
    assert not recipe.ends(0.01, 1, found)
    assert recipe.ends(0.01, 1, {"induction_14": 0.0, "induction_60": 0.6})
    assert recipe.ends(0.5, 1, found)
    assert not recipe.ends(0.5, 2, found)


def test_batches_depend_on_seed_and_step_alone(corpus, tokenizer):
    plan = Plan(rows=6, length=64, copies=0.5)
    one, other = Batches(corpus, tokenizer, seed=1), Batches(corpus, tokenizer, seed=1)
    other(3, plan)
    assert torch.equal(one(7, plan)[0], other(7, plan)[0])
    assert not torch.equal(one(7, plan)[0], one(8, plan)[0])
    assert not torch.equal(one(7, plan)[0], Batches(corpus, tokenizer, seed=2)(7, plan)[0])


def test_text_rows_start_with_bos_and_a_sentence_and_targets_are_one_ahead(corpus, tokenizer):
    ids, targets = Batches(corpus, tokenizer, seed=1)(0, Plan(rows=8, length=64, copies=0.0))
    assert (ids[:, 0] == tokenizer.bos_id()).all()
    assert torch.equal(ids[:, 1:], targets[:, :-1])
    bare = spaceless(tokenizer)
    assert all(bare[i] == i for i in ids[:, 1])


def test_a_corpus_document_keeps_its_side_and_its_sentences(tokenizer):
    texts = [random_text(i) for i in range(300)]
    held_out = [is_held_out(text, share=0.2) for text in texts]
    assert held_out == [is_held_out(text, share=0.2) for text in texts]
    assert 0.1 < sum(held_out) / 300 < 0.3
    tokens = tokenise(["One. Two\nThree"], tokenizer)
    assert tokenizer.decode(tokens.ids[:-1].tolist()) == "One. Two\nThree"
    assert tokens.ids[-1] == tokenizer.eos_id()
    starts = [tokenizer.decode(tokens.ids[s:-1].tolist()).strip() for s in tokens.starts]
    assert starts == ["One. Two\nThree", "Two\nThree", "Three"]


def test_held_out_rows_cover_the_text_once(tokenizer):
    tokens = tokenise([random_text(1)], tokenizer)
    rows = held_out_rows(tokens, bos=2, length=16)
    assert (rows[:, 0] == 2).all()
    assert rows[:, 1:].flatten().tolist() == tokens.ids[: rows[:, 1:].numel()].tolist()
    assert len(held_out_rows(tokens, bos=2, length=16, rows=3)) == 3


def test_ordinary_pieces_hold_no_special_or_byte(tokenizer):
    pieces = [tokenizer.id_to_piece(int(i)) for i in plain_pieces(tokenizer)]
    assert len(pieces) > 30
    assert not any(piece.startswith("<") or "\n" in piece for piece in pieces)
