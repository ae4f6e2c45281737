"""CoNLL files come back as they were written; every other input is what it says, or one sentence says what is wrong."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemma2_workbench.classification.columns import Columns
from gemma2_workbench.classification.conll import Sentence, conll_file, conll_text, read_conll, write_conll
from gemma2_workbench.classification.files import checked_target, sources

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "C"], exclude_characters=":"), min_size=1, max_size=6
)
WORDS = st.one_of(
    st.sampled_from(["#", "# a", "New York", "x-DOCSTART-", "\u2028x"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\0\ufeff"), min_size=1, max_size=5).filter(
        str.strip
    ),
)
TAGS = st.sampled_from(["O", "B-PER", "I-PER", "NN", "#"])
SENTENCES = st.lists(
    st.builds(
        lambda rows, notes: Sentence([word for word, _ in rows], [tag for _, tag in rows], notes),
        st.lists(st.tuples(WORDS, TAGS), min_size=1, max_size=5),
        st.dictionaries(NAMES, NAMES | st.just(""), max_size=2),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("conll") / "x.conll"


@given(SENTENCES)
def test_a_conll_file_reads_back_as_written(file, sentences):
    write_conll(file, sentences)
    found = read_conll(file)
    assert found == sentences
    lines = file.read_text().split("\n")
    for sentence in found:
        rows = [lines[number - 1] for number in sentence.lines]
        assert rows == [f"{word}\t{tag}" for word, tag in zip(sentence.words, sentence.tags, strict=True)]


@given(SENTENCES)
def test_other_tags_change_nothing_else(file, sentences):
    write_conll(file, sentences)
    text = "# a file\n\n\n" + file.read_text() + "\n  \n"
    file.write_text(text)
    found = read_conll(file)
    new = [["B-NEW"] * len(sentence.words) for sentence in found]
    file.write_text(conll_file(file).retagged(new))
    again = read_conll(file)
    assert [(s.words, s.notes, s.tags) for s in again] == [
        (s.words, s.notes, t) for s, t in zip(found, new, strict=True)
    ]
    assert conll_file(file).retagged([s.tags for s in found]) == text


def test_hash_is_a_token_where_a_tab_follows(tmp_path):
    path = tmp_path / "x.conll"
    path.write_bytes(b"\xef\xbb\xbf# domain: in\r\n# checked twice\r\n#\tO\r\n#1\tB-DATE \r\n\r\n\r\n")
    assert read_conll(path) == [Sentence(["#", "#1"], ["O", "B-DATE"], {"domain": "in", "checked twice": ""})]


def test_many_columns_are_read_by_the_first_and_the_last(tmp_path):
    path = tmp_path / "x.conll"
    text = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nyes\tUH\tO\n"
    path.write_text(text)
    found = conll_file(path, Columns())
    assert found.sentences == [Sentence(["EU", "rejects"], ["B-ORG", "O"]), Sentence(["yes"], ["O"])]
    assert found.retagged([["O", "B-LOC"], ["O"]]).split("\n")[2:4] == [
        "EU NNP B-NP O",
        "rejects VBZ B-VP B-LOC",
    ]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("b O", "put one tab between token and tag"),
        ("b", "the tag is missing"),
        ("b\t", "the tag is missing"),
        ("\tO", "the token is missing"),
        ("#b O", "a comment starts with '# '"),
        ("EU NNP B-NP B-ORG", "4 columns; .* say --many-columns"),
        ("EU\tNNP\tB-ORG", "3 columns; .* say --many-columns"),
    ],
)
def test_a_bad_conll_line_is_named_by_its_number(tmp_path, line, hint):
    path = tmp_path / "x.conll"
    path.write_text(f"a\tO\n{line}\n")
    with pytest.raises(
        ValueError, match=rf"x\.conll:2: expected TOKEN<TAB>TAG, got {line!r}: {hint}".replace("\\t", r"\\t")
    ):
        read_conll(path)


@pytest.mark.parametrize("row", [("a\tb", "O"), ("a\nb", "O"), (" ", "O"), ("a", ""), ("a", "B PER")])
def test_what_a_conll_file_cannot_hold_is_not_written(row):
    with pytest.raises(ValueError, match="cannot be a line"):
        conll_text([Sentence([row[0]], [row[1]])])


def test_an_argument_is_a_file_where_there_is_one_and_else_a_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").write_bytes(b"\xef\xbb\xbfParis.\r\nRome.")
    (tmp_path / "x.conll").write_text("Rome\tB-LOC\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("Zürich".encode())))
    found = list(sources(["notes", "Paris", "-", "x.conll", "and/or", "x" * 5000]))
    assert [source.name for source in found] == ["notes", "text 1", "stdin", "x.conll", "text 2", "text 3"]
    assert [source.text for source in found[:3]] == ["Paris.\nRome.", "Paris", "Zürich"]
    assert found[3].sentences == (Sentence(["Rome"], ["B-LOC"]),)
    assert [source.name for source in sources(["Paris"])] == ["text"]


FILES = {
    "empty.txt": b"",
    "blank.txt": b" \n\t\n",
    "comments.conll": b"# only this\n\n",
    "latin.txt": "Zürich".encode("latin-1"),
    "utf16.txt": "Paris".encode("utf-16"),
    "picture.txt": b"\x89PNG\r\n\x1a\n\0\0",
    "zeros.txt": b"ab\0\0",
    "rows.jsonl": b'{"text": "Paris"}\n',
}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("missing.txt", "there is no file missing.txt"),
        ("./missing", "there is no file missing"),
        (".", ". is a folder"),
        ("empty.txt", "empty.txt holds no words"),
        ("blank.txt", "blank.txt holds no words"),
        ("comments.conll", "comments.conll holds no words"),
        ("", "text holds no words"),
        ("latin.txt", r"latin.txt is not UTF-8 text \(byte 0xfc at position 1\)"),
        ("picture.txt", "picture.txt is a binary file"),
        ("utf16.txt", "utf16.txt is UTF-16 text; save it as UTF-8"),
        ("zeros.txt", "zeros.txt is a binary file"),
        ("rows.jsonl", "rows.jsonl: .jsonl files are not read"),
    ],
)
def test_a_file_that_cannot_be_labelled_is_said(argument, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises((OSError, ValueError), match=f"^{message}"):
        list(sources([argument]))


def test_where_nothing_can_be_written_is_said_before_the_work(tmp_path):
    (tmp_path / "in.conll").touch()
    assert checked_target(tmp_path / "out.conll", [tmp_path / "in.conll", "-", "a text"]) == tmp_path / "out.conll"
    with pytest.raises(ValueError, match=r"in\.conll is read and would be overwritten"):
        checked_target(tmp_path / "in.conll", ["a text", str(tmp_path / "in.conll")])
    with pytest.raises(FileNotFoundError, match="the folder .* does not exist"):
        checked_target(tmp_path / "no" / "out.conll", [])
    with pytest.raises(IsADirectoryError, match="is a folder; name a file"):
        checked_target(tmp_path, [])
