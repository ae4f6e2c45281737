"""Classifiers of any family of transformers: labels as its own pipelines give them, and the reasons for them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch.testing import assert_close
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, PreTrainedTokenizerFast
from transformers import pipeline as pipeline_of

from benchmarks.decoders.tiny import shaken, tiny_config
from gemma2_workbench import classify, load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.explanations import (
    Request,
    answered,
    head_effects,
    leave_one_out,
    mask_cost,
    saliency,
    target_of,
)
from gemma2_workbench.traces.interventions import AblateHeads, applied

TEXT = "Mira Lund took the slow bus from Bergen to Oslo, and nobody in Norway minded."
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
END = "<|endoftext|>"
MOODS = ("bad", "good", "neither")


def word_pieces() -> Any:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator([TEXT], trainers.WordPieceTrainer(vocab_size=90, special_tokens=names))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.decoder = decoders.WordPiece()
    kinds = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(tokenizer_object=made, **dict(zip(kinds, names, strict=True)))


def byte_pairs() -> Any:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [TEXT], trainers.BpeTrainer(vocab_size=290, special_tokens=[END], initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, bos_token=END)


def saved(family: str, kind: str, folder: Path) -> Path:
    """A tiny random classifier of a family with a tokenizer of its kind."""
    encoder = family not in ("llama", "qwen2", "gpt2", "bloom")
    tokenizer = word_pieces() if encoder else byte_pairs()
    names = TAGS if kind == "token" else MOODS
    config = tiny_config(family, len(tokenizer))
    config.id2label, config.label2id = dict(enumerate(names)), {name: at for at, name in enumerate(names)}
    config.pad_token_id = 0 if encoder else None
    config.classifier_pooling = "mean"  # of ModernBERT
    auto: Any = AutoModelForTokenClassification if kind == "token" else AutoModelForSequenceClassification
    for part in (shaken(auto.from_config(config, dtype=torch.float32)), tokenizer):
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each classifier, saved and loaded once."""
    known: dict[tuple[str, str], Any] = {}

    def of(family: str, kind: str = "token") -> Any:
        if (family, kind) not in known:
            known[family, kind] = load(saved(family, kind, tmp_path_factory.mktemp(family)))
        return known[family, kind]

    return of


@pytest.mark.parametrize("family", ["bert", "distilbert", "modernbert", "mpnet", "llama", "qwen2", "bloom"])
def test_words_are_labelled_as_the_pipeline_labels_their_first_token(family: str, opened: Any) -> None:
    loaded = opened(family)
    (found,) = classify(loaded, TEXT).sentences
    pipeline: Any = pipeline_of("token-classification", loaded.name, ignore_labels=[])
    rows = {(row["start"], row["end"]): row for row in pipeline(TEXT)}
    own = [at for at, special in enumerate(found.reading.tokens.special) if not special]
    assert [found.reading.tokens.spans[at] for at in own] == list(rows)
    probs_TC = torch.softmax(found.logits, -1)
    for at, row in zip(own, rows.values(), strict=True):
        assert found.classes[int(probs_TC[at].argmax())] == row["entity"]
        assert float(probs_TC[at].max()) == pytest.approx(float(row["score"]), abs=1e-6)
    for word, best in enumerate(found.best):
        first = found.reading.word_tokens(word)[0]
        assert TAGS[best] == rows[found.reading.tokens.spans[first]]["entity"]


def test_entities_are_those_of_the_pipeline(opened: Any) -> None:
    loaded = opened("modernbert")
    pipeline: Any = pipeline_of("token-classification", loaded.name, aggregation_strategy="first")
    theirs = [(row["entity_group"], row["start"], row["end"]) for row in pipeline(TEXT)]
    found = classify(loaded, TEXT)
    assert [(entity.label, entity.start, entity.end) for entity in found.entities] == theirs
    assert len(theirs) > 4
    (remark,) = found.remarks
    assert "they were read at the first one" in remark


