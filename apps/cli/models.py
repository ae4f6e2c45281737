"""`gemma2-workbench models`: what comes with the package, and what can be shown of any other model."""

import argparse
import shlex
from pathlib import Path

from gemma2_workbench.models.reading.shipped import embedded


def run(options: argparse.Namespace) -> None:
    """Print name and folder of every embedded checkpoint; of models that are named, what can be shown of them."""
    if options.import_gguf:
        _imported(*options.import_gguf)
        return
    for name in options.names:
        print(f"{name}\t{_shown(name)}")
    for name, folder in embedded().items() if not options.names else ():
        print(f"{name}\t{folder}")


def _imported(file: Path, folder: Path) -> None:
    """Make a model folder of a GGUF file, and name the command to try next."""
    from gemma2_workbench.models.reading.announced import in_words
    from gemma2_workbench.models.reading.gguf import gguf_file, import_gguf

    packed = gguf_file(file)
    if packed is None:
        raise FileNotFoundError(f"there is no GGUF file {file}")
    made = import_gguf(packed, folder)
    size = sum(one.stat().st_size for one in made.glob("*.safetensors"))
    print(f"{made}: {in_words(size)} of weights, float32")
    print(f"try: {shlex.join(['gemma2-workbench', 'app', '--model', str(made)])}")


def _shown(name: str) -> str:
    """What can be shown of a model, in words; or why nothing can."""
    from gemma2_workbench.models.loading import load

    try:
        loaded = load(name)
    except ValueError as error:
        return f"refused: {error}"
    kinds = dict.fromkeys(layer.kind for layer in loaded.layers)
    counts = ", ".join(f"{sum(layer.kind == kind for layer in loaded.layers)} {kind}" for kind in kinds)
    return f"{loaded.kind}\t{counts}\t{loaded.tier}"
