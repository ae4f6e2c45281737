"""Mistakes in a labelled file: kinds, lines and order by hand, the numbers of the scores, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gemma2_workbench import LoadedModel
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.conll import read_conll
from gemma2_workbench.classification.errors import errors
from gemma2_workbench.classification.evaluation import evaluate

GOLD = Path(__file__).parents[3] / "training" / "ner" / "gold" / "gold.conll"


def test_mistakes_are_what_the_scores_count(tagger: LoadedModel):
    gold = read_conll(GOLD)[:60]
    found = evaluate(tagger, gold, "gold")
    wrong = errors(found)
    counts = {kind: sum(row.kind == kind for row in wrong.mistakes) for kind in {row.kind for row in wrong.mistakes}}
    total = found.scores["all"]["ALL"]
    right = round(total["recall"] * total["support"])
    assert counts.pop("invented", 0) == wrong.confusion.loc["O"].sum()
    assert sum(counts.values()) == total["support"] - right
    assert wrong.confusion.drop(index="O").to_numpy().sum() == total["support"]
    tags = zip(found.gold, found.tags, strict=True)
    assert wrong.sentences == sum(sentence.tags != tags for sentence, tags in tags)
    first = {row.sentence: row for row in reversed(wrong.mistakes)}
    margins = [first[at].margin for at in dict.fromkeys(row.sentence for row in wrong.mistakes)]
    assert margins == sorted(margins, reverse=True)
    lines = GOLD.read_text().split("\n")
    assert all(lines[row.line - 1].split("\t")[0] == row.text.split()[0] for row in wrong.mistakes)


def test_each_kind_of_mistake(tagger: LoadedModel):
    (sentence,) = read_conll_of("Emma met the French in New York in May .", "O O O B-ORG O O B-LOC O B-DATE O")
    (predicted,) = evaluate(tagger, [sentence], "x").predicted
    assert [entity[0] for entity in predicted.entities] == ["PER", "LOC", "LOC", "DATE"]
    wrong = errors(evaluate(tagger, [sentence], "x"))
    assert {(row.text, row.gold, row.predicted, row.kind, row.found) for row in wrong.mistakes} == {
        ("Emma", "O", "PER", "invented", ""),
        ("French", "ORG", "LOC", "type", ""),
        ("York", "LOC", "LOC", "words", "New York"),
    }
    assert errors(evaluate(tagger, [replace(sentence, tags=list(predicted.tags))], "x")).mistakes == ()
    plain = replace(sentence, tags=["NOUN"] * 10)
    assert {row.kind for row in errors(evaluate(tagger, [plain], "x")).mistakes} == {"class"}


def read_conll_of(words: str, tags: str):
    from gemma2_workbench.classification.conll import Sentence

    return [Sentence(words.split(), tags.split())]


def test_the_command_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "x.conll"
    file.write_text("# a note\nEmma\tO\nmet\tO\nBob\tB-LOC\n\nParis\tB-LOC\n")
    assert main(["evaluate", str(file), "--errors"]) == 0
    told = capsys.readouterr().out
    assert "mistakes in 1 of 2 sentences, by sentence, most confident mistake first" in told
    assert main(["evaluate", str(file), "--errors", "--format", "json"]) == 0
    wrong = json.loads(capsys.readouterr().out)["errors"]
    assert {row["line"] for row in wrong["mistakes"]} == {2, 4}
    assert wrong["confusion"]["LOC"]["LOC"] == 1
    file.write_text("Emma B-PER\n")
    assert main(["evaluate", str(file), "--errors"]) == 2
