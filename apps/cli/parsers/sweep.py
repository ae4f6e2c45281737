"""The flags of `sweep`, of what is done with its parts, and of what is seen in it: see `SWEEPS`."""

import argparse
from pathlib import Path

from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.output import add_output, add_provenance
from gemma2_workbench.apps.cli.view_options import add_view_options
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES
from gemma2_workbench.views import SWEEP_PAIR_VIEWS, SWEEP_VIEWS

SWEEPS = tuple(f"sweep {name}" for name in ("merge", "slurm", "compare", "figure", "table"))
ABOUT = "score every head over thousands of texts, with its strongest examples"


def add(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add_parser("sweep", help=ABOUT)
    command.description = (
        "Score every head on every text of a corpus and keep its strongest examples. A run that is stopped goes on "
        f"where it was when it is given again. See also the help of {', '.join(f'`{name}`' for name in SWEEPS)}."
    )
    _add_corpus(command)
    command.add_argument("--shard", default="0/1", metavar="I/N", help="every N-th block from block I on; default 0/1")
    command.add_argument("--engine", choices=("local", "ray"), default="local", help="default: local")
    command.add_argument("--workers", type=whole_number, default=1, help="processes, or Ray actors; default 1")
    command.add_argument("--gpus-per-worker", type=float, default=0.0, help="of a Ray actor, a share too; default 0")
    command.set_defaults(run="sweep:run")
    merge = commands.add_parser("sweep merge", help="put the parts of a sweep together")
    merge.add_argument("folder", type=Path, help="what --out of the shards was")
    merge.set_defaults(run="sweep:merged")
    slurm = commands.add_parser("sweep slurm", help="print the array script of a sweep for sbatch")
    _add_corpus(slurm)
    slurm.add_argument("--shards", type=whole_number, default=16, help="tasks of the array; default 16")
    slurm.add_argument("--hours", type=whole_number, default=4, help="time limit of a task; default 4")
    slurm.add_argument("--cpus", type=whole_number, default=8, help="of a task; default 8")
    slurm.add_argument("--gpus", type=whole_number, default=0, help="of a task; default 0")
    slurm.set_defaults(run="sweep:slurm")
    compare = commands.add_parser("sweep compare", help="which heads differ between two sweeps")
    compare.add_argument("before", type=Path, help="folder of a sweep")
    compare.add_argument("after", type=Path, help="folder of another one, of a model of the same shape")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    compare.add_argument("--out", type=Path, help=f"write a figure or the numbers instead of printing: {endings}")
    add_view_options(compare, SWEEP_PAIR_VIEWS)
    add_output(compare)
    add_provenance(compare)
    compare.set_defaults(run="sweep_view:compared")
    figure = _add_view(
        commands, "figure", "draw a view of sweeps: .pdf .svg .png for print, .html for the screen", "draw"
    )
    add_output(figure)
    _add_view(commands, "table", "write the numbers of a view of sweeps: .csv .parquet .tex", "tabulate")


def _add_view(commands: Commands, name: str, help: str, run: str) -> argparse.ArgumentParser:
    """A view of the folder of a sweep, or of several, which become panels."""
    command = commands.add_parser(f"sweep {name}", help=help)
    command.add_argument("view", choices=[view.name for view in SWEEP_VIEWS])
    command.add_argument("folder", nargs="+", type=Path, help="folder of a sweep; again for another panel")
    command.add_argument("--out", required=True, type=Path, help="file to write; its ending decides the format")
    add_view_options(command, SWEEP_VIEWS)
    add_provenance(command)
    command.set_defaults(run=f"sweep_view:{run}")
    return command


def _add_corpus(command: argparse.ArgumentParser) -> None:
    """What is swept, how, and where to."""
    command.add_argument(
        "corpus", nargs="*", help="files or folders of .txt, .jsonl, .csv, .parquet; - is one text a line"
    )
    command.add_argument(
        "--set", metavar="NAME", help="a built-in set instead: repeats (random tokens twice), held-out"
    )
    command.add_argument("--size", type=whole_number, help="texts of the set repeats; default 256")
    command.add_argument("--length", type=whole_number, help="its random tokens before they repeat; default 25")
    command.add_argument("--out", type=Path, required=True, help="folder of the sweep")
    command.add_argument("--column", default="text", help="key or column that holds the text; default text")
    command.add_argument(
        "--split", choices=("line", "document"), default="line", help="of .txt: a text is a line, or all"
    )
    command.add_argument("--tokens", type=whole_number, default=512, help="of a window; default 512")
    command.add_argument("--stride", type=whole_number, help="from window to window; default: no overlap")
    command.add_argument("--top", type=whole_number, default=20, help="examples at each end; default 20")
    command.add_argument("--sample", type=whole_number, default=4, help="examples of each of five strengths; default 4")
    command.add_argument("--seed", type=whole_number, default=0, help="of that sample, and of random tokens; default 0")
    command.add_argument("--block", type=whole_number, default=64, help="texts that are worked on together; default 64")
    add_model(command)
