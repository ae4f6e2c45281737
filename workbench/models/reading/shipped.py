"""The checkpoints that come with the package. Imports nothing heavy: the command line lists them."""

from importlib import resources
from pathlib import Path

DEFAULT, CLASSIFIER = "tiny", "tiny-ner"


def embedded() -> dict[str, Path]:
    """The checkpoints that come with the package, by name."""
    root = Path(str(resources.files("gemma2_workbench.model"))) / "checkpoints"
    return {path.parent.name: path.parent for path in sorted(root.glob("*/config.json"))}
