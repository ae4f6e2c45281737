"""The flags that say how a figure looks, and writing it: what `figure`, `mask` and `why` have in common."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.export import write
from workbench.provenance.look import Look
from workbench.provenance.product import Product, included

FLAGS = ("venue", "width", "dpi", "title", "dark")
OF_A_FIGURE = (*FLAGS, "columns", "latex")


def add_look(command: argparse.ArgumentParser | argparse._ArgumentGroup, width: str = "", columns: bool = True) -> None:
    """The flags; `width` goes in front of what is said of --width, `columns` is for figures of several panels."""
    command.add_argument("--venue", help="acl, icml, neurips, iclr, aaai, cvpr or jmlr")
    command.add_argument("--width", help=f"{width}single, text or double column, or inches; default single")
    command.add_argument("--dpi", type=int, help="of a .png, and of pictures inside other files; default 300")
    command.add_argument("--title", action="store_true", default=None, help="write the title into the figure")
    command.add_argument("--dark", action="store_true", default=None, help="an .html for a dark page")
    if columns:
        command.add_argument("--columns", type=int, help="panels in a row; default: as fits what changes fastest")
    command.add_argument(
        "--latex", action="store_true", default=None, help="write a .tex beside it that includes it, with a caption"
    )


def look_of(options: argparse.Namespace) -> Look:
    """How the figure at `options.out` looks.

    Raises:
        ValueError, FileNotFoundError: as `Look.of`.
    """
    given: dict[str, Any] = {name: getattr(options, name) for name in FLAGS if getattr(options, name) is not None}
    if options.width is not None and not options.width.isalpha():
        given["width"] = _inches(options.width)
    return Look.of("figure", options.out, **given)


def refuse(options: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """Refuse flags that mean nothing here; `why` goes behind the flag.

    Raises:
        ValueError: one of them is given.
    """
    odd = next((name for name in names if getattr(options, name, None) is not None), None)
    if odd is not None:
        raise ValueError(f"--{'pass' if odd == 'step' else odd} {why}")


def save(product: Product, out: Path, latex: bool | None = None) -> None:
    """Write a figure and its record, and a LaTeX figure around it if asked; print the names of both.

    Raises:
        ValueError: LaTeX cannot include such a file; nothing is written then.
    """
    source = included(product, out.name) if latex else b""
    print(product.save(out))
    if source:
        target = out.with_suffix(".tex")
        write(target, source)
        print(target)


def _inches(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"--width {text} is not allowed; give single, text, double or inches, for example 4.5"
        ) from None