@pytest.mark.parametrize(
    ("family", "place"), [("bert", "first"), ("modernbert", "mean"), ("gpt2", "last"), ("deberta-v2", "first")]
)
def test_texts_are_labelled_as_the_pipeline_labels_them(family: str, place: str, opened: Any) -> None:
    loaded = opened(family, "sequence")
    assert (loaded.labels, loaded.text_token) == ("sequence", place)
    found = classify(loaded, TEXT)
    (row,) = pipeline_of("text-classification", loaded.name)(TEXT)
    assert found.sentences[0].tags == (row["label"],)
    assert float(found.sentences[0].confidence[0]) == pytest.approx(row["score"], abs=1e-6)
    with pytest.raises(ValueError, match="labels whole texts"):
        classify(loaded, TEXT, label_token={"first": "last"}.get(place, "first"))


@pytest.mark.parametrize(("family", "kind"), [("bert", "token"), ("gpt2", "sequence")])
def test_every_reason_is_what_the_changed_model_says(family: str, kind: str, opened: Any) -> None:
    loaded = opened(family, kind)
    (before,) = classify(loaded, TEXT).sentences
    target = target_of(before, 0)
    score = target.score(before.word_logits[0])

    effects = head_effects(loaded, target)
    assert effects.score == pytest.approx(score, abs=1e-5)
    with applied(loaded, [AblateHeads(((1, 2),))]) as changed, torch.no_grad():
        after = changed.token_scores(
            torch.tensor([before.reading.tokens.ids]), torch.ones(1, len(before.reading.tokens))
        )
    without = torch.stack([after[0, list(places)].mean(0) for places in target.reads])
    assert float(effects.effects[1, 2]) == pytest.approx(score - target.score(without), abs=1e-5)
    assert_close(effects.weights.sum(-1), torch.ones(4, 4), atol=1e-5, rtol=0)

    found = saliency(loaded, target)
    assert found.complete
    left = leave_one_out(loaded, target)
    assert left.rows[0].score_before == pytest.approx(score, abs=1e-5)
    if kind == "sequence":
        again = classify(loaded, left.rows[0].read).sentences[0]
        assert left.rows[0].score_after == pytest.approx(target.score(again.word_logits[0]), abs=1e-5)
    assert mask_cost(loaded, TEXT).trained == ("bidirectional" if family == "bert" else "causal")
    shown = answered(loaded, Request(TEXT, "attention", word=0))
    assert shown.sentence.startswith("Where the token")
    assert answered(loaded, Request(TEXT, "tokens", word=0)).table["prob_1"].isna().all() == (kind == "sequence")


def test_maps_alone_give_labels_and_gradients_and_say_why_no_head_goes(opened: Any) -> None:
    loaded = opened("mpnet")
    (found,) = classify(loaded, TEXT).sentences
    assert saliency(loaded, target_of(found, 0)).complete
    for show in ("heads", "attention"):
        with pytest.raises(ValueError, match="maps only: .*no head of it can be"):
            answered(loaded, Request(TEXT, show, word=0))


def test_another_family_is_not_fine_tuned_and_the_command_says_what_is_possible(
    opened: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.conll"
    data.write_text("Mira\tB-PER\nsat\tO\n\nOslo\tB-LOC\nslept\tO\n")
    assert main(["finetune", str(data), "--out", str(tmp_path / "out"), "--model", opened("bert").name]) == 2
    said = capsys.readouterr().err
    assert "fine-tuning is for Gemma 2 models, and this is a bert model; train it with transformers' Trainer" in said
    assert not (tmp_path / "out").exists()


def test_the_command_labels_and_explains_with_a_folder(opened: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = opened("bert").name
    main(["classify", TEXT, "--model", folder, "--format", "csv"])
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(classify(opened("bert"), TEXT).sentences[0].tags)
    main(["why", TEXT, "--word", "Bergen", "--model", folder])
    assert "Bergen" in capsys.readouterr().out
