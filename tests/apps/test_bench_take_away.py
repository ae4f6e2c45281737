"""What a reader saves from the bench: the file that the command `why` makes, redrawn to the same bytes."""

import shlex
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gemma2_workbench import LoadedModel, load
from gemma2_workbench.apps.cli import main, model
from gemma2_workbench.apps.page.download import COLOURED, EVERYTHING, written
from gemma2_workbench.apps.token_classification.asked import Asked
from gemma2_workbench.apps.token_classification.findings import Findings
from gemma2_workbench.apps.token_classification.take_away import FIGURES, TABLES, reason
from gemma2_workbench.records import again
from gemma2_workbench.records.reading import read_record

TEXT = "Jordan flew to Jordan in May, and May met Jordan there. The Germans left London on 4 May 1815."
PAGE = "ACL, column"


@pytest.fixture(scope="module")
def tagger() -> LoadedModel:
    return load("tiny-ner")


@pytest.fixture(autouse=True)
def loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tagger: LoadedModel) -> None:
    """The embedded classifier is loaded once, and commands write into a folder of their own."""
    for user in (again, model):
        monkeypatch.setattr(user, "load", lambda *_, **__: tagger)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def findings(tagger: LoadedModel) -> Findings:
    return Findings(lambda _: tagger)


@pytest.mark.parametrize(
    ("part", "kind", "asked"),
    [
        ("saliency", "PDF", {"sentence": 1, "word": 3, "method": "gradient_x_input"}),
        ("saliency", COLOURED, {"mask": "causal"}),
        ("heads", "SVG", {"against": 3}),
        ("attention", "HTML", {"layer": 2, "head": 1}),
        ("removals", "LaTeX table", {"word": 10}),
        ("tokens", "Parquet", {"sentence": 1}),
        ("words", "LaTeX table", {}),
    ],
)
def test_a_saved_file_and_its_command_are_the_same_bytes(
    findings: Findings, part: str, kind: str, asked: dict[str, Any], capsys: Any
) -> None:
    file = written(reason(findings, Asked("tiny-ner", TEXT, **asked), part), part, kind, PAGE)
    assert main(["redraw", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"{file.name}: same bytes")
    assert main(shlex.split(read_record(file).record["command"])[1:]) == 0
    assert Path(file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("part", ["removals", "entities"])
def test_everything_is_a_zip_whose_parts_redraw(findings: Findings, part: str, tmp_path: Path, capsys: Any) -> None:
    file = written(reason(findings, Asked("tiny-ner", TEXT), part), part, EVERYTHING, PAGE)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path)
    ending = "pdf" if part in FIGURES else "tex"
    for name in (f"{part}.{ending}", f"{part}.csv.json"):
        assert main(["redraw", name]) == 0
    assert capsys.readouterr().out.count("same bytes") == 2
    source = next(Path().glob("*.tex")).read_text()
    assert (r"\includegraphics" if part in FIGURES else r"\toprule") in source


def test_every_part_is_there_and_labels_are_no_picture(findings: Findings) -> None:
    for part in (*FIGURES, *TABLES):
        assert len(reason(findings, Asked("tiny-ner", TEXT), part).answer.table)
    with pytest.raises(ValueError, match="words are a table: save them as"):
        written(reason(findings, Asked("tiny-ner", TEXT), "words"), "words", "PDF", PAGE)
