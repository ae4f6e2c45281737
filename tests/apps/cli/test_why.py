"""`why` from the command line and from the bench: the library's numbers, and records that give the same bytes again."""

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gemma2_workbench import LoadedModel, SetCausal, classify
from gemma2_workbench.apps.cli import main
from gemma2_workbench.classification.explanations import head_effects, leave_one_out, saliency, target_of

TEXT = "-The crew went home. They sailed from Jordan to $x$ \\ the coast of Egypt."
JORDAN = 9  # of all words


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def why(*words: str) -> int:
    return main(["why", *words, "--", TEXT])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


def test_the_tables_are_the_numbers_of_the_library(tagger: LoadedModel) -> None:
    predicted = classify(tagger, TEXT).sentences[1]
    target = target_of(predicted, 3, "B-LOC", "B-PER")
    asked = ["--word", "Jordan", "--label", "B-LOC", "--against", "B-PER"]
    for show in ("saliency", "heads", "removals", "attention", "words"):
        assert why(*(asked if show != "words" else ()), "--show", show, "--out", f"{show}.csv") == 0
    found = {show.stem: pd.read_csv(show) for show in Path().glob("*.csv")}
    assert found["saliency"]["value"].tolist() == pytest.approx(saliency(tagger, target).values.tolist(), abs=1e-6)
    heads = head_effects(tagger, target)
    for row in found["heads"].itertuples():
        assert row.effect == pytest.approx(float(heads.effects[row.layer, row.head]), abs=1e-6)
    best = found["heads"].iloc[0]
    assert found["attention"]["weight"].tolist() == pytest.approx(heads.weights[best["layer"], best["head"]].tolist())
    assert found["removals"]["score_after"].tolist()[:-1] == pytest.approx(
        [row.score_after for row in leave_one_out(tagger, target).rows], abs=1e-5
    )
    assert found["removals"]["text"].iloc[-1] == "Jordan"  # all others removed
    assert found["words"]["label"].iloc[JORDAN] == predicted.tags[3]


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "a.pdf", "--venue", "acl"],
        ["--word", "Egypt", "--method", "gradient_x_input", "--out", "a.tex"],
        ["--show", "heads", "--causal", "on", "--title", "--out", "a.svg"],
        ["--show", "removals", "--against", "B-ORG", "--dpi", "90", "--out", "a.png"],
        ["--show", "attention", "--layer", "2", "--head", "1", "--dark", "--out", "a.html"],
        ["--show", "tokens", "--word", "3", "--out", "a.parquet"],
        ["--show", "entities", "--out", "a.csv"],
    ],
    ids=lambda words: next(word for word in words if word.startswith("a.")),
)
def test_every_file_and_its_command_give_the_same_bytes(words: list[str], makes_again: Any) -> None:
    assert why(*words) == 0
    name = words[-1] if words[-1].startswith("a.") else words[words.index("--out") + 1]
    makes_again("why", name)


def test_the_printed_answer_and_its_json(tagger: LoadedModel, capsys: Any) -> None:
    assert why("--causal", "on", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    predicted = classify(tagger, TEXT, interventions=[SetCausal(True)]).sentences[1]
    first, second = predicted.probs[3].topk(2).values.tolist()
    assert told["question"]["word"] == JORDAN
    assert told["probability"] == pytest.approx(first)
    assert told["score"] == pytest.approx(math.log(first / second), abs=1e-3)
    assert told["overrides"] == [{"kind": "SetCausal", "causal": True, "sentence": "causal mask"}]
    assert len(told["rows"]) == len(predicted.reading.tokens)
    assert why("--causal", "off", "--show", "heads", "--format", "json") == 0
    assert not json.loads(capsys.readouterr().out)["modified_model"], "it sees both sides anyway"
    assert why("--word", "Jordan", "--show", "heads", "--against", "B-PER") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tiny-ner: why 'Jordan' is B-LOC rather than B-PER"
    effects = head_effects(tagger, target_of(classify(tagger, TEXT).sentences[1], 3, against="B-PER"))
    top = effects.ranked(1)[0]
    assert lines[3].split()[1:3] == [str(top.layer), str(top.head)]
    assert float(lines[3].split()[0].replace("−", "-")) == pytest.approx(top.effect, abs=0.006)


def test_coloured_text_is_latex_that_compiles(here: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-recommended")
    assert why("--out", "a.tex") == 0
    assert why("--show", "heads", "--latex", "--out", "h.pdf") == 0
    paper = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{xcolor,graphicx}\begin{document}"
    Path("paper.tex").write_text(f"{paper}\n\\input{{a}}\n\\input{{h.figure}}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--word", "Jordn"], "the text has no word 'Jordn'; did you mean 'Jordan'? give one of its words, or its num"),
        (["--word", "9" * 5000], "the text has no word '99999"),
        (["--word", "99"], "the text has no word '99'; give one of its words, or its number, 0 to 19"),
        (["--label", "B-CITY"], "the model has no class 'B-CITY'; its classes: O, B-PER"),
        (["--label", "O", "--against", "O"], "O cannot be compared with itself"),
        (["--show", "attention", "--layer", "1"], "a head is named by its layer and its head; give both, or none"),
        (["--show", "attention", "--layer", "9", "--head", "0"], "layer 9 does not exist; allowed: 0..5"),
        (["--layer", "1"], "--layer is of --show attention; leave it out"),
        (
            ["--show", "heads", "--method", "gradient_x_input"],
            "--method is of --show saliency or faithfulness; leave it out",
        ),
        (["--show", "words", "--label", "O"], "--label is of a reason; words are the labels themselves"),
        (["--model", "tiny"], "tiny is a Gemma2ForCausalLM, which labels nothing"),
        (["--venue", "acl"], "--venue is of a file; give --out as well"),
        (["--out", "a.npz"], "a reason is saved as a figure (.pdf, .svg, .png, .html) or as a table (.csv, .parquet"),
        (["--out", "a.csv", "--latex"], "--latex is of a figure, and a.csv is a table; leave it out"),
        (["--out", "a.pdf", "--format", "json"], "--format is of what is printed"),
        (["--show", "entities", "--out", "a.pdf"], "entities are a table: save them as .csv, .parquet or .tex"),
        (["--out", "missing/a.pdf"], "the folder missing does not exist"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(words: list[str], sentence: str, here: Path, capsys: Any) -> None:
    assert why(*words) == 2
    told = said(capsys)
    assert sentence in told
    assert len(told.splitlines()) == 1
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"show": "tea"}, "show 'tea' is unknown"),
        (
            {"question": {"word": "3", "label": None, "against": None}},
            "'question.word': input should be a valid integer",
        ),
        ({"question": {"word": 99, "label": None, "against": None, "sentence": ""}}, "the text has no word 99"),
        ({"model": {"name": "tiny-ner"}}, "'model.source' is missing"),
        ({"overrides": [{"kind": "SetCausal", "causal": True, "sentence": ""}]}, "numbers: other values"),
        ({"ids": [1]}, "token ids"),
    ],
)
def test_an_odd_record_of_a_reason_is_noticed(changes: dict[str, Any], sentence: str, capsys: Any) -> None:
    assert why("--show", "heads", "--out", "a.csv") == 0
    odd = json.loads(Path("a.csv.json").read_text()) | changes
    Path("a.csv.json").write_text(json.dumps(odd))
    main(["redraw", "a.csv.json"])
    assert sentence in said(capsys)
