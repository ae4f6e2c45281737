"""`generate` writes what stock transformers writes, and its trace holds what every step attended to."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from torch.testing import assert_close

from gemma2_workbench import AblateHeads, LoadedModel, applied, capture, generate, load_trace, save_figure, save_trace
from gemma2_workbench.apps.cli import main
from gemma2_workbench.generation.settings import CACHES
from gemma2_workbench.generation.spelling import joined
from gemma2_workbench.models.tokens import tokenize

pytestmark = pytest.mark.usefixtures("loaded_once")
TEXT = "The President of the United States met Emma in Paris. The President of the United States spoke to Emma, and"
SAMPLED = {"temperature": 1.3, "top_k": 20, "top_p": 0.95}


@pytest.mark.parametrize(
    ("sampling", "cache"), [*((SAMPLED, cache) for cache in CACHES), ({}, CACHES[0]), ({"temperature": 0.7}, CACHES[0])]
)
def test_the_tokens_are_those_of_stock_transformers(
    loaded: LoadedModel, cache: str, sampling: dict[str, float]
) -> None:
    made = generate(loaded, TEXT, max_new_tokens=24, seed=5, cache=cache, **sampling)
    before = torch.random.get_rng_state()
    with torch.random.fork_rng([]):
        transformers.set_seed(5)
        ids = torch.tensor([loaded.tokenizer(TEXT)["input_ids"]])
        stock = loaded.reference().generate(ids, max_new_tokens=24, do_sample=bool(sampling), **sampling)
    assert made.tokens.ids == tuple(stock[0].tolist())
    assert made.tokens.text == TEXT + loaded.tokenizer.decode(stock[0, ids.shape[1] :])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_rows_of_the_trace_are_what_each_step_attended_to(loaded: LoadedModel) -> None:
    made = generate(loaded, f"{TEXT} {TEXT}", max_new_tokens=24, seed=5, **SAMPLED)
    trace, start = capture(loaded, made), made.generation.start
    assert start > loaded.config.sliding_window
    with torch.random.fork_rng([]):
        transformers.set_seed(5)
        ids = torch.tensor([made.tokens.ids[:start]])
        wanted = {"output_attentions": True, "return_dict_in_generate": True}
        steps = loaded.reference().generate(ids, max_new_tokens=24, do_sample=True, **SAMPLED, **wanted).attentions
    assert len(steps) == len(made.tokens) - start
    for step, layers in enumerate(steps):
        for layer, probs_1NQS in enumerate(layers):
            row, keys = start - 1 + step, probs_1NQS.shape[-1]  # a local layer holds its window only
            for head in range(loaded.shape.heads):
                ours_S = trace.stage(layer, head, rows=range(row, row + 1))[0].nan_to_num(0.0)
                assert_close(ours_S[row + 1 - keys : row + 1], probs_1NQS[0, head, -1], atol=1e-5, rtol=1e-4)
                assert ours_S[: row + 1 - keys].sum() == 0


def test_the_file_says_which_tokens_were_generated_and_how(
    loaded: LoadedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["generate", TEXT, "--max-new-tokens", "9", "--top-k", "4", "--seed", "11"]
    assert main([*words, "--trace", "run.safetensors"]) == 0
    first = capsys.readouterr()
    assert main(words) == 0
    assert capsys.readouterr().out == first.out
    trace = load_trace("run.safetensors")
    made = generate(loaded, TEXT, max_new_tokens=9, top_k=4, seed=11)
    assert (trace.tokens, trace.generation) == (made.tokens, made.generation)
    assert first.out == f"{made.continuation}\n"
    assert "sampled with temperature 1, top-k 4, top-p 1, seed 11" in first.err
    assert main(["figure", "attention", "--trace", "run.safetensors", "--out", "a.svg"]) == 0
    record = json.loads(Path("a.svg.json").read_text())
    assert record["generation"]["start"] == made.generation.start == len(record["ids"]) - 9
    assert main(["redraw", "a.svg"]) == 0, "from the ids, without the trace"
    assert "same bytes" in capsys.readouterr().out


def test_a_figure_of_it_is_drawn_again_without_generating(
    loaded: LoadedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trace = capture(loaded, generate(loaded, "日本 met 🙂", max_new_tokens=12, temperature=3.0, seed=2))
    save_figure("attention", trace, "a.svg", layer=1, head=2, title=True)
    assert "generated from token" in Path("a.svg").read_text()
    assert main(["redraw", "a.svg"]) == 0
    assert "same bytes" in capsys.readouterr().out
    assert json.loads(Path("a.svg.json").read_text())["command"] == "gemma2-workbench redraw a.svg.json --out a.svg"


def test_a_changed_model_writes_as_changed_and_its_run_must_be_changed_alike(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    off = AblateHeads(((5, 4), (4, 5), (5, 2)))
    with applied(loaded, [off]) as changed:
        made = generate(changed, "Emma met him. Later Emma", max_new_tokens=6)
    assert made.tokens != generate(loaded, "Emma met him. Later Emma", max_new_tokens=6).tokens
    with pytest.raises(ValueError, match="generated by embedded:tiny .* changed by .* set to zero"):
        capture(loaded, made)
    trace = capture(loaded, made, interventions=[off])
    assert load_trace(save_trace(trace, tmp_path / "run.safetensors")) == trace
    assert str(trace.generation and trace.generation.sentence) in repr(trace)


def test_tokens_that_spell_no_character_are_no_end_of_the_world(loaded: LoadedModel) -> None:
    tokenizer = loaded.tokenizer
    prompt = tokenize(tokenizer, "Anna")
    emoji = tokenizer("🙂!", add_special_tokens=False)["input_ids"]
    spelled = joined(tokenizer, prompt, [*emoji, emoji[0], *emoji[:3], 1])
    assert spelled.text[:6] == "Anna🙂!"
    assert spelled.spans[len(prompt) : len(prompt) + 5] == ((4, 5),) * 4 + ((5, 6),)
    assert all(a[1] == b[0] or a == b for a, b in zip(spelled.spans[1:], spelled.spans[2:], strict=False))
    assert spelled.spans[-1][1] == len(spelled.text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--temperature", "nan"], "temperature=nan must be 0 (greedy), or finite and at least 1e-06"),
        (["--temperature", "1e-30"], "below which logits overflow"),
        (["--top-p", "1.5"], "top_p=1.5 must be a probability above 0, at most 1"),
        (["--top-k", "-1"], "top_k=-1 must be at least 0"),
        (["--seed", "-1"], "seed=-1 must be at least 0"),
        (["--max-new-tokens", "0"], "max_new_tokens=0 must be at least 1"),
        (["--trace", "nowhere/run.safetensors"], "nowhere"),
        (["--model", "tiny-ner"], "has no language-model head"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "Anna", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
