"""The command `models`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    models = commands.add_parser("models", help="list the models that come with the package, or what others show")
    models.add_argument(
        "names", nargs="*", metavar="MODEL", help="folders, GGUF files or hub ids: what can be shown of each"
    )
    models.add_argument(
        "--import",
        dest="import_gguf",
        nargs=2,
        type=Path,
        metavar=("FILE.gguf", "OUT"),
        help="make a model folder of a GGUF file; `--model FILE.gguf` does it too, and keeps it in the cache",
    )
    models.set_defaults(run="models:run")
