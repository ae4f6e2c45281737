"""Records for double-blind submissions: which model by its checksum, but no folder, account or file name.

Names that say nothing about an author stay: those of the embedded checkpoints and of Google's own models. `redraw`
makes such a file again where it is told where the model is, and checks the weights by their checksum.
"""

from copy import deepcopy
from typing import Literal, get_args

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.reading.shipped import embedded
from gemma2_workbench.records.nearby import ANONYMOUS
from gemma2_workbench.records.recipe import Recipe

Provenance = Literal["full", "anonymous", "none"]
PROVENANCE: tuple[Provenance, ...] = get_args(Provenance)
# Sources that everybody has.
_PUBLIC = ("embedded:", "google/")
_TRACE, _SWEEP = "trace.safetensors", "sweep"


def _source(model: JsonObject) -> str:
    """Where a model comes from; a sweep knows its name alone."""
    name = str(model["name"])
    return str(model.get("source") or (f"embedded:{name}" if name in embedded() else name))


def anonymised(record: JsonObject, recipe: Recipe) -> JsonObject:
    """The record without what could name its author; its command is to be written anew.

    Args:
        record: of the recipe.
        recipe: knows which parts of it name a model or a trace.
    """
    made = deepcopy(dict(record)) | {"anonymous": True}
    for part in recipe.sources(made):
        model, trace = part.get("model"), part.get("trace")
        if model is not None and not _source(model).startswith(_PUBLIC):
            # A revision can be looked up on the hub, where it belongs to somebody.
            model |= {name: ANONYMOUS for name in ("name", "source") if name in model} | {"revision": None}
        adapter = (model or {}).get("weights", {}).get("adapter")
        if adapter is not None:
            adapter |= {"source": ANONYMOUS, "base": ANONYMOUS}
        if trace is not None:
            trace["name"] = _TRACE
        if part.get("folder") is not None:
            part["folder"] = _SWEEP
    return made
