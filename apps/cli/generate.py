"""`gemma2-workbench generate`: a text continued, streamed to stdout, and a trace of what was attended to."""

import argparse
import sys

from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.apps.cli.sampling import settings_of, told, written
from gemma2_workbench.atomic import checked_target
from gemma2_workbench.classification.text_file import plain_text
from gemma2_workbench.generation.generate import continued
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.traces.capture import capture
from gemma2_workbench.traces.file import save_trace


def run(options: argparse.Namespace) -> None:
    """Print the continuation as it comes; notes go to stderr."""
    settings = settings_of(options)
    if options.trace is not None:
        checked_target(options.trace)
    text = given_text(options.text) if options.file is None else plain_text(options.file)
    loaded = loaded_model(options)
    made = continued(loaded, tokenize(loaded.tokenizer, text), settings, written)
    written("\n")
    told(made, settings)
    if options.trace is not None:
        trace = capture(loaded, made)
        save_trace(trace, options.trace)
        print(
            f"{options.trace}: {len(trace.tokens)} tokens, {made.generation.sentence}; {trace.parity.sentence}",
            file=sys.stderr,
        )
