"""Labelled files: what they hold, and one sentence with file and line for every way they can be wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.finetune.data import read

GOOD = "Mira\tB-PER\nslept\tO\n\n# a: b\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n"


def line(**record: object) -> str:
    return json.dumps(record) + "\n"


def entity(start: object, end: object, label: object = "LOC") -> dict[str, object]:
    return {"start": start, "end": end, "label": label}


OK = line(tokens=["Mira", "slept"], tags=["B-PER", "O"])
TEXT = "Mira saw New York-based Ann."
# name: (file name, content, what the message says)
BAD: dict[str, tuple[str, str | bytes, str]] = {
    "no tab": ("x.conll", GOOD + "Oslo B-LOC\n", "x.conll:8: expected TOKEN<TAB>TAG, got 'Oslo B-LOC'"),
    "many columns": ("x.conll", "Oslo\tNNP\tB-LOC\n", "x.conll:1: expected TOKEN<TAB>TAG"),
    "mixed schemes": ("x.conll", GOOD + "Oslo\tLOC\n", "x.conll:8: the tag 'LOC' is not BIO while others are"),
    "no type": ("x.conll", "Oslo\tB-\nis\tO\n", "x.conll:1: the tag 'B-' has no type"),
    "two schemes": (
        "x.conll",
        "Mira\tU-PER\nOslo\tB-LOC\nso\tE-LOC\n",
        "x.conll:1: the tag 'U-PER' is not BIOES while others are",
    ),
    "one class": ("x.conll", "Oslo\tO\nis\tO\n", "x.conll: every label is 'O'; a classifier needs at least two"),
    "empty": ("x.conll", "", "x.conll: the file holds no sentences"),
    "comments only": ("x.conll", "# nothing\n\n", "x.conll: the file holds no sentences"),
    "latin-1": ("x.conll", "Malm\xf6\tB-LOC\n".encode("latin-1"), "x.conll is not UTF-8 text (byte 0xf6"),
    "unknown ending": ("x.xlsx", GOOD, "x.xlsx: the ending '.xlsx' is unknown; labelled files are .conll"),
    "not json": ("x.jsonl", OK + "{'tokens': []}\n", "x.jsonl:2: not JSON: Expecting property name"),
    "a list": ("x.jsonl", "[1]\n", 'x.jsonl:1: expected {"tokens", "tags"}, {"text", "entities"} or'),
    "other keys": ("x.jsonl", line(words=["a"], ner=["O"]), "got an object with 'ner', 'words'"),
    "unequal": ("x.jsonl", OK + line(tokens=["a", "b"], tags=["O"]), "x.jsonl:2: 2 tokens but 1 tags"),
    "numbers": ("x.jsonl", line(tokens=["a"], tags=[3]), "x.jsonl:1: tags must be a list of strings"),
    "empty word": ("x.jsonl", line(tokens=["a", " "], tags=["O", "O"]), "x.jsonl:1: word 2 of the sentence is empty"),
    "spaced tag": ("x.jsonl", line(tokens=["a", "b"], tags=["O", "B PER"]), "x.jsonl:1: the label 'B PER'"),
    "surrogate": ("x.jsonl", line(tokens=["a\ud800", "b"], tags=["O", "X"]), "x.jsonl:1: character 2 is half of"),
    "outside": (
        "x.jsonl",
        line(text="Oslo", entities=[entity(0, 9)]),
        "x.jsonl:1: the entity 0..9 lies outside the text",
    ),
    "backwards": ("x.jsonl", line(text="Oslo", entities=[entity(3, 3)]), "x.jsonl:1: the entity 3..3 is empty"),
    "cut word": (
        "x.jsonl",
        line(text=TEXT, entities=[entity(9, 17)]),
        "x.jsonl:1: the entity 'New York' (9..17) cuts the word 'York-based' (13..23)",
    ),
    "overlap": ("x.jsonl", line(text=TEXT, entities=[entity(0, 8, "A"), entity(5, 8)]), "(A and LOC) overlap at 'saw'"),
    "only space": ("x.jsonl", line(text=TEXT, entities=[entity(4, 5)]), "x.jsonl:1: the entity 4..5 holds no word"),
    "odd entity": ("x.jsonl", line(text=TEXT, entities=[entity("0", 4)]), "x.jsonl:1: an entity needs whole numbers"),
    "mixed tasks": ("x.jsonl", OK + line(text="a", label="b"), "x.jsonl:2: this line is for --task sequence"),
    "no text": ("x.jsonl", line(text=" ", label="b"), "x.jsonl:1: text must be a string that is not empty"),
    "odd label": ("x.jsonl", line(text="a", label=None), "x.jsonl:1: label must be a string or a whole number"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_sentence_with_its_line(name: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    file, content, message = BAD[name]
    Path(file).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    assert main(["finetune", file, "--out", "tagger"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("gemma2-workbench: ")
    assert said.count("\n") == 1
    assert not Path("tagger").exists()


def test_words_and_tags_are_the_same_from_both_formats(tmp_path: Path) -> None:
    (tmp_path / "x.conll").write_text(GOOD)
    rows = [OK, "\n", line(tokens=["in", "New", "York"], tags=["O", "B-LOC", "I-LOC"])]
    (tmp_path / "x.jsonl").write_text("".join(rows))
    conll, jsonl = (read(tmp_path / name) for name in ("x.conll", "x.jsonl"))
    assert [(row.text, row.labels) for row in conll.examples] == [
        ("Mira slept", ("B-PER", "O")),
        ("in New York", ("O", "B-LOC", "I-LOC")),
    ]
    assert [(row.text, row.words, row.labels) for row in jsonl.examples] == [
        (row.text, row.words, row.labels) for row in conll.examples
    ]
    assert conll.labels == ("O", "B-LOC", "B-PER", "I-LOC")
    assert [row.where[-2:] for row in (*conll.examples, *jsonl.examples)] == [":1", ":5", ":1", ":3"]


def test_entities_become_tags_of_words_sentence_by_sentence(tmp_path: Path) -> None:
    text = "Mira slept. Yahoo! News wrote so."
    entities = [entity(0, 4, "PER"), entity(text.index("Yahoo"), text.index(" wrote"), "ORG")]
    (tmp_path / "x.jsonl").write_text(line(text=text, entities=entities))
    first, second = read(tmp_path / "x.jsonl").examples
    assert (first.text, first.labels) == ("Mira slept.", ("B-PER", "O", "O"))
    # the ! ends no sentence here, because the entity goes on
    assert second.text == "Yahoo! News wrote so."
    assert second.labels == ("B-ORG", "I-ORG", "I-ORG", "O", "O", "O")


def test_an_inside_that_continues_nothing_begins_an_entity_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "iob1.conll").write_text("so\tO\n\nIn\tO\nNew\tI-LOC\nYork\tI-LOC\nOslo\tB-LOC\n")
    data = read(tmp_path / "iob1.conll")
    assert data.examples[1].labels == ("O", "B-LOC", "I-LOC", "B-LOC")
    assert data.notes == (
        f"1 entities of {tmp_path}/iob1.conll begin with I- instead of B- (the first in line 4); they were read as "
        "IOB1, each as if it began with B-",
    )


def test_tags_without_bio_are_plain_classes(tmp_path: Path) -> None:
    (tmp_path / "pos.tsv").write_text("She\tPRON\nsleeps\tVERB\n")
    data = read(tmp_path / "pos.tsv")
    assert (data.bio, data.labels) == (False, ("PRON", "VERB"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.conll", "--out", "new"], "none.conll: there is no such file"),
        (["x.conll", "--out", "new", "--task", "sequence"], "words with tags, which is --task token, not sequence"),
        (["x.conll", "--out", "new", "--dev", "dev.conll"], "dev.conll:4: the label 'B-GOD' does not occur in x.conll"),
        (["x.conll", "--out", "used"], "--out used is not empty (notes.txt); name a new folder"),
        (["x.conll", "--out", "x.conll"], "--out x.conll is a file; name a folder"),
        (["x.conll", "--out", "new", "--resume"], "new holds no checkpoint to resume from; start without --resume"),
        (["x.conll", "--out", "new", "--epochs", "0"], "--epochs 0 must be at least 1"),
        (["x.conll", "--out", "new", "--rate", "nan"], "--rate nan must be a number above 0"),
        (["x.conll", "--out", "new", "--seed", "-1"], "--seed -1 must lie in 0.."),
        (["x.conll", "--out", "new", "--model", "no/such"], "there is no model 'no/such' here"),
        (["x.conll", "--out", "new", "--device", "cuda"], "--device cuda: torch finds no such device"),
        (["long.conll", "--out", "new", "--model", "TWIN"], "long.conll:2: the sentence 'ha ha"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch, capsys, twin_folder: Callable[..., Path]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    Path("x.conll").write_text(GOOD)
    Path("dev.conll").write_text("Mira\tB-PER\n\nby\tO\nOdin\tB-GOD\n")
    Path("long.conll").write_text("\n" + "ha\tO\n" * 70 + "Oslo\tB-LOC\n")
    Path("used").mkdir()
    Path("used/notes.txt").write_text("mine")
    arguments = [str(twin_folder(max_position_embeddings=64)) if word == "TWIN" else word for word in arguments]
    capsys.readouterr()
    assert main(["finetune", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not Path("new").exists()
    assert [path.name for path in Path("used").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(("flags", "name"), [([], "accelerate"), (["--lora"], "peft")])
def test_a_missing_library_is_named_with_its_remedy(
    flags: list[str], name: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    real = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "gemma2_workbench.classification.finetune.train.find_spec",
        lambda wanted: None if wanted == name else real(wanted),
    )
    assert main(["finetune", "x.conll", "--out", str(tmp_path / "new"), *flags]) == 2
    assert f"needs {name}, not installed here: pip install 'gemma2-workbench[finetune]'" in capsys.readouterr().err
