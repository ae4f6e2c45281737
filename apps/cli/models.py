"""`gemma2-workbench models`: what comes with the package, and what can be shown of any other model."""

import argparse

from gemma2_workbench.models.reading.shipped import embedded


def run(options: argparse.Namespace) -> None:
    """Print name and folder of every embedded checkpoint; of models that are named, what can be shown of them."""
    for name in options.names:
        print(f"{name}\t{_shown(name)}")
    for name, folder in embedded().items() if not options.names else ():
        print(f"{name}\t{folder}")


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
