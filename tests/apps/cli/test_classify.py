"""`classify` and `evaluate` from the command line: every format, the figures of the model card, and bad files."""

import csv
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from gemma2_workbench import embedded
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.conll import read_conll
from gemma2_workbench.model import Gemma2Config, Gemma2ForSequenceClassification

TEXT = "Mr. Darcy met Emma in Paris. The French love General Motors!"
GOLD = Path(__file__).parents[3] / "training" / "ner" / "gold" / "gold.conll"


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def printed(capsys):
    """`printed(*arguments)`: what a command prints when it goes well."""

    def run(*arguments):
        assert main(list(arguments)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return run


def test_the_table_names_each_entity_and_is_safe_to_print(printed, tagger):
    table = printed("classify", TEXT)
    expected = classify(tagger, TEXT).entities
    assert len(expected) > 3
    assert [line.split()[-5] for line in table.splitlines()[2:]] == [entity.label for entity in expected]
    assert all(entity.text in table and f"{entity.confidence:.3f}" in table for entity in expected)
    assert "\x1b" not in printed("classify", "\x1b[31mParis\x1b[0m", "Rome")
    assert "tiny-ner: 0 entities in 2 words" in printed("classify", "so what")


def test_json_holds_everything_needed_to_check_it(printed, tagger):
    Path("notes.txt").write_text("Emma went.\n\nTo Rome!\n")
    record = json.loads(printed("classify", TEXT, "notes.txt", "--format", "json"))
    assert record["model"]["weights_sha256"] == tagger.weights_sha256
    assert set(record["versions"]) >= {"torch", "transformers"}
    first, second = record["inputs"]
    assert (first["source"], second["source"], second["text"]) == ("text 1", "notes.txt", "Emma went.\n\nTo Rome!\n")
    found = classify(tagger, TEXT)
    assert [word["label"] for row in first["sentences"] for word in row["words"]] == [
        tag for predicted in found.sentences for tag in predicted.tags
    ]
    for part in (first, second):
        places = [*part["entities"], *(word for row in part["sentences"] for word in row["words"])]
        assert all(part["text"][place["start"] : place["end"]] == place["text"] for place in places)


def test_conll_and_csv_hold_the_same_labels(printed):
    Path("x.conll").write_text("# domain: in\nEmma\tO\n's\tO\n\nRome\tO\n")
    assert printed("classify", "x.conll", "Paris", "--out", "out.conll") == "out.conll: 2 labelled\n"
    sentences = read_conll(Path("out.conll"))
    assert [sentence.notes for sentence in sentences] == [
        {"source": "x.conll", "domain": "in"},
        {"source": "x.conll"},
        {"source": "text 1"},
    ]
    assert [sentence.words for sentence in sentences] == [["Emma", "'s"], ["Rome"], ["Paris"]]
    rows = list(csv.DictReader(io.StringIO(printed("classify", "x.conll", "Paris", "--format", "csv"))))
    assert [row["label"] for row in rows] == [tag for sentence in sentences for tag in sentence.tags]
    assert [row["source"] for row in rows] == ["x.conll"] * 3 + ["text 1"]
    assert all(0 <= float(row["margin"]) <= float(row["confidence"]) <= 1 for row in rows)


def test_the_figures_are_those_of_the_model_card(printed):
    found = json.loads(printed("evaluate", str(GOLD), "--format", "json", "--predictions", "out.conll"))
    card = json.loads((embedded()["tiny-ner"] / "evaluation.json").read_text())["tiny-ner"]
    names = {"in": "gold, in domain", "out": "gold, out of domain", "all": "gold, all"}
    for domain, rows in found["scores"].items():
        assert pd.DataFrame(rows).to_dict() == {
            kind: pytest.approx(row, abs=0.01) for kind, row in card[names[domain]].items()
        }
    assert found["remarks"] == []
    gold, predicted = read_conll(GOLD), read_conll(Path("out.conll"))
    assert [(s.words, s.notes, s.lines) for s in predicted] == [(s.words, s.notes, s.lines) for s in gold]
    pairs = [pair for s, p in zip(gold, predicted, strict=True) for pair in zip(s.tags, p.tags, strict=True)]
    assert found["accuracy"]["all"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    comments = [line for line in GOLD.read_text().splitlines() if line.startswith("# ")]
    assert [line for line in Path("out.conll").read_text().splitlines() if line.startswith("# ")] == comments


def test_other_tags_are_scored_word_by_word_and_said(printed):
    Path("pos.conll").write_text("Emma\tNNP\nwent\tVBD\n")
    table = printed("evaluate", "pos.conll")
    assert "note: pos.conll: no BIO tags, so there are no entities to score" in table
    assert "note: only pos.conll knows NNP, VBD" in table
    assert "words with the right tag: all 0.000" in table


def test_iob1_is_read_as_what_it_means_and_said(printed):
    Path("iob1.conll").write_text("Emma\tI-PER\nwent\tO\nto\tO\nParis\tI-CITY\n")
    found = json.loads(printed("evaluate", "iob1.conll", "--format", "json"))
    assert "2 entities of iob1.conll begin with I- instead of B- (the first in line 1)" in found["remarks"][0]
    assert found["remarks"][-1] == "only iob1.conll knows CITY"
    assert found["scores"]["all"]["PER"]["recall"] == 1
    assert found["scores"]["all"]["CITY"] == {"precision": 0, "recall": 0, "f1": 0, "support": 1}


@pytest.fixture
def sorter() -> str:
    """A folder with a classifier of whole texts."""
    names = {"id2label": {0: "sad", 1: "glad"}, "label2id": {"sad": 0, "glad": 1}}
    config = Gemma2Config.from_pretrained(embedded()["tiny"], num_hidden_layers=1, **names)
    config.layer_types = config.layer_types[:1]
    torch.manual_seed(0)
    Gemma2ForSequenceClassification(config).save_pretrained("sorter")
    for name in ("tokenizer.model", "tokenizer_config.json"):
        shutil.copy(embedded()["tiny"] / name, "sorter")
    return "sorter"


def test_whole_texts_are_labelled_by_the_same_command(printed, sorter, capsys):
    table = printed("classify", "What a day!\nOh no", "Oh", "--model", sorter)
    assert len(table.splitlines()) == 4
    record = json.loads(printed("classify", "What a day!", "--model", sorter, "--format", "json"))
    (label,) = record["inputs"][0]["sentences"][0]["words"]
    assert (record["inputs"][0]["kind"], label["text"]) == ("sequence", "What a day!")
    assert label["margin"] == pytest.approx(2 * label["confidence"] - 1, abs=1e-5)
    assert main(["classify", "Oh", "--model", sorter, "--format", "conll"]) == 2
    assert "labels whole texts, which CoNLL cannot hold" in capsys.readouterr().err
    Path("x.conll").write_text("a\tO\n")
    assert main(["evaluate", "x.conll", "--model", sorter]) == 2
    assert "labels whole texts; give a ...ForTokenClassification" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["classify", "missing.txt"], "there is no file missing.txt"),
        (["classify", "Paris", "--out", "missing/x.json"], "the folder missing does not exist"),
        (["classify", "Paris", "--model", "tiny"], "tiny is a Gemma2ForCausalLM, which labels nothing"),
        (["evaluate", "missing.conll"], "there is no file missing.conll"),
        (["evaluate", "empty.conll"], "empty.conll holds no words; expected lines TOKEN<TAB>TAG"),
        (["evaluate", "mixed.conll"], "mixed.conll:3: the tag 'PER' is not BIO while others are ('B-PER' in line 1)"),
        (["evaluate", "2003.conll"], "2003.conll:1: expected TOKEN<TAB>TAG, got 'EU NNP B-NP B-ORG': 4 columns"),
        (["evaluate", "mixed.conll", "--predictions", "mixed.conll"], "mixed.conll is read and would be overwritten"),
    ],
)
def test_wrong_input_ends_in_one_sentence(arguments, sentence, capsys):
    Path("empty.conll").write_text("\n# nothing\n")
    Path("mixed.conll").write_text("Emma\tB-PER\nso\tO\nRex\tPER\n")
    Path("2003.conll").write_text("EU NNP B-NP B-ORG\n")
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("gemma2-workbench: ")
    assert sentence in said
    assert len(said.splitlines()) == 1
