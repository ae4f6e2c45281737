"""`gemma2-workbench lens`: the logit lens of some rows and positions, printed; nothing else is unembedded."""

import argparse
import sys

import pandas as pd

from gemma2_workbench.apps.cli.changes import changes_of
from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.apps.cli.numeric import indices
from gemma2_workbench.apps.cli.progress import counted
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.models.language_model import require_language_model, token_id
from gemma2_workbench.models.tokens import Tokens, tokenize
from gemma2_workbench.traces.capture import lens
from gemma2_workbench.traces.pilot import unembedding_seconds
from gemma2_workbench.traces.readers.lens import Lens

TOP = 3


def run(options: argparse.Namespace) -> None:
    """Run the text and print a line for each state; many states are announced on stderr, and counted."""
    rows, positions = indices("rows", options.rows), indices("positions", options.positions)
    changes, text = changes_of(options), given_text(options.text)
    loaded = loaded_model(options)
    require_language_model(loaded)
    tokens = tokenize(loaded.tokenizer, text)
    followed = None if options.token is None else token_id(loaded, options.token)
    rows = list(range(loaded.shape.layers + 1)) if rows is None else rows
    positions = [len(tokens) - 1] if positions is None else positions
    seconds = unembedding_seconds(loaded, len(rows) * len(positions))
    if seconds > 1:
        print(f"{len(rows) * len(positions)} states: about {seconds:.0f} s beside the pass", file=sys.stderr)
    with counted("state") as progress:
        found = lens(loaded, tokens.ids, followed, changes, progress, rows=rows, positions=positions)
    print(rows_text(_table(found, tokens, rows, positions)))


def _table(found: Lens, tokens: Tokens, rows: list[int], positions: list[int]) -> pd.DataFrame:
    """A line for each state: its most probable tokens, and what becomes of the token that is followed."""

    def line(at: int, place: int) -> dict[str, object]:
        top = zip(found.top_ids[at, place, :TOP].tolist(), found.top_probs[at, place, :TOP].tolist(), strict=True)
        return {
            "row": rows[at],
            "position": positions[place],
            "token": tokens.display[positions[place]],
            "predicts": "  ".join(f"{found.names[token]} {share:.3f}" for token, share in top),
            "entropy": float(found.entropy[at, place]),
            "followed": found.names[int(found.chosen_ids[place])],
            "rank": int(found.chosen_ranks[at, place]),
            "probability": float(found.chosen_probs[at, place]),
        }

    return pd.DataFrame([line(at, place) for place in range(len(positions)) for at in range(len(rows))])
