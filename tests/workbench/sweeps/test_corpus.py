"""A corpus keeps the number of every text, says what cannot be read, and refuses what is none."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gemma2_workbench import LoadedModel
from gemma2_workbench.heads.random_repeats import score_heads
from gemma2_workbench.sweeps.corpus import Corpus
from gemma2_workbench.sweeps.sets import built_in
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.sweep import merge_sweep, sweep
from gemma2_workbench.sweeps.texts import blocks, formats


def test_every_format_gives_the_same_texts(tmp_path: Path) -> None:
    texts = ["Emma met Bob.", "two\u2028lines", "«ünï»"]
    (tmp_path / "a.txt").write_text("\n\n".join(texts), "utf-8")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"id": 1, "text": text}) for text in texts))
    frame = pd.DataFrame({"id": 1, "text": texts})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    for suffix in formats.SUFFIXES:
        found = list(Corpus.of([tmp_path / f"a{suffix}"]).documents())
        assert [(each.number, each.text) for each in found] == list(enumerate(texts))
    assert Corpus.of([tmp_path]).outline(64).documents == 4 * len(texts)
    assert Corpus.of([tmp_path / "a.csv"]).outline(64) == Corpus.of([tmp_path / "a.parquet"]).outline(64)
    (whole,) = Corpus.of([tmp_path / "a.txt"], split="document").documents()
    assert whole.text == "\n\n".join(texts)


def test_what_cannot_be_read_keeps_its_number_and_is_said(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "LONGEST", 100)
    path = tmp_path / "c.jsonl"
    lines = [b'{"text": "Emma met Bob"}', b'{"text": "ab\xff"}', b'{"other": 1}', b"no json", b'{"text": 3}', b"[1]"]
    path.write_bytes(b"\n".join([*lines, b'{"text": "' + b"a" * 300 + b'"}', b'{"text": "the end"}']))
    found = sweep(loaded, Corpus.of([path]))
    assert found.counts["windows"] == 2
    assert [problem.split(": ", 1)[0] for problem in found.damaged] == [f"c.jsonl:{line}" for line in range(2, 8)]
    for problem, words in zip(
        found.damaged, ("byte 0xFF", "missing", "no JSON", "no text but 3", "no JSON object", "longer"), strict=True
    ):
        assert words in problem
    assert "6 texts could not be read" in found.sentence


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b'{"body": "Emma"}', "has no column 'text'; it has body"),
        ("a.csv", b"body,id\nEmma,1\n", "has no column 'text'; it has body, id"),
        ("a.txt", b" \n", "there is no text in"),
        (
            "a.txt",
            "Emma\nBob\n".encode("utf-16"),
            "none of the 3 texts .*; the first: a.txt:1: it is",
        ),
        ("a.csv", b'text\nEmma\n"never closed\nBob\n', "is no CSV that can be read after line"),
        ("a.parquet", b"PAR1", "cannot be read as Parquet"),
        ("a.pdf", b"", "is none of .txt, .jsonl"),
    ],
)
def test_what_is_no_corpus_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        _ = Corpus.of([tmp_path / name]).outline(64)


def test_a_long_text_counts_as_several(loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PART", 40)
    monkeypatch.setattr(blocks, "BLOCK", 100)
    text = " ".join(f"Emma met Bob {number}" for number in range(12)) + "x" * 50
    (tmp_path / "a.txt").write_text(f"short\n{text}\n")
    pd.DataFrame({"text": ["short", text]}).to_parquet(tmp_path / "a.parquet")
    for name, of in (("a.txt", "a.txt:2 part"), ("a.parquet", "a.parquet row 2 part")):
        corpus = Corpus.of([tmp_path / name])
        first, *found = corpus.documents()
        assert [each.name for each in found] == [f"{of} {at}" for at in range(1, len(found) + 1)]
        assert "".join(str(each.text) for each in found) == text
        assert all(len(str(each.text)) <= 40 for each in found)
        assert all(str(each.text).startswith(" ") for each in found[1:-1])
        outline = corpus.outline(64)
        assert (outline.documents, outline.blocks) == (len([first, *found]), 3)
    done: list[tuple[int, int]] = []
    sweep(loaded, corpus, SweepSettings(), progress=lambda *each: done.append(each))
    assert done == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".txt"])
def test_a_text_that_is_too_long_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr(formats, "LONGEST", 100)
    path = tmp_path / f"a{suffix}"
    texts = pd.DataFrame({"text": ["Emma", "ä" * 60, "Bob"]})
    if suffix == ".txt":
        path.write_text("\n".join(texts["text"]))
    else:
        texts.to_csv(path, index=False) if suffix == ".csv" else texts.to_parquet(path)
    found = list(Corpus.of([path]).documents())
    assert [each.text for each in found] == ["Emma", None, "Bob"]
    assert found[1].problem.endswith("MiB; cut it into several texts")


def test_parts_that_do_not_belong_together_are_refused(loaded: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Emma met Bob\nBob met Emma\n")
    corpus, out = Corpus.of([path]), tmp_path / "out"
    sweep(loaded, corpus, SweepSettings(block=1), out=out, shard=(0, 2))
    with pytest.raises(ValueError, match="holds another sweep.*settings tokens: 9 and 512"):
        sweep(loaded, corpus, SweepSettings(block=1, tokens=9), out=out, shard=(1, 2))
    with pytest.raises(ValueError, match="another number of shards"):
        sweep(loaded, corpus, SweepSettings(block=1), out=out)
    from gemma2_workbench.sweeps.partial import Partial
    from gemma2_workbench.sweeps.store import parts_of

    (part,) = parts_of(out)
    with pytest.raises(ValueError, match="1 of 2 blocks of texts are missing"):
        merge_sweep([Partial.load(part)])
    ours = Partial.load(part).identity
    assert ours.differences(replace(ours, layers=ours.layers[:4])) == ["layers: 6 and 4"]
    assert ours.differences(replace(ours, layers=("x", *ours.layers[1:]))) == [f"layers: {ours.layers[0]} and x"]
    with pytest.raises(ValueError, match="are in both parts"):
        merge_sweep([Partial.load(part), Partial.load(part)])
    part.write_bytes(part.read_bytes()[:-50])
    with pytest.raises(ValueError, match="is no part of a sweep, or damaged"):
        Partial.load(part)


def test_built_in_sets_need_no_file(loaded: LoadedModel) -> None:
    found = sweep(loaded, built_in("repeats", size=4, length=20, seed=3))
    assert found.identity.built_in == {"name": "repeats", "size": 4, "length": 20, "seed": 3}
    assert found.counts == {"windows": 4, "tokens": 4 * 41}
    by_ids = score_heads(loaded, 16, 20)
    np.testing.assert_allclose(found.scores["induction"], by_ids.scores["induction"], atol=0.15)
    first = found.texts.iloc[0]["tokens"]
    assert list(first[1:21]) == list(first[21:])
    texts = [each.text for each in built_in("held-out").documents()]
    assert len(texts) == len(set(texts)) > 300
    with pytest.raises(ValueError, match="there is no set 'other'; the sets are repeats, held-out"):
        built_in("other")
    with pytest.raises(ValueError, match="are of the set repeats"):
        built_in("held-out", size=3)
