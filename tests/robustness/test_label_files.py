"""Files of labels that are no such files: every command answers in one sentence with the file's name and the line."""

import json
from pathlib import Path

import pytest

from gemma2_workbench.apps.cli import main

GOOD = "Emma\tB-PER\nmet\tO\nBob\tB-PER\n\n"
LINE = json.dumps({"tokens": ["Emma", "met"], "tags": ["B-PER", "O"]}) + "\n"
# name: content, and what the sentence says after the file's name; a line's number where there is a line
CONLL: dict[str, tuple[bytes, str]] = {
    "empty": (b"", " holds no"),
    "only blanks": (b" \n\t\n\n", " holds no"),
    "only comments": (b"# text = nothing\n# more\n\n# end\n", " holds no"),
    "only a document": (b"-DOCSTART-\tO\n\n", " holds no"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0", " is a binary file, no text (byte 0x00 at position 8)"),
    "UTF-16": (GOOD.encode("utf-16"), " is UTF-16 text; save it as UTF-8"),
    "not UTF-8": ("Zürich\tB-LOC\n".encode("latin-1"), " is not UTF-8 text (byte 0xfc at position 1)"),
    "one column": (f"{GOOD}Emma\nmet\n".encode(), ":5: expected TOKEN<TAB>TAG, got 'Emma': the tag is missing"),
    "ragged columns": (f"{GOOD}Emma\tB-PER\nmet\tVBD\tO\n".encode(), ":6: expected TOKEN<TAB>TAG, got 'met"),
    "blanks for tabs": (b"Emma B-PER\n", ":1: expected TOKEN<TAB>TAG, got 'Emma B-PER': put one tab between"),
    "numbered words": (b"1\tEmma\tB-PER\n", ":1: expected TOKEN<TAB>TAG, got '1"),
    "numbers for words": (b"1\tEmma\n2\tmet\n3\tBob\n", ":1: the column of the words merely counts (1, ...)"),
    "numbers through the file": (
        b"1\tO\n2\tO\n\n3\tO\n4\tB-LOC\n",
        ":1: the column of the words merely counts (1, ...)",
    ),
    "slip": (f"{GOOD}Rome\tLOC\n".encode(), ":5: the tag 'LOC' is not BIO while others are ('B-PER' in line 1)"),
    "two schemes": (b"Emma\tU-PER\nmet\tO\nNew\tB-LOC\nYork\tE-LOC\n", ":1: the tag 'U-PER' is not BIOES while"),
    "long line": (f"{GOOD}{'ab ' * 350_000}\tO\tO\n".encode(), ":5: expected TOKEN<TAB>TAG, got 'ab ab"),
    "long tag": (f"{GOOD}Emma\t{'x' * 1_000_000}\n".encode(), ":5: the tag 'xxx"),
    "old Mac line ends": (b"Emma\tO\rmet\rBob\tO\r", ":2: expected TOKEN<TAB>TAG, got 'met'"),
}
MANY: dict[str, tuple[bytes, str]] = {
    "ragged columns": (b"a NN O\nb O\nc NN O\n", ":2: 2 columns, the other lines of its sentence have 3"),
    "the same number twice": (b"1 a O\n2 b O\n2 c O\n", ":3: word '2' follows word 2; the first column counts"),
    "no such column": (b"a O\n", ":1: word and tag|:1: 2 columns, so word and tag would both be column 2"),
    "MISC for tags": (b"1\ta\t_\n2\tb\tSpaceAfter=No\n", ":1: the column of the tags holds '_', no tags"),
}
JSONL: dict[str, tuple[bytes, str]] = {
    "empty": (b"\n\n", ": the file holds no sentences"),
    "UTF-16": (LINE.encode("utf-16"), " is UTF-16 text; save it as UTF-8"),
    "cut short": (f"{LINE}{LINE[:-5]}".encode(), ":2: not JSON: "),
    "a key twice": (f'{LINE}{{"text": "a", "text": "b", "label": "c"}}\n'.encode(), ":2: the key 'text' stands there"),
    "deep": (f"{LINE}{'[' * 200_000}\n".encode(), ":2: brackets within brackets too deep"),
    "null": (
        f"{LINE}null\n".encode(),
        ':2: expected {"tokens", "tags"}, {"text", "entities"} or {"text", "label"}, got null',
    ),
    "a list": (f"{LINE}[1]\n".encode(), ", got a list"),
    "a truth": (f"{LINE}true\n".encode(), ", got true or false"),
    "a long number": (f'{LINE}{{"text": "a", "label": {"9" * 5000}}}\n'.encode(), ":2: a number of 5000 digits"),
    "slip": (f'{LINE}{{"tokens": ["Rome"], "tags": ["LOC"]}}\n'.encode(), ":2: the tag 'LOC' is not BIO while"),
}


@pytest.fixture(autouse=True)
def once(tagger, monkeypatch, tmp_path):
    monkeypatch.setattr("gemma2_workbench.apps.cli.model.load", lambda *_given, **_how: tagger)
    monkeypatch.chdir(tmp_path)


def refused(capsys, arguments: list[str]) -> str:
    """The one line on stderr of a command that refuses."""
    assert main(arguments) == 2
    out, said = capsys.readouterr()
    assert (out, said.count("\n")) == ("", 1)
    assert said.startswith("gemma2-workbench: ")
    assert len(said) < 600
    return said


@pytest.mark.parametrize("name", CONLL)
@pytest.mark.parametrize("command", ["classify", "evaluate", "finetune"])
def test_a_bad_conll_file(command, name, capsys):
    content, message = CONLL[name]
    Path("x.conll").write_bytes(content)
    # Labels are not asked for by `classify`, which takes the words alone.
    if command == "classify" and name in ("slip", "two schemes"):
        assert main(["classify", "x.conll"]) == 0
        return
    said = refused(capsys, [command, "x.conll", *(["--out", "new"] if command == "finetune" else [])])
    assert f"x.conll{message}" in said.replace(": the file holds no", " holds no")
    assert not Path("new").exists()


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("command", ["classify", "evaluate", "finetune"])
def test_columns_that_do_not_hold_words_and_tags(command, name, capsys):
    content, message = MANY[name]
    Path("x.conll").write_bytes(content)
    arguments = ["--token-column", "2", *(["--out", "new"] if command == "finetune" else [])]
    assert f"x.conll{message.split('|')[-1]}" in refused(capsys, [command, "x.conll", *arguments])


@pytest.mark.parametrize("name", JSONL)
def test_a_bad_jsonl_file(name, capsys):
    content, message = JSONL[name]
    Path("x.jsonl").write_bytes(content)
    said = refused(capsys, ["finetune", "x.jsonl", "--out", "new"])
    assert "x.jsonl" in said
    assert message in said


@pytest.mark.parametrize("command", ["classify", "evaluate"])
def test_a_sentence_too_long_is_named_by_its_line(command, capsys):
    Path("x.conll").write_text(f"{GOOD}{'x' * 9000}\tO\n")
    assert "x.conll:5 ('xxx" in refused(capsys, [command, "x.conll"])


def test_the_label_token_of_a_checkpoint_is_one_of_three(tagger, capsys, monkeypatch):
    Path("x.conll").write_text(GOOD)
    monkeypatch.setattr(tagger.config, "workbench_label_token", ["last"])
    for arguments in (["classify", "Emma"], ["evaluate", "x.conll"], ["why", "Emma"]):
        assert "workbench_label_token in config.json ['last'] is unknown" in refused(capsys, arguments)


def test_what_a_checkpoint_does_not_say_is_noted_by_every_command(tagger, capsys, monkeypatch):
    Path("x.conll").write_text(GOOD)
    monkeypatch.setattr(tagger.config, "workbench_label_token", None)
    for arguments in (["classify", "Emma"], ["evaluate", "x.conll"], ["why", "Emma", "--show", "words"]):
        for chosen in ([], ["--label-token", "mean"]):
            assert main([*arguments, *chosen]) == 0
            assert ("does not say at which sub-token" in "".join(capsys.readouterr())) == (not chosen)


def test_other_schemes_of_classes_are_read_as_bio_and_noted_by_every_command(tagger, capsys, monkeypatch):
    Path("x.conll").write_text("Emma\tS-PER\nmet\tO\nNew\tB-LOC\nYork\tE-LOC\n")
    names = {at: name.replace("I-", "E-") for at, name in tagger.config.id2label.items()}
    monkeypatch.setattr(tagger.config, "id2label", names)
    for arguments in (["classify", "Mr. Darcy met Emma"], ["why", "Emma", "--show", "words"], ["evaluate", "x.conll"]):
        assert main(arguments) == 0
        out, said = capsys.readouterr()
        assert "classes of tiny-ner are BIOES tags; they were read as BIO" in out + said
    assert "x.conll are BIOES; they were read as BIO" in out
    assert "entities: exact words and type" in out
