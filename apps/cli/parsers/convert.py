"""The flags of `convert`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.model.google.sizes import DTYPES, SIZES


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("convert", help="make a model folder of a checkpoint of google/gemma_pytorch")
    command.add_argument(
        "checkpoint",
        type=Path,
        metavar="CKPT",
        help="a .ckpt file, or a folder with one or with an index and its parts",
    )
    command.add_argument(
        "out", type=Path, metavar="OUT", help="folder to make; an interrupted conversion goes on in it"
    )
    command.add_argument("--size", required=True, choices=SIZES, help="which Gemma 2 it is")
    command.add_argument("--dtype", choices=DTYPES, help="default: that of the checkpoint")
    command.add_argument(
        "--tokenizer",
        type=Path,
        metavar="PATH",
        help="tokenizer.model, tokenizer.json or a folder with either, to copy",
    )
    command.add_argument(
        "--instruct", action="store_true", help="instruction-tuned: generation ends at <end_of_turn> too"
    )
    command.set_defaults(run="convert:run")
