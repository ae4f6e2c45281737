"""A sweep in a notebook: what was run, the heads by their induction, and the largest with their means."""

from gemma2_workbench.figures.spec import HeadGrid
from gemma2_workbench.notebook.frame import frame, section
from gemma2_workbench.notebook.static import bars, grid
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.views.ranked import ALL
from gemma2_workbench.views.sweeps import atlas, ranked

_SHOWN, _MOST = "induction", 6


def sweep_html(sweep: Sweep) -> str:
    """The page of a sweep."""
    of = sweep.identity
    facts = [
        f"{of.documents:,} texts",
        f"{sweep.counts['tokens']:,} tokens",
        f"{len(of.layers)} layers × {of.heads} heads",
        *([f"{len(sweep.damaged)} texts not read"] if sweep.damaged else []),
    ]
    spec = atlas.figure(atlas.table(sweep, _SHOWN))
    assert isinstance(spec, HeadGrid)
    top = ranked.table(sweep, _SHOWN, ALL, ALL).dropna(subset=["mean"]).head(_MOST)
    names = [f"{name} {badges}".rstrip() for name, badges in zip(top["name"], top["badges"], strict=True)]
    largest = section(f"The largest by {spec.title}.", bars(names, {"mean over the texts": top["mean"].tolist()}))
    return frame(str(of.model["name"]), facts, grid(spec), largest)
