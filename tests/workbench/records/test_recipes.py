"""The contract of recipes: every kind is saved, read and made again to the byte, and so is a toy one from outside."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import pandas as pd
import pytest

from gemma2_workbench import (
    AblateHead,
    LoadedModel,
    SetWindow,
    Sweep,
    Trace,
    capture,
    compare,
    save_figure,
    save_table,
)
from gemma2_workbench.apps.cli import main
from gemma2_workbench.figures.spec import Bars, FigureSpec
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.command import Command
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.pair_recipe import PairRecipe
from gemma2_workbench.records.reading import read_record
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.recipes import RECIPES
from gemma2_workbench.records.redraw import drawn_again
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.schema import FilePart
from gemma2_workbench.views import pair_view_named

TEXT = "Anna met Bob. Later Anna met"
# What each kind is made with on the command line, by its name in records.
MADE = {
    None: ["figure", "attention", "--layer", "0", "1", f"--text={TEXT}"],
    "pair": ["compare", "--layer", "1", "2", "--ablate", "1.2", "--window", "4", TEXT, f"{TEXT} Tom"],
    "mask": ["mask", "--window", "2", "--padding", "1", TEXT],
    "reason": ["why", "--show", "removals", "Anna met Bob"],
    "scores": ["heads", "--sequences", "3", "--length", "9", "--metric", "induction"],
    "sweep": ["sweep figure", "head", "heads", "--layer", "5", "--head", "2", "3", "--statistic", "induction"],
    "sweeps": ["sweep compare", "heads", "heads", "--statistic", "entropy"],
    "patch": [
        *("patch", "--what", "head_out", "--layers", "4,5", "--token", "▁green", "--against", "▁silver"),
        *("red blue green seven red blue", "red blue silver seven red blue"),
    ],
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_a_file_is_read_and_made_again_and_its_command_makes_it_too(recipe: type[Recipe], swept: Sweep) -> None:
    words = MADE[recipe.KIND]
    if recipe.KIND in ("sweep", "sweeps"):
        swept.save(Path("heads"))
    assert main([*words[:1], "--out", "a.svg", *words[1:]]) == 0
    stored = read_record(Path("a.svg"))
    assert (stored.recipe, type(stored.checked)) == (recipe, recipe.SCHEMA)
    redrawn = drawn_again(stored)
    assert (redrawn.holds, redrawn.differences, redrawn.notes) == (True, (), ())
    then = Path("a.svg").read_bytes()
    Path("a.svg").unlink()
    assert main(shlex.split(stored.record["command"])[1:]) == 0
    assert Path("a.svg").read_bytes() == then


def test_a_pair_that_python_saves_is_drawn_again(loaded: LoadedModel, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one whose first run is changed, which no flags of `compare` say: its command is `redraw`."""
    runs = [
        capture(loaded, TEXT, interventions=[change], read=("attention", "folds", "lens"), parity=False)
        for change in (AblateHead(0, 1), SetWindow(3))
    ]
    save_figure("difference", compare(*runs), "a.svg", layer=[0, 3], title=True)
    recipe = PairRecipe.of(pair_view_named("next_token"), [Run(run) for run in runs])
    assert recipe.modified(compare(*runs)) == (
        " (modified model before: layer 0 head 1 set to zero; after: sliding window 3)"
    )
    save_table("lens_change", compare(*runs), "b.csv")
    record = json.loads(Path("b.csv.json").read_text())
    assert record["command"] == "gemma2-workbench redraw b.csv.json --out b.csv"
    for name in ("a.svg", "b.csv.json"):
        assert main(["redraw", name]) == 0
        assert "same bytes" in capsys.readouterr().out
    with pytest.raises(ValueError, match="there is no view of a pair 'atlas'"):
        save_table("atlas", compare(*runs), "c.csv")
    with pytest.raises(ValueError, match="hold attention maps of one run"):
        save_table("difference", compare(*runs), "c.npz")


