"""The flags of `heads`."""

from pathlib import Path

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.output import add_output
from gemma2_workbench.heads.scores import LENGTH, SCORES, SEQUENCES
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES

ALL = "all"


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("heads", help="what every head does on random tokens that come twice")
    command.description = (
        "Score every head on sequences of random tokens, each with its copy behind it: the scores depend on no "
        "sentence. `figure ranked` and `table ranked` score the heads on a text."
    )
    command.add_argument("--sequences", type=whole_number, default=SEQUENCES, help=f"how many; default {SEQUENCES}")
    command.add_argument(
        "--length", type=whole_number, default=LENGTH, help=f"random tokens before they repeat; default {LENGTH}"
    )
    command.add_argument("--seed", type=whole_number, default=0, help="of the random tokens; default 0")
    printed = command.add_argument_group("what is printed")
    printed.add_argument("--by", choices=SCORES, help="largest first; default induction")
    printed.add_argument("--find", help="only these: L5H3, L5, a badge such as induction, local or global")
    drawn = command.add_argument_group("with a file")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    drawn.add_argument("--out", type=Path, help=f"write a figure or the numbers instead of printing: {endings}")
    drawn.add_argument("--metric", choices=(ALL, *SCORES), help=f"one score, or all; default {ALL}")
    add_output(drawn, columns=False)
    add_model(command)
    add_changes(command)
    command.set_defaults(run="heads:run")
