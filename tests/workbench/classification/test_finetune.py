"""Fine-tuning: a small model learns a dozen sentences by heart, can be stopped and resumed, and loads everywhere."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification, AutoTokenizer

from gemma2_workbench import load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.finetune import loop
from gemma2_workbench.classification.finetune.settings import Settings
from gemma2_workbench.classification.finetune.train import Tuned, fine_tune
from gemma2_workbench.classification.inputs import encode

DATA = Path(__file__).parents[3] / "examples" / "data" / "places.conll"
LABELS = {0: "O", 1: "B-PER", 2: "B-PLACE", 3: "I-PER", 4: "I-PLACE"}


@pytest.fixture(scope="module")
def twin(twin_folder: Callable[..., Path]) -> str:
    return str(twin_folder(initializer_range=0.1, num_hidden_layers=2))


def tuned(twin: str, out: Path, said: list[str] | None = None, **choices) -> Tuned:
    settings = Settings(DATA, out, model=twin, batch=4, device="cpu", **choices)
    return fine_tune(settings, (said if said is not None else []).append)


@pytest.fixture(scope="module")
def full(twin: str, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    return tuned(twin, tmp_path_factory.mktemp("full") / "tagger", epochs=14, rate=0.01)


@pytest.fixture(scope="module")
def lora(twin: str, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    return tuned(twin, tmp_path_factory.mktemp("lora") / "tagger", epochs=14, rate=0.01, lora=True)


@pytest.fixture(params=["full", "lora"])
def learned(request: pytest.FixtureRequest) -> Tuned:
    return request.getfixturevalue(request.param)


def test_a_twin_learns_a_dozen_sentences_by_heart(learned: Tuned) -> None:
    assert learned.scores["ALL"]["f1"] == 1.0
    assert "memory, not skill" in learned.measured_on
    found = classify(load(learned.folder), "Mira flew from Lisbon to Oslo.").entities
    assert [(entity.text, entity.label) for entity in found] == [
        ("Mira", "PER"),
        ("Lisbon", "PLACE"),
        ("Oslo", "PLACE"),
    ]


def test_the_folder_is_complete_and_transformers_reads_the_same_from_it(learned: Tuned) -> None:
    names = {path.name for path in learned.folder.iterdir()} - {"adapter"}
    assert names == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    }
    ours = load(learned.folder, device="cpu")
    theirs = AutoModelForTokenClassification.from_pretrained(learned.folder, attn_implementation="eager").eval()
    assert theirs.config.id2label == LABELS
    assert (theirs.config.is_causal, theirs.config.workbench_input, theirs.config.use_cache) == (False, "plain", True)
    ids = AutoTokenizer.from_pretrained(learned.folder)("Ruth met Pavel in New Haven.", return_tensors="pt").input_ids
    assert ids.shape[1] > 7  # beyond the window of the local layers
    with torch.no_grad():
        torch.testing.assert_close(ours.model(ids).logits, theirs(ids).logits, rtol=1e-4, atol=1e-4)


def test_the_card_tells_data_settings_and_figures(learned: Tuned) -> None:
    card = (learned.folder / "README.md").read_text()
    record = json.loads((learned.folder / "training.json").read_text())
    for told in (
        "places.conll",
        record["data"]["sha256"],
        "14 epochs",
        "| ALL | 1.000 | 1.000 | 1.000 | 22 |",
        "`I-PER`",
    ):
        assert told in card
    assert str(DATA.parent) not in card + json.dumps(record)
    assert len(record["history"]) == 14
    assert record["history"][-1]["loss"] < 0.1 < record["history"][0]["loss"]


def test_adapters_and_base_add_up_to_the_merged_weights(twin: str, lora: Tuned) -> None:
    out = lora.folder
    adapter = load_file(out / "adapter" / "adapter_model.safetensors")
    base, merged = (load_file(Path(folder) / "model.safetensors") for folder in (twin, out))
    shape = json.loads((out / "adapter" / "adapter_config.json").read_text())
    for name in ("model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj"):
        low, high = (adapter[f"base_model.model.{name}.lora_{side}.weight"] for side in "AB")
        update = shape["lora_alpha"] / shape["r"] * high @ low
        assert update.abs().max() > 1e-4
        torch.testing.assert_close(merged[f"{name}.weight"], base[f"{name}.weight"] + update, rtol=1e-4, atol=1e-6)
    assert torch.equal(merged["model.embed_tokens.weight"], base["model.embed_tokens.weight"])


@pytest.mark.parametrize("lora", [False, True])
def test_stopped_and_resumed_gives_the_weights_of_an_uninterrupted_run(
    lora: bool, twin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tuned(twin, tmp_path / "whole", lora=lora, epochs=2)
    calls, real = [], loop.collate

    def interrupting(*given):
        calls.append(1)
        if len(calls) == 5:
            signal.raise_signal(signal.SIGINT)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "collate", interrupting)
        with pytest.raises(loop.Stopped, match="of 6 steps; the same command with --resume goes on"):
            tuned(twin, tmp_path / "half", lora=lora, epochs=2)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not (tmp_path / "half" / "model.safetensors").exists()
    with pytest.raises(ValueError, match="holds a run that is not finished; --resume goes on with it"):
        tuned(twin, tmp_path / "half", lora=lora, epochs=2)
    with pytest.raises(ValueError, match="was begun with seed 0, now it is 1; resume with the same"):
        tuned(twin, tmp_path / "half", lora=lora, epochs=2, resume=True, seed=1)
    said: list[str] = []
    half = tuned(twin, tmp_path / "half", said, lora=lora, epochs=2, resume=True)
    assert "going on from" in said[-1]
    assert not said[-1].startswith("going on from 6")
    one, other = (load_file(run.folder / "model.safetensors") for run in (whole, half))
    assert all(torch.equal(one[name], other[name]) for name in one)
    histories = [json.loads((run.folder / "training.json").read_text())["history"] for run in (whole, half)]
    assert [row["step"] for row in histories[0]] == [row["step"] for row in histories[1]] == [3, 6]
    # the first epoch was run twice from the same seed
    assert histories[0][0] == histories[1][0]
    with pytest.raises(ValueError, match="half is finished, there is nothing to resume; train it further with --model"):
        tuned(twin, tmp_path / "half", lora=lora, epochs=2, resume=True)


def test_the_same_labels_go_on_from_the_head_others_get_a_new_one(full: Tuned, tmp_path: Path) -> None:
    said: list[str] = []
    again = tuned(str(full.folder), tmp_path / "again", said, epochs=1, rate=1e-9)
    assert again.scores["ALL"]["f1"] == 1.0
    assert any("head that of the checkpoint, which has the same 5 labels" in sentence for sentence in said)
    # five classes too, but others
    other = tmp_path / "other.conll"
    other.write_text(DATA.read_text().replace("PER", "WHO"))
    settings = Settings(other, tmp_path / "new", model=str(full.folder), epochs=1, rate=1e-9)
    fresh = fine_tune(settings, said.append)
    assert any("head new, 5 classes" in sentence for sentence in said)
    assert fresh.scores["ALL"]["f1"] < 0.5
    trunks = (load_file(run.folder / "model.safetensors") for run in (full, fresh))
    kept, moved = (weights["model.layers.1.mlp.up_proj.weight"] for weights in trunks)
    torch.testing.assert_close(kept, moved, rtol=0, atol=1e-5)


def test_whole_texts_are_learned_and_labelled(twin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {"wet": ("rain", "river", "sea"), "dry": ("stone", "fire", "desert")}
    lines = [{"text": f"The {word} was {how}.", "label": kind}
             for kind, some in words.items() for word in some for how in ("near", "far away")]  # fmt: skip
    data = tmp_path / "texts.jsonl"
    data.write_text("\n".join(map(json.dumps, lines)))
    out = tmp_path / "sorter"
    choices = ["--epochs", "10", "--batch", "4", "--rate", "0.01", "--device", "cpu", "--dev", str(data)]
    assert main(["finetune", str(data), "--out", str(out), "--model", twin, *choices]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-2] == "macro F1 1.000 on 12 texts of texts.jsonl, 12 of them also in the training file"
    assert said[-1] == f"try: gemma2-workbench classify 'The rain was near.' --model {out}"
    found = classify(load(out), "The desert was far away.")
    assert (found.kind, found.classes, found.sentences[0].tags) == ("sequence", ("dry", "wet"), ("dry",))
    assert load(out).config.is_causal


def test_labels_are_read_where_they_were_learned(twin: str, tmp_path: Path) -> None:
    label_token = "mean"
    data = tmp_path / "names.tsv"
    data.write_text(
        "# ner text number\nS-PER Mirabella 1\nO slept 2\n\nO in 1\nB-LOC New 2\nE-LOC Yorkshire 3\n", encoding="utf-8"
    )
    said: list[str] = []
    choices = {"token_column": "text", "tag_column": "ner", "epochs": 30, "rate": 0.01, "label_token": label_token}
    settings = Settings(data, tmp_path / "out", model=twin, batch=2, device="cpu", **choices)
    tuned = fine_tune(settings, said.append)
    assert tuned.scores["ALL"]["f1"] == 1.0
    assert said[0] == f"the tags of {data} are BIOES; they were read as BIO"
    loaded = load(tuned.folder)
    assert loaded.config.workbench_label_token == label_token
    found = classify(loaded, "in New Yorkshire")
    assert (found.label_token, found.remarks) == (label_token, ())
    assert found.sentences[0].tags == ("O", "B-LOC", "I-LOC")
    again = fine_tune(
        replace(settings, out=tmp_path / "again", model=str(tuned.folder), label_token=None, epochs=1), print
    )
    assert load(again.folder).config.workbench_label_token == label_token


def test_a_tenth_is_held_out_and_never_learned(twin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [["Number", str(at), "left", "Oslo"] for at in range(40)]
    data = tmp_path / "many.conll"
    data.write_text("\n".join(f"{a}\tNOUN\n{b}\tNUM\n{c}\tVERB\n{d}\tNAME\n" for a, b, c, d in words))
    seen, real = set(), loop.collate

    def noting(batch, *given):
        seen.update(tuple(row.ids) for row in batch)
        return real(batch, *given)

    monkeypatch.setattr(loop, "collate", noting)
    result = fine_tune(Settings(data, tmp_path / "out", model=twin, epochs=1, variant="echo"), print)
    assert (result.figure, result.measured_on) == ("macro F1", "4 held-out sentences, a tenth of the file")
    every = {tuple(row.ids) for row in encode(words, AutoTokenizer.from_pretrained(twin), echo=True)}
    assert len(every) == 40
    assert seen < every
    assert len(seen) == 36
    assert load(tmp_path / "out").config.workbench_input == "echo"


def test_a_rate_that_is_far_too_high_is_named(twin: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"the loss or a weight is no longer a number: --rate 1e\+30 is too high; try 1e\+29"
    ):
        tuned(twin, tmp_path / "out", epochs=2, rate=1e30)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_the_default_rate_falls_with_the_width() -> None:
    settings = Settings(DATA, Path("out"))
    assert settings.rate_for(192) == pytest.approx(2 * settings.rate_for(384))
    assert replace(settings, rate=0.5).rate_for(192) == 0.5
