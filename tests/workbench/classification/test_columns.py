"""Files of words as the world has them: right words and right tags, or one sentence that says which flags read them."""

import pytest

from gemma2_workbench.classification.columns import Columns
from gemma2_workbench.classification.conll import conll_file
from gemma2_workbench.classification.schemes import read_as_bio

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
German JJ B-NP B-MISC
# # B-NP O
5\u00a0000 CD I-NP O

Peter NNP B-NP I-PER
"""
CONLL_U = """# newdoc id = weblog
# sent_id = weblog-1
# text = Don't see Paris.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVB\tMood=Imp\t3\taux\t3:aux\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t3:advmod\t_
3\tsee\tsee\tVERB\tVB\tVerbForm=Inf\t0\troot\t0:root\t_
3.1\tbig\tbig\tADJ\t_\t_\t_\t_\t3:x\t_
4\tParis\tParis\tPROPN\tNNP\tNumber=Sing\t3\tobj\t3:obj\tSpaceAfter=No
5\t.\t.\tPUNCT\t.\t_\t3\tpunct\t3:punct\tSpacesAfter=\\n

# sent_id = weblog-2
1\tNew York\tNew York\tPROPN\tNNP\t_\t0\troot\t0:root\t_
"""
CONLL_2012 = """#begin document (bn/abc/00/abc_0001); part 000
bn/abc/00/abc_0001   0   0    George     NNP   (TOP(S(NP*        -    -   -   -   (PERSON*    (ARG0*    (12
bn/abc/00/abc_0001   0   1      Bush     NNP            *)       -    -   -   -          *)        *)    12)
bn/abc/00/abc_0001   0   2      left     VBD      (VP*        leave  01   1   -           *      (V*)     -
bn/abc/00/abc_0001   0   3    London     NNP      (NP*))))       -    -   -   -       (GPE)   (ARG1*)     -
bn/abc/00/abc_0001   0   4         .       .            ))       -    -   -   -          *        *      -

#end document
"""
GERMEVAL = """#\thttp://de.wikipedia.org/wiki/Manfred_Korfmann [2009-10-17]
1\tSeit\tO\tO
2\tder\tO\tO
3\tAC\tB-ORG\tB-LOC
4\tMailand\tI-ORG\tO
5\t#\tO\tO

