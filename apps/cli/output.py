"""How a figure looks, from the flags, and writing it: what `figure`, `mask` and `why` have in common."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gemma2_workbench.atomic import checked_target, write_all
from gemma2_workbench.figures.spec import Panel, Panels
from gemma2_workbench.records.artifact import Artifact, included
from gemma2_workbench.records.output import Output
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, STRIP_SUFFIX, TABLE_SUFFIXES

FLAGS = ("venue", "width", "dpi", "title", "dark")
OF_A_FIGURE = (*FLAGS, "columns", "latex")
_LENGTH = re.compile(r"([0-9]*\.?[0-9]+) ?(in|cm|mm|pt)?")
_PER_INCH = {"in": 1.0, "cm": 2.54, "mm": 25.4, "pt": 72.27}  # points of TeX


def figure_output(options: argparse.Namespace) -> Output:
    """How the figure at `options.out` looks.

    Raises:
        ValueError: a flag that this format does not have, a file of the author's where --latex would write, or as
            `Output.of`.
        OSError: as `Output.of`.
    """
    if options.dark and options.out.suffix.lower() != ".html":
        raise ValueError(f"--dark is of an .html, and {options.out.name} is for paper, which is white; leave it out")
    given: dict[str, Any] = {name: getattr(options, name) for name in FLAGS if getattr(options, name) is not None}
    if options.width is not None and not options.width.isalpha():
        given["width"] = _inches(options.width)
    output = Output.of("figure", options.out, **given)
    if options.latex:
        _around(options.out)
    return output


def output_of(options: argparse.Namespace, what: str, strip: bool = False) -> Output:
    """The figure or the table at `options.out`, as its ending says.

    Args:
        options: the flags of `add_output`.
        what: what is saved and its verb, such as "masks are".
        strip: whether it is a text in colours, whose .tex is a figure.

    Raises:
        ValueError: another ending, a flag of a figure for a table, or as `figure_output`.
        OSError: as `Output.of`.
    """
    suffix = options.out.suffix.lower()
    if suffix in FIGURE_SUFFIXES or (strip and suffix == STRIP_SUFFIX):
        return figure_output(options)
    if suffix not in TABLE_SUFFIXES:
        figures, tables = ", ".join(FIGURE_SUFFIXES), ", ".join(TABLE_SUFFIXES)
        raise ValueError(f"{what} saved as a figure ({figures}) or as a table ({tables}); got {options.out.name!r}")
    refuse(options, OF_A_FIGURE, f"is of a figure, and {options.out.name} is a table; leave it out")
    return Output.of("table", options.out)


def refuse(options: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """Refuse flags that mean nothing here; `why` goes behind the flag.

    Raises:
        ValueError: one of them is given.
    """
    odd = next((name for name in names if getattr(options, name, None) is not None), None)
    if odd is not None:
        raise ValueError(f"--{'pass' if odd == 'step' else odd} {why}")


def save(artifact: Artifact, out: Path, latex: bool | None = None) -> None:
    """Write a figure and its record, and a LaTeX figure around it if asked; print the names of both.

    The LaTeX of `main.pdf` is `main.figure.tex`, because `main.tex` is where an author keeps the paper.

    Raises:
        ValueError: LaTeX cannot include such a file, or a file of that name is not of our making; nothing is written.
    """
    around = {_around(out): included(artifact, out.name)} if latex else {}
    write_all(artifact.files(out) | around)
    print(out)
    for sentence in _too_tall(artifact):
        print(sentence, file=sys.stderr)
    for target in around:
        print(target)


def _around(out: Path) -> Path:
    """The file of the LaTeX figure around `out`, which may replace one of our making only."""
    target = out.with_suffix(".figure.tex")
    checked_target(target)
    if target.exists() and not _ours(target):
        raise ValueError(f"{target} is there already and was not written by --latex; move it, or choose another --out")
    return target


def _too_tall(artifact: Artifact) -> Iterator[str]:
    """What to say of a figure that no page holds."""
    on_paper = artifact.output.suffix in FIGURE_SUFFIXES and artifact.output.suffix != ".html"
    if not on_paper or not isinstance(artifact.content, Panel | Panels):
        return
    from gemma2_workbench.figures import paper

    output = artifact.output
    tall, most = (
        paper.height(artifact.content, output.width, venue=output.venue, title=output.title),
        paper.tallest(output.venue),
    )
    if tall > most:
        yield (
            f"note: the figure is {tall:.1f} inches tall, and a page holds {most:.1f} with a caption; take a wider "
            "--width, more --columns, or a part of it"
        )


def _ours(path: Path) -> bool:
    """Whether an earlier --latex wrote this file."""
    from gemma2_workbench.latex import MARK

    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\n") == MARK


def _inches(text: str) -> float:
    """A length with its unit, inches without one."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise ValueError(
            f"--width {text} is not allowed; give single, text, double or a length such as 4.5 (inches), 4.5in, 8cm, "
            "80mm or 240pt"
        )
    inches = float(found[1])
    # Inches as they are, because the command of a record writes them so.
    return inches if found[2] is None else round(inches / _PER_INCH[found[2]], 4)
