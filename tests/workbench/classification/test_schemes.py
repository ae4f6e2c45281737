"""Every scheme of tags is read as the entities that seqeval, written by others, finds in it."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, IOE2, Entities

from gemma2_workbench.classification.labels import entities
from gemma2_workbench.classification.schemes import as_bio, read_as_bio, scheme_of, scheme_remark

# In IOE1 seqeval loses an entity of one word before another of its type (E- after nothing).
STRICT = {"IOB1": IOB1, "IOB2": IOB2, "IOE1": None, "IOE2": IOE2, "IOBES": IOBES, "BILOU": BILOU}
KINDS = st.sampled_from(["PER", "LOC"])
# Where entities lie: their type (none is outside) and length.
SPANS = st.lists(st.tuples(st.none() | KINDS, st.integers(1, 3)), min_size=1, max_size=6)


def written(spans, scheme):
    """Tags of a sentence in a scheme, from the definitions of the schemes."""
    tags = []
    for at, (kind, length) in enumerate(spans):
        before, after = spans[at - 1][0] if at else None, spans[at + 1][0] if at + 1 < len(spans) else None
        letters = ["I"] * length
        if scheme == "IOB2" or (scheme == "IOB1" and before == kind):
            letters[0] = "B"
        if scheme == "IOE2" or (scheme == "IOE1" and after == kind):
            letters[-1] = "E"
        if scheme in ("IOBES", "BILOU"):
            letters = ["B", *letters[2:], "E"] if length > 1 else ["S"]
            letters = [{"E": "L", "S": "U"}.get(letter, letter) if scheme == "BILOU" else letter for letter in letters]
        tags += ["O"] * length if kind is None else [f"{letter}-{kind}" for letter in letters]
    return tags


@given(SPANS, st.sampled_from(list(STRICT)))
def test_valid_tags_of_a_scheme_hold_the_entities_that_were_written_and_those_of_seqeval(spans, scheme):
    tags = written(spans, scheme)
    ends = list(accumulate(length for _, length in spans))
    meant = [(kind, end - length, end) for (kind, length), end in zip(spans, ends, strict=True) if kind]
    assert entities(as_bio(tags)) == meant
    assert scheme_of(set(tags))
    if STRICT[scheme]:
        theirs = [(entity.tag, entity.start, entity.end) for entity in Entities([tags], STRICT[scheme]).entities[0]]
        assert sorted(theirs, key=lambda entity: entity[1]) == meant


@given(st.lists(st.sampled_from(["O", *(f"{letter}-{kind}" for letter in "BIES" for kind in ("PER", "LOC"))])))
def test_a_sequence_that_breaks_its_scheme_is_read_as_the_conll_script_does(tags):
    assert entities(as_bio(tags)) == [(kind, start, end + 1) for kind, start, end in get_entities(tags)]


@pytest.mark.parametrize(
    ("scheme", "tags", "bio"),
    [
        ("BIO", "I-PER I-PER I-ORG O I-LOC", "B-PER I-PER B-ORG O B-LOC"),
        ("BIO", "I-PER I-PER B-PER", "B-PER I-PER B-PER"),
        ("BIOES", "B-PER I-PER E-PER S-PER O", "B-PER I-PER I-PER B-PER O"),
        ("BILOU", "B-PER L-PER U-LOC U-LOC", "B-PER I-PER B-LOC B-LOC"),
        ("IOE", "I-PER E-PER E-PER O", "B-PER I-PER B-PER O"),
        ("BMEWO", "B-PER M-PER E-PER W-LOC", "B-PER I-PER I-PER B-LOC"),
        ("BMES", "B-PER M-PER E-PER S-LOC", "B-PER I-PER I-PER B-LOC"),
        ("CoNLL-2012 brackets", "(PERSON* * *) * (GPE) (DATE*)", "B-PERSON I-PERSON I-PERSON O B-GPE B-DATE"),
        ("BIO", "O O", "O O"),
    ],
)
def test_schemes_are_told_apart_and_read_as_bio(scheme, tags, bio):
    assert scheme_of(tags.split()) == scheme
    assert as_bio(tags.split()) == bio.split()
    found, remarks = read_as_bio([tags.split()], "f", lambda _row, at: f"f:{at + 1}")
    assert found == [bio.split()]
    assert bool(remarks) == (bio != tags)
    assert scheme == "BIO" or scheme in remarks[0]


def test_plain_classes_are_no_scheme_and_slips_are_named():
    def place(row, at):
        return f"f:{3 * row + at}"

    for plain in (["NN", "O"], ["S-bar", "X-bar"], ["B", "I", "O"]):
        assert scheme_of(plain) == ""
        assert read_as_bio([plain], "f", place) == (None, [])
        assert scheme_remark("classes", plain) == ()
    with pytest.raises(ValueError, match="f:4: the tag 'LOC' is not BIO while others are .'B-PER' in line 0.; allowed"):
        read_as_bio([["B-PER", "O", "O"], ["O", "LOC"]], "f", place)
    with pytest.raises(ValueError, match=r"f:1: the tag '\(TOP\(S\(NP\*' is not CoNLL-2012 brackets"):
        read_as_bio([["(NP*", "(TOP(S(NP*", "*)"]], "f", place)


@pytest.mark.parametrize(
    ("classes", "remark"),
    [
        ("O B-PER I-PER", None),
        ("NN VB", None),
        ("O B-PER I-PER E-PER S-PER", "classes are BIOES tags; they were read as BIO"),
        ("O I-PER I-LOC", "classes know no B- "),
        ("O B-PER I-PER X", "classes are no scheme of tags ('X' beside 'B-PER')"),
    ],
)
def test_the_classes_of_a_model_are_remarked_on(classes, remark):
    found = scheme_remark("classes", classes.split())
    assert (found == ()) if remark is None else found[0].startswith(remark)
