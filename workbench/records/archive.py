"""A figure with everything that belongs to it in one ZIP: the picture, its numbers, their records, a caption.

The archive has the same bytes every time: no dates, no users, the files in order of their names.
"""

import io
from collections.abc import Mapping
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from gemma2_workbench.records.anonymous import Provenance
from gemma2_workbench.records.artifact import included, produced
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe

_READABLE = 0o644 << 16


def archived(recipe: Recipe, output: Output, name: str, provenance: Provenance = "full") -> bytes:
    """The archive.

    Args:
        recipe: what is shown, see `produced`.
        output: of the picture, a .pdf or .png; or of a table, of which there is no picture.
        name: of the files, without an ending.
        provenance: as of `produced`.

    Raises:
        ValueError: as `produced`, or LaTeX cannot include such a picture.
    """
    shown = produced(recipe, output, f"{name}{output.suffix}", provenance)
    numbers = produced(recipe, Output("table", "csv"), f"{name}.csv", provenance)
    files = {f"{name}{output.suffix}": shown, f"{name}.csv": numbers}
    contents = {file: artifact.data for file, artifact in files.items()}
    contents |= {f"{file}.json": artifact.sidecar for file, artifact in files.items() if artifact.recorded}
    if output.what == "figure":
        contents |= {f"{name}.figure.tex": included(shown, f"{name}{output.suffix}")}
    return _zipped(contents)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with ZipFile(target, "w") as archive:
        for name in sorted(files):
            # Without a date of its own an entry is of 1980.
            entry = ZipInfo(name)
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, _READABLE, 3
            archive.writestr(entry, files[name])
    return target.getvalue()
