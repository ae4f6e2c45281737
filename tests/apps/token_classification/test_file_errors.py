"""A CoNLL file on the page: the figures of `evaluate --errors`, and sentences that name the line."""

from pathlib import Path

import pytest

from gemma2_workbench import LoadedModel
from gemma2_workbench.classification.conll import read_conll
from gemma2_workbench.classification.errors import errors
from gemma2_workbench.classification.evaluation import evaluate
from tests.apps.token_classification.conftest import Ask

FILE = "# domain: news\nEmma\tB-PER\nsaw\tO\nParis\tB-ORG\n.\tO\n\nGeorgia\tB-PER\nspoke\tO\n"


def test_the_errors_are_those_of_the_command(ask: Ask, tagger: LoadedModel, tmp_path: Path) -> None:
    told = ask("file_errors", model="tiny-ner", name="some.conll", content=FILE)
    (tmp_path / "some.conll").write_text(FILE)
    found = evaluate(tagger, read_conll(tmp_path / "some.conll"), "some.conll")
    wrong = errors(found)
    assert told["f1"] == found.scores["all"]["ALL"]["f1"]
    assert [(row["line"], row["gold"], row["predicted"]) for row in told["mistakes"]] == [
        (row.line, row.gold, row.predicted) for row in wrong.mistakes
    ]
    assert told["confusion"] == wrong.confusion.to_numpy().tolist()
    paris = next(row for row in told["mistakes"] if row["here"] == "Paris")
    labels = ask("labels", model="tiny-ner", text=paris["text"])
    assert labels["words"][paris["word"]]["text"] == "Paris"


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        ("Emma B-PER\n", {}, "some.conll:1: expected TOKEN<TAB>TAG"),
        ("Emma\tB-PER\n\nParis\n", {}, "some.conll:3"),
        ("", {}, "holds no words"),
        ("Emma\0\tO\n", {}, "binary file"),
        ("Emma\tNNP\tB-PER\n", {"token_column": "9", "tag_column": "-1"}, "there is no column 9"),
        ("Emma\tB-PER\n", {"name": "../some.conll"}, "name"),
    ],
)
def test_a_file_that_cannot_be_read_says_the_line(ask: Ask, content: str, more: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ask("file_errors", **{"model": "tiny-ner", "name": "some.conll", "content": content, **more})


def test_other_columns_can_be_named(ask: Ask) -> None:
    content = "Emma NNP B-PER\nsaw VBD O\n"
    told = ask("file_errors", model="tiny-ner", name="x", content=content, token_column="1", tag_column="-1")
    assert told["sentences"] == 1
