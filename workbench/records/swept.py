"""Which sweep a record is of: the checksum of its manifest, and what tells it from others in words."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.comparing import differences
from gemma2_workbench.records.schema import SubRecord
from gemma2_workbench.records.values import Commit, Count, Dtype, Index, Name, Sha256
from gemma2_workbench.sweeps.result import Sweep


class SweptModel(SubRecord):
    """The model of a sweep."""

    name: Name
    revision: Commit | None
    weights_sha256: Sha256 | None
    dtype: Dtype


class SweepPart(SubRecord):
    """One sweep; `folder` is the name of the one that it was read from, null for one that was not saved."""

    folder: Name | None
    manifest_sha256: Sha256
    model: SweptModel
    layers: Count
    heads: Count
    documents: Count
    corpus_sha256: Sha256
    settings: Annotated[dict[Name, Index | None], Field(max_length=64)]


def swept(sweep: Sweep) -> JsonObject:
    """The part of a record that says which sweep it is of."""
    of = sweep.identity
    return {
        "folder": None if sweep.folder is None else sweep.folder.resolve().name,
        "manifest_sha256": sweep.sha256,
        "model": dict(of.model),
        "layers": len(of.layers),
        "heads": of.heads,
        "documents": of.documents,
        "corpus_sha256": of.corpus_sha256,
        "settings": dict(of.settings),
    }


def swept_again(record: SweepPart, folder: Path | None) -> Sweep:
    """The sweep of a record, from this folder, or from the one that it names where we are.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is another one; the message says in what.
    """
    if folder is None and record.folder is None:
        raise FileNotFoundError("the record is of a sweep that was not saved then; give --sweep with its folder")
    place = folder or Path(record.folder or "").name
    try:
        found = Sweep.load(Path(place))
    except FileNotFoundError as error:
        if folder is not None:
            raise
        raise FileNotFoundError(f"{error}; give --sweep with the folder of the record's sweep") from None
    if found.sha256 != record.manifest_sha256:
        same = ("folder", "manifest_sha256")
        then, now = ({name: value for name, value in each.items() if name not in same} for each in _both(record, found))
        different = "; ".join(differences(then, now)) or "model, corpus and settings are the same, the numbers are not"
        raise ValueError(f"{place} is not the sweep of the record: {different}")
    return found


def _both(record: SweepPart, found: Sweep) -> tuple[JsonObject, JsonObject]:
    return record.model_dump(), swept(found)
