"""Where the model of a record is on this machine. A record may be a stranger's: nothing is fetched for it unasked."""

import os
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.models.loading import ModelNotFoundError
from gemma2_workbench.models.reading.shipped import embedded

ANONYMOUS = "anonymous model"  # as an anonymous record calls any model that could name its author


@dataclass(frozen=True)
class Place:
    """What `load` is to be given.

    Attributes:
        source: an embedded name, a folder or a hub id.
        revision: of a hub id.
        named: name and revision of a hub model whose folder in the cache is `source`; None for what `source` itself
            names.
    """

    source: str
    revision: str | None = None
    named: tuple[str, str] | None = None


def place_of(name: str, revision: str | None, instead: str | None = None, download: bool = False) -> Place:
    """Where to load a model from.

    Args:
        name, revision: as the record says.
        instead: what the caller names in its place.
        download: whether a hub id may be fetched.

    Raises:
        ModelNotFoundError: it is not here; the message says what to do.
    """
    if instead is not None:
        return Place(instead)
    # A folder is opened by its path as anybody's would be: as a model, without pickle, and its checksum is compared.
    if name in embedded() or os.path.isdir(name):
        return Place(name)
    is_id = name.count("/") == 1 and not name.startswith((".", "/", "~"))
    if is_id and download:
        return Place(name, revision)
    cached = _cached(name, revision) if is_id else None
    if cached is not None:
        return Place(str(cached), None, (name, cached.name))
    if name == ANONYMOUS:
        raise ModelNotFoundError("the record is anonymous and does not name its model; give --model to say where it is")
    shown = one_line(name, 80)
    fetch = ", or --download to fetch it from the hub" if is_id else ""
    raise ModelNotFoundError(
        f"the record names the model {shown!r}, which is not here; give --model with an embedded name, a folder or a "
        f"hub id{fetch}"
    )


def _cached(name: str, revision: str | None) -> Path | None:
    """The folder of a hub model that was fetched earlier."""
    try:
        config = try_to_load_from_cache(name, "config.json", revision=revision)
    except ValueError:  # no hub id after all
        return None
    return Path(config).parent if isinstance(config, str) else None
