"""A text is read as the tokenizer gives it, and a label at the sub-token that is said: stock transformers agrees."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from gemma2_workbench import AblateHead, LoadedModel, embedded, load
from gemma2_workbench.classification.choices import LABEL_TOKENS
from gemma2_workbench.classification.classifier import class_names
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.evaluation import evaluate
from gemma2_workbench.classification.explanations import Request, answered
from gemma2_workbench.classification.explanations.head_ablation import head_effects
from gemma2_workbench.classification.explanations.leave_one_out import leave_one_out
from gemma2_workbench.classification.explanations.saliency import saliency
from gemma2_workbench.classification.explanations.target import Target, target_of
from gemma2_workbench.classification.finetune.start import starting_point
from gemma2_workbench.classification.inputs import collate, encode
from gemma2_workbench.classification.predictions import label
from gemma2_workbench.classification.words import word_spans
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.explanation_recipe import ExplanationRecipe, ExplanationRecord
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.reading import read_record

TEXT = "Then Emma left Nantucket for Boston"
WORD = 3  # Nantucket, several sub-tokens


def copied(folder: Path, tokenizer: dict[str, object] | None = None, config: dict[str, object] | None = None) -> Path:
    """tiny-ner with other settings; None takes a key out."""
    shutil.copytree(embedded()["tiny-ner"], folder)
    for name, changes in (("tokenizer_config.json", tokenizer), ("config.json", config)):
        held = json.loads((folder / name).read_text()) | (changes or {})
        (folder / name).write_text(json.dumps({key: value for key, value in held.items() if value is not None}))
    return folder


@pytest.fixture(scope="module")
def stock():
    cls = transformers.Gemma2ForTokenClassification
    return cls.from_pretrained(embedded()["tiny-ner"], dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def theirs(stock, tokenizer, text: str, label_token: str = "last") -> torch.Tensor:
    """Class scores of every word [W, C] of stock transformers, which reads what the tokenizer gives."""
    found = tokenizer(text, return_offsets_mapping=True)
    logits_TC = stock(torch.tensor([found["input_ids"]]), use_cache=False).logits[0]
    rows = []
    for start, end in word_spans(text):
        own = [at for at, (first, stop) in enumerate(found["offset_mapping"]) if first < end and stop > start]
        own = {"first": own[:1], "last": own[-1:], "mean": own}[label_token]
        rows.append(logits_TC[own].mean(0))
    return torch.stack(rows)


@pytest.mark.parametrize(
    "settings",
    [
        {"add_bos_token": True, "add_eos_token": True},
        {"add_bos_token": False, "add_eos_token": False},
        {"add_bos_token": False, "add_eos_token": True},
    ],
)
def test_what_surrounds_the_text_is_what_the_tokenizer_gives(stock, tmp_path: Path, settings):
    loaded = load(copied(tmp_path / "tagger", settings), dtype="float32")
    (predicted,) = classify(loaded, TEXT).sentences
    assert list(predicted.reading.tokens.ids) == loaded.tokenizer(TEXT)["input_ids"]
    assert_close(predicted.probs, theirs(stock, loaded.tokenizer, TEXT).softmax(-1), atol=1e-5, rtol=0)
    (echo,) = encode([TEXT.split()], loaded.tokenizer, echo=True)
    once = loaded.tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    lead, tail = [[2]] * settings["add_bos_token"], [[1]] * settings["add_eos_token"]
    line_break = [loaded.tokenizer.convert_tokens_to_ids("\n")]
    assert echo.ids == sum([*lead, once, line_break, once, *tail], [])


@pytest.mark.parametrize("blank", ["", " "])
def test_a_bos_that_is_there_is_not_added_again(tagger: LoadedModel, blank):
    (row,) = classify(tagger, f"{blank}<bos>Emma met Bob").sentences
    assert row.reading.tokens.ids.count(tagger.tokenizer.bos_token_id) == 1
    (row,) = classify(tagger, "Emma <bos> met Bob").sentences
    assert row.reading.tokens.ids.count(tagger.tokenizer.bos_token_id) == 2


@pytest.mark.parametrize("label_token", LABEL_TOKENS)
def test_labels_are_read_where_it_is_said(tagger, stock, tmp_path: Path, label_token):
    expected = theirs(stock, tagger.tokenizer, TEXT, label_token)
    (chosen,) = classify(tagger, TEXT, label_token=label_token).sentences
    assert_close(chosen.word_logits, expected, atol=1e-4, rtol=1e-4)
    loaded = load(copied(tmp_path / "tagger", config={"workbench_label_token": label_token}), dtype="float32")
    found = classify(loaded, TEXT)
    assert (found.label_token, found.remarks) == (label_token, ())
    assert torch.equal(found.sentences[0].word_logits, chosen.word_logits)
    places = chosen.reading.read[WORD]
    assert len(chosen.reading.word_tokens(WORD)) > 2
    assert places == {"first": places[:1], "last": places[-1:], "mean": chosen.reading.word_tokens(WORD)}[label_token]


def test_what_the_checkpoint_does_not_say_is_remarked_on(tmp_path: Path):
    loaded = load(copied(tmp_path / "tagger", config={"workbench_label_token": None}))
    (remark,) = classify(loaded, TEXT).remarks
    assert "does not say at which sub-token of a word its labels are read; they were read at the last one" in remark
    assert classify(loaded, TEXT, label_token="last").remarks == ()
    loaded.config.workbench_label_token = "middle"
    with pytest.raises(ValueError, match="workbench_label_token in config.json 'middle' is unknown; choose from first"):
        classify(loaded, TEXT)


def test_texts_as_a_whole_have_no_label_token(sorter: LoadedModel):
    assert classify(sorter, TEXT).remarks == ()
    with pytest.raises(ValueError, match="labels whole texts, at their last token"):
        classify(sorter, TEXT, label_token="mean")
    with_padding = classify(sorter, f"{TEXT}<pad>").sentences[0]
    ids = torch.tensor([with_padding.reading.tokens.ids])
    assert ids[0, -1] == sorter.config.pad_token_id
    with torch.no_grad():
        assert_close(with_padding.word_logits, sorter.model(ids, use_cache=False).logits, atol=1e-5, rtol=1e-4)


def test_every_place_where_a_label_is_read_learns_it(tagger: LoadedModel):
    (row,) = encode([TEXT.split()], tagger.tokenizer, False, "mean")
    (labels,) = collate([row], 0, [[7, 1, 2, 3, 4, 5]])["labels"]
    assert [labels[list(places)].unique().tolist() for places in row.read] == [[7], [1], [2], [3], [4], [5]]
    assert labels[0] == -100


@pytest.fixture(scope="module")
def mean(tagger: LoadedModel) -> Target:
    return target_of(classify(tagger, TEXT, label_token="mean").sentences[0], WORD)


def test_reasons_explain_the_mean_that_is_read(tagger, stock, mean: Target):
    score = mean.score(theirs(stock, tagger.tokenizer, TEXT, "mean")[WORD])
    found = saliency(tagger, mean)
    assert found.score == pytest.approx(score, abs=1e-4)
    assert found.complete
    heads = head_effects(tagger, mean)
    assert heads.score == pytest.approx(score, abs=1e-4)
    without = label(tagger, [mean.reading], [AblateHead(5, 1)])[0].word_logits[WORD]
    assert float(heads.effects[5, 1]) == pytest.approx(score - mean.score(without), abs=1e-4)
    with torch.no_grad():
        maps = stock(torch.tensor([mean.reading.tokens.ids]), output_attentions=True).attentions
    assert_close(heads.weights[3], maps[3][0][:, list(mean.positions)].mean(1), atol=1e-5, rtol=1e-4)
    explained = leave_one_out(tagger, mean, {0})
    (gone,) = explained.rows
    assert gone.score_before == pytest.approx(score, abs=1e-4)
    again = classify(tagger, gone.read, label_token="mean").sentences[0].word_logits[WORD - 1]
    assert gone.score_after == pytest.approx(mean.score(again), abs=1e-4)
    left = explained.alone
    assert left is not None
    assert left.score_after == pytest.approx(
        mean.score(theirs(stock, tagger.tokenizer, left.text, "mean")[0]), abs=1e-4
    )


def test_a_record_keeps_where_labels_were_read(tagger: LoadedModel, tmp_path: Path):
    answer = answered(tagger, Request(TEXT, word=WORD, label_token="first"))
    file = produced(ExplanationRecipe(answer), Output("table", "csv"), "why.csv").save(tmp_path / "why.csv")
    sidecar = file.with_name("why.csv.json")
    stored = read_record(sidecar).checked
    assert isinstance(stored, ExplanationRecord)
    assert stored.request == answer.request
    record = json.loads(sidecar.read_text())
    assert record.pop("label_token") == "first"
    # A file from before it could be chosen: labels were read at the last sub-token.
    sidecar.write_text(json.dumps(record))
    old = read_record(sidecar).checked
    assert isinstance(old, ExplanationRecord)
    assert old.request.label_token == "last"
    assert answered(tagger, Request(TEXT, word=WORD)).request.label_token == "last"


def test_evaluation_reads_labels_where_it_is_said(tagger: LoadedModel):
    from gemma2_workbench.classification.conll import read_conll
    from training.ner.silver import GOLD

    gold = [sentence for sentence in read_conll(GOLD) if sentence.notes["domain"] == "out"][:12]
    tags = {token: evaluate(tagger, gold, "gold", label_token=token).tags for token in LABEL_TOKENS}
    assert tags["last"] == evaluate(tagger, gold, "gold").tags
    assert tags["first"] != tags["last"] != tags["mean"]


def test_only_fine_tuning_may_begin_without_a_head(tmp_path: Path):
    folder = copied(tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    save_file({name: value for name, value in weights.items() if "score" not in name}, folder / "model.safetensors")
    with pytest.raises(ValueError, match="hold no head"):
        load(folder)
    loaded = load(folder, new_head=True)
    start = starting_point(loaded, "token", class_names(loaded))
    assert (start.fresh, set(start.names)) == (True, set(loaded.config.id2label.values()))
