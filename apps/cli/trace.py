"""`gemma2-workbench trace`: a run as a file."""

import argparse
import sys
from collections.abc import Sequence

from gemma2_workbench.apps.cli.changes import changes_of
from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.apps.cli.progress import counted
from gemma2_workbench.atomic import checked_target
from gemma2_workbench.models.loading import Loaded
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.records.run import Run, run_text
from gemma2_workbench.traces.estimate import estimate, is_long
from gemma2_workbench.traces.file import save_trace
from gemma2_workbench.traces.interventions import Intervention


def run(options: argparse.Namespace) -> None:
    """Capture, save and say how far the run agrees with transformers."""
    checked_target(options.out)
    (made,) = runs_of(options, [options.text], ("lens",) if options.lens else ())
    save_trace(made.trace, options.out)
    effects = zip(made.trace.changes, made.trace.effects, strict=True)
    changes = ", ".join(f"{change} ({effect.sentence})" for change, effect in effects)
    weights = "".join(f"{sentence}; " for sentence in made.trace.model.sentences)
    changed = f"modified model: {changes}; " if changes else ""
    print(f"{options.out}: {len(made.trace.tokens)} tokens, {changed}{weights}{made.trace.parity.sentence}")


def runs_of(
    options: argparse.Namespace, texts: Sequence[str], read: Sequence[str], token: str | None = None
) -> list[Run]:
    """The runs of texts through the model that the flags choose and change; long ones are announced on stderr.

    Args:
        options: the flags of `add_model` and `add_changes`.
        texts: what to run; `-` is standard input.
        read: readings to keep beside those of the maps.
        token: what the lens follows instead of the token that comes next.
    """
    changes = changes_of(options)
    given = [given_text(text) for text in texts]
    loaded = loaded_model(options)
    return [announced(loaded, text, changes, read, token) for text in given]


def announced(
    loaded: Loaded, text: str, changes: Sequence[Intervention], read: Sequence[str], token: str | None
) -> Run:
    """The run of a text, see `run_text`; one that takes long is announced on stderr, and its layers are counted."""
    tokens, lens = len(tokenize(loaded.tokenizer, text)), "lens" in read
    if tokens <= loaded.shape.longest and is_long(loaded, tokens, lens=lens):
        print(estimate(loaded, tokens, lens=lens).sentence, file=sys.stderr)
    with counted("layer") as progress:
        return run_text(loaded, text, changes, read=read, token=token, progress=progress)
