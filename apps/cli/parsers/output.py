"""The flags that say how a figure looks: what `figure`, `mask` and `why` have in common."""

import argparse

from gemma2_workbench.apps.cli.numeric import whole_number


def add_provenance(command: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Whether a file carries its record; as `records.anonymous.PROVENANCE`."""
    command.add_argument(
        "--record",
        choices=("full", "anonymous", "none"),
        help="default full; anonymous: nothing in it names an author, for blind review; none: the file alone",
    )


def add_output(
    command: argparse.ArgumentParser | argparse._ArgumentGroup, width: str = "", columns: bool = True
) -> None:
    """The flags; `width` goes in front of what is said of --width, `columns` is for figures of several panels."""
    command.add_argument("--venue", help="acl, icml, neurips, iclr, aaai, cvpr or jmlr")
    command.add_argument(
        "--width", help=f"{width}single, text or double column, or a length: 3.5 (inches), 8cm, 240pt; default single"
    )
    command.add_argument("--dpi", type=whole_number, help="of a .png, and of pictures inside other files; default 300")
    command.add_argument("--title", action="store_true", default=None, help="write the title into the figure")
    command.add_argument("--dark", action="store_true", default=None, help="an .html for a dark page; paper is white")
    if columns:
        command.add_argument(
            "--columns", type=whole_number, help="panels in a row; default: as fits what changes fastest"
        )
    command.add_argument(
        "--latex",
        action="store_true",
        default=None,
        help="write NAME.figure.tex beside a NAME.pdf or .png: the lines that include it, with a caption",
    )