def test_a_map_over_heads_is_drawn_again_and_other_records_do_not_know_of_it(trace: Trace) -> None:
    made = {
        "one": {"layer": 1, "head": 2},
        "mean": {"layer": 1, "over": "mean", "heads": "1,2"},
        "both": {"layer": 5, "over": ["mean", "max"]},
    }
    for name, options in made.items():
        save_figure("attention", trace, f"{name}.svg", title=True, **options)
        assert drawn_again(read_record(Path(f"{name}.svg"))).holds
    options = {name: json.loads(Path(f"{name}.svg.json").read_text()) for name in made}
    assert options["one"]["options"].keys() == {"layer", "head", "stage", "rows", "keys"}
    assert "--over" not in options["one"]["command"]
    assert options["mean"]["options"]["heads"] == "1,2"
    assert "--over mean --heads 1,2" in options["mean"]["command"]
    assert [panel["options"] for panel in options["both"]["panels"]] == [{"over": "mean"}, {"over": "max"}]
    with pytest.raises(ValueError, match="a file of maps holds heads one by one"):
        save_table("attention", trace, "a.npz", over="max")


def test_a_file_of_a_sweep_is_made_again_from_that_sweep_only(swept: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    swept.save(Path("moved"))
    save_figure("examples", swept, "a.svg", layer=5, head=3)
    assert main(["redraw", "a.svg"]) == 2
    assert "give --sweep with the folder of the record's sweep" in capsys.readouterr().err
    assert main(["redraw", "a.svg", "--sweep", "moved"]) == 0
    said = capsys.readouterr()
    assert "same bytes" in said.out
    assert "the record calls the sweep 'heads'" in said.err
    settings = replace(swept.identity, documents=7, settings=swept.identity.settings | {"top": 9})
    replace(swept, identity=settings, folder=None).save(Path("other"))
    assert main(["redraw", "a.svg", "--sweep", "other"]) == 2
    different = "documents: then 5, now 7; settings.top: then 3, now 9"
    assert f"other is not the sweep of the record: {different}" in capsys.readouterr().err
    assert main(["sweep", "table", "ranked", "moved", "--out", "b.csv", "--record", "anonymous"]) == 0
    record = json.loads(Path("b.csv.json").read_text())
    assert (record["sweeps"][0]["folder"], record["sweeps"][0]["model"]["name"]) == ("sweep", "tiny")
    assert main(["redraw", "b.csv.json", "--sweep", "moved"]) == 0
    texts = Path("other/texts.parquet")
    texts.write_bytes(texts.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"texts.parquet is not the file that manifest.json names"):
        Sweep.load(Path("other"))


class LettersRecord(FilePart):
    """The record of the toy."""

    kind: Literal["letters"]
    text: str
    panels: list[dict[str, str]]


@dataclass(frozen=True)
class Letters(Recipe):
    """A toy: how often each letter is in a text."""

    text: str

    KIND: ClassVar = "letters"
    SCHEMA: ClassVar = LettersRecord

    @property
    def cells(self) -> int:
        return len(set(self.text))

    def captions(self) -> list[str]:
        return [""]

    def tables(self) -> list[pd.DataFrame]:
        letters = sorted(set(self.text))
        return [pd.DataFrame({"letter": letters, "count": [self.text.count(letter) for letter in letters]})]

    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        return Bars(tuple(tables[0]["letter"]), tables[0]["count"].to_numpy(), "count", "Letters")

    def as_record(self) -> dict[str, Any]:
        return {"kind": self.KIND, "text": self.text, "panels": [{"caption": ""}], "columns": 1}

    @staticmethod
    def command(record: Mapping[str, Any]) -> Command | None:
        return None

    @classmethod
    def make_again(cls, record: LettersRecord, again: Again) -> Self:
        return cls(record.text)


def test_a_toy_recipe_from_outside_is_saved_and_drawn_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = produced(Letters("abba"), Output("figure", "svg"), "a.svg")
    made.save(Path("a.svg"))
    assert main(["redraw", "a.svg"]) == 2
    assert "'kind' is none of 'pair', 'mask', 'reason', 'scores', 'patch', 'sweep', 'sweeps'" in capsys.readouterr().err
    monkeypatch.setattr("gemma2_workbench.records.recipes.RECIPES", [*RECIPES, Letters])
    assert main(["redraw", "a.svg"]) == 0
    produced(Letters("abba"), Output("table", "csv"), "b.csv").save(Path("b.csv"))
    record = json.loads(Path("b.csv.json").read_text())
    Path("b.csv.json").write_text(json.dumps(record | {"text": "abbb"}))
    assert main(["redraw", "b.csv.json"]) == 1
    assert "other bytes. What differs: " in capsys.readouterr().out
