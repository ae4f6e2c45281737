"""Examples of a head over many texts: where an induction head is strongest in the paragraphs of a licence.

`sweep` keeps the strongest places of every head and the probabilities around their peaks: the framed token attends to
what followed it before. The command `gemma2-workbench sweep` does the same with thousands of texts.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from gemma2_workbench import Corpus, SweepSettings, load, sweep
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.views import sweep_view_named

WIDTH = "double"
LICENCE = Path(__file__).parents[2] / "LICENSE"


def figure() -> FigureSpec:
    """The five strongest places of layer 5, head 3."""
    paragraphs = [" ".join(each.split()) for each in LICENCE.read_text().split("\n\n")]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "licence.jsonl"
        path.write_text("\n".join(json.dumps({"text": each}) for each in paragraphs if len(each) > 40))
        swept = sweep(load(), Corpus.of([path]), SweepSettings(top=5, sample=1))
    view = sweep_view_named("examples")
    return view.figure(view.table(swept, layer=5, head=3))


if __name__ == "__main__":
    print(export(figure(), "sweep_examples.pdf", width=WIDTH))
