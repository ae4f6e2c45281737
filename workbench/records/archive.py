"""A figure with everything that belongs to it in one ZIP: the picture, its numbers, their records, a caption.

The archive has the same bytes every time: no dates, no users, the files in order of their names.
"""

import io
from collections.abc import Mapping, Sequence
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from gemma2_workbench.records.look import Look
from gemma2_workbench.records.product import included, produced
from gemma2_workbench.records.record import Shown
from gemma2_workbench.records.run import Run

_READABLE = 0o644 << 16


def bundle(drawing: Shown, look: Look, runs: Sequence[Run], name: str) -> bytes:
    """The archive.

    Args:
        drawing, runs: what is drawn, see `produced`.
        look: the look of the picture, a .pdf or .png; or that of a table, of which there is no picture.
        name: of the files, without an ending.

    Raises:
        ValueError: as `produced`, or LaTeX cannot include such a picture.
    """
    shown = produced(drawing, look, runs, f"{name}{look.suffix}")
    numbers = produced(drawing, Look("table", "csv"), runs, f"{name}.csv")
    files = {f"{name}{look.suffix}": shown, f"{name}.csv": numbers}
    contents = {file: product.data for file, product in files.items()}
    contents |= {f"{file}.json": product.sidecar for file, product in files.items()}
    if look.what == "figure":
        contents |= {f"{name}.figure.tex": included(shown, f"{name}{look.suffix}")}
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
