"""The flags of `why`."""

from pathlib import Path

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.labels import add_label_token
from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.output import add_output, add_provenance
from gemma2_workbench.classification.choices import EXPLANATIONS, FORMER_NAMES, LABELS, METHODS, UNITS
from gemma2_workbench.models.reading.shipped import CLASSIFIER
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES

FORMATS = ("table", "json")


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("why", help="why a word has its label: tokens, heads, words taken out, attention")
    command.add_argument("text", help="the text, or - for standard input")
    command.add_argument("--word", help="the word, or its number from 0; default: the first entity")
    command.add_argument("--label", help="the class that is asked about; default: the most probable one")
    command.add_argument("--against", help="the class it is compared with; default: the next best")
    command.add_argument(
        "--entity",
        action="store_const",
        const=True,
        help="of the whole entity that the word belongs to; without --word: the least certain entity",
    )
    reasons = tuple(EXPLANATIONS)
    command.add_argument(
        "--show",
        choices=(*reasons, *LABELS, *FORMER_NAMES),
        default=reasons[0],
        metavar="WHAT",
        help=f"a reason ({', '.join(reasons)}), or the labels themselves as a table ({', '.join(LABELS)}); default "
        f"{reasons[0]}",
    )
    command.add_argument("--method", choices=METHODS, help=f"of saliency and faithfulness; default {METHODS[0]}")
    command.add_argument("--per", choices=UNITS, help=f"of the saliency: what gets a value; default {UNITS[0]}")
    command.add_argument(
        "--layer", type=whole_number, help="of the attention, from 0; default: the head with the largest effect"
    )
    command.add_argument("--head", type=whole_number, help="of the attention, from 0")
    command.add_argument("--swap", metavar="WORD", help="of the swap: the word of the sentence, or its number there")
    command.add_argument(
        "--by", nargs="+", action="extend", metavar="WORD", help="of the swap: what to put in its place"
    )
    command.add_argument("--format", choices=FORMATS, help="what is printed; default table")
    drawn = command.add_argument_group("with a file")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    drawn.add_argument(
        "--out",
        type=Path,
        help=f"write a figure or its numbers instead of printing: {endings} (.tex of saliency and attention: the text "
        "in coloured boxes)",
    )
    add_output(drawn, columns=False)
    add_provenance(drawn)
    add_label_token(command)
    add_model(command, CLASSIFIER)
    add_changes(command)
    command.set_defaults(run="why:run")
