"""The flags of `finetune`."""

from pathlib import Path

from gemma2_workbench.apps.cli.labels import add_columns, add_label_token
from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.classification.choices import VARIANTS
from gemma2_workbench.classification.finetune.settings import TASKS, Settings

FILE_HELP = (
    "labelled file: .conll, .tsv or .txt (TOKEN<TAB>TAG lines), or .jsonl with an object a line: tokens and tags, text "
    "and entities (each start, end, label), or text and label"
)


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("finetune", help="train a classification head on your own CoNLL or JSONL file")
    command.add_argument("data", type=Path, metavar="FILE", help=FILE_HELP)
    command.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="new folder for the checkpoint")
    command.add_argument("--model", help="embedded name, folder or hub id; default: the embedded language model")
    command.add_argument("--dev", type=Path, metavar="FILE", help="file to measure on; default: a held-out tenth")
    command.add_argument("--task", choices=TASKS, help="label words or whole texts; default: what the file holds")
    command.add_argument(
        "--variant",
        choices=VARIANTS,
        help="what a word sees; default: the classifier's own, else bidirectional for words and causal for texts",
    )
    command.add_argument("--lora", action="store_true", help="train low-rank adapters (peft) and merge them")
    command.add_argument("--epochs", type=whole_number, default=Settings.epochs, help=f"default {Settings.epochs}")
    command.add_argument("--rate", type=float, help="highest learning rate; default: 0.2 / width, with LoRA 1 / width")
    command.add_argument("--batch", type=whole_number, default=Settings.batch, help=f"default {Settings.batch}")
    command.add_argument("--seed", type=whole_number, default=Settings.seed, help=f"default {Settings.seed}")
    command.add_argument("--device", choices=("cpu", "cuda", "mps"), help="default: the best there is")
    add_columns(command)
    add_label_token(command, "that of the classifier it starts from, else last")
    command.add_argument("--resume", action="store_true", help="go on from the newest checkpoint in FOLDER")
    command.set_defaults(run="finetune:run")