#\thttp://de.wikipedia.org/wiki/X [2009-10-18]
1\tBonn\tB-LOC\tO
"""
WIKIANN = "en:Anna\tB-PER\nen:met\tO\nen::\tO\nen:Bob\tB-PER\n\nen:Yes\tO\n"
NUMBERED = "1 Anna NNP I-NP I-PER\n2 sleeps VBZ I-VP O\n\n1 Bob NNP I-NP I-PER\n"


def written(tmp_path, text, name="x.conll"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def pairs(file):
    return [
        list(map("/".join, zip(sentence.words, sentence.tags, strict=True))) for sentence in file.sentences
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "token", "tag", "expected"),
    [
        (
            CONLL_2003,
            None,
            None,
            ["EU/B-ORG rejects/O German/B-MISC #/O 5\u00a0000/O", "Peter/I-PER"],
        ),
        (CONLL_2003, "1", "2", ["EU/NNP rejects/VBZ German/JJ #/# 5\u00a0000/CD", "Peter/NNP"]),
        (CONLL_U, "2", "4", ["Do/AUX n't/PART see/VERB Paris/PROPN ./PUNCT", "New York/PROPN"]),
        (CONLL_U, "FORM", "XPOS", ["Do/VB n't/RB see/VB Paris/NNP ./.", "New York/NNP"]),
        (CONLL_2012, "4", "11", ["George/(PERSON* Bush/*) left/* London/(GPE) ./*"]),
        (GERMEVAL, "2", "3", ["Seit/O der/O AC/B-ORG Mailand/I-ORG #/O", "Bonn/B-LOC"]),
        (GERMEVAL, "2", "-1", ["Seit/O der/O AC/B-LOC Mailand/O #/O", "Bonn/O"]),
        (NUMBERED, "2", None, ["Anna/I-PER sleeps/O", "Bob/I-PER"]),
        (WIKIANN, "1", "2", ["Anna/B-PER met/O :/O Bob/B-PER", "Yes/O"]),
        ("word\tpos\tner\nAnna\tNNP\tB-PER\n", "word", "ner", ["Anna/B-PER"]),
        ("# ner pos word\nB-PER NNP Anna\n", "word", "ner", ["Anna/B-PER"]),
        ("#\tword\tner\n1\tAnna\tB-PER\n", "word", "ner", ["Anna/B-PER"]),
        ("#\tword\tner\nAnna\tB-PER\n", "word", "ner", ["Anna/B-PER"]),
        ("# global.columns = ID FORM NE\n1\tAnna\tB-PER\n", "FORM", "NE", ["Anna/B-PER"]),
    ],
)
def test_chosen_columns_give_the_words_and_their_tags(tmp_path, text, token, tag, expected):
    path = written(tmp_path, text)
    found = conll_file(path, Columns.of(token, tag, many=True))
    assert [" ".join(row) for row in pairs(found)] == expected
    lines = path.read_text().split("\n")
    assert all(word in lines[at - 1] for row in found.sentences for word, at in zip(row.words, row.lines, strict=True))
    assert bool(found.remarks) == (text == WIKIANN)


def test_brackets_of_conll_2012_are_names(tmp_path):
    found = conll_file(written(tmp_path, CONLL_2012), Columns("4", "11"))
    bio, remarks = read_as_bio([row.tags for row in found.sentences], "x.conll", lambda _row, at: f"x.conll:{at}")
    assert bio == [["B-PERSON", "I-PERSON", "O", "B-GPE", "O"]]
    assert remarks == ["the tags of x.conll are CoNLL-2012 brackets; they were read as BIO"]


def test_only_the_column_of_the_tags_is_written_anew(tmp_path):
    found = conll_file(written(tmp_path, GERMEVAL), Columns("2", "3"))
    again = found.retagged([["X"] * 5, ["Y"]])
    assert again == GERMEVAL.replace("\tO\tO", "\tX\tO").replace("B-ORG", "X").replace("I-ORG", "X").replace(
        "B-LOC\tO\n", "Y\tO\n"
    )
    spaced = conll_file(written(tmp_path, CONLL_2012), Columns("4", "11")).retagged(
        [["B-PER", "I-PER", "O", "B-GPE", "O"]]
    )
    assert spaced.split("\n")[1].endswith("-    -   -   -   B-PER    (ARG0*    (12")


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        (NUMBERED, None, ":1: .*5 columns; the first counts; say --token-column 2 --tag-column -1"),
        (NUMBERED, Columns(), ":1: the column of the words merely counts .1, ....; .*--token-column 2 --tag-column -1"),
        (GERMEVAL, None, ":2: .*4 columns; the first counts; say --token-column 2 --tag-column 3"),
        (GERMEVAL, Columns(), ":2: the column of the words merely counts"),
        (CONLL_U, None, ":4: .*as in CoNLL-U, say --token-column 2 --tag-column 4"),
        (CONLL_U, Columns(), ":5: the column of the words merely counts"),
        (CONLL_U, Columns("2"), ":5: the column of the tags holds '_', no tags; .*--tag-column 4"),
        (CONLL_2012, None, ":2: .*as in CoNLL-2012, say --token-column 4 --tag-column 11"),
        (CONLL_2012, Columns("1", "11"), ":2: the column of the words says 'bn/abc/00/abc_0001' in every line"),
        (CONLL_2003, None, ":3: .*4 columns; .* say --many-columns"),
        ("1\tAnna\n2\tsleeps\n", None, ":1: the column of the words merely counts"),
        ("1 a X\n2 b X\n1 c X\n", Columns("2"), ":3: word '1' follows word 2; .* an empty line ends a sentence"),
        ("a b O\nc O\nd e O\n", Columns(), ":2: 2 columns, the other lines of its sentence have 3"),
        ("a b O\n", Columns("4"), ":1: there is no column 4 among 3; --token-column takes 1..3"),
        ("a b O\n", Columns("1", "-3"), ":1: 3 columns, so word and tag would both be column 1"),
        ("a b O\n", Columns("word", "2"), ": no line at its beginning names the column 'word'; give numbers, from 1"),
        ("a\t\tO\n", Columns("2", "3"), ":1: the word is missing"),
        ("Anna\tB PER\n", None, ":1: expected TOKEN<TAB>TAG"),
    ],
)
def test_what_is_no_word_and_tag_is_refused_and_the_flags_that_read_it_are_named(tmp_path, text, columns, message):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=rf"x\.conll{message}"):
        conll_file(path, columns)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("0", "2"), "--token-column '0' is no column: numbers count from 1"),
        (("", "2"), "--token-column '' is no column"),
        (("2", "2"), "words and tags cannot both be column 2"),
    ],
)
def test_columns_that_cannot_be_are_refused_before_a_file_is_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        Columns(*arguments)
