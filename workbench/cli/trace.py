"""`gemma2-workbench trace`: a run as a file."""

import argparse
import sys
from pathlib import Path
from typing import Any

from workbench.capture import capture
from workbench.cli.model import add_model, given_text, loaded_model
from workbench.estimate import estimate
from workbench.tokens import tokenize
from workbench.trace import Trace


def add(commands: Any) -> None:
    """Declare the command."""
    trace = commands.add_parser("trace", help="run a text and keep everything the views need in one file")
    trace.add_argument("text", help="the text, or - to read it from standard input")
    trace.add_argument("--out", required=True, type=Path, help="file to write, for example run.safetensors")
    trace.add_argument("--lens", action="store_true", help="keep the logit lens and the direct contributions too")
    add_model(trace)
    trace.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Capture, save and say how far the run agrees with transformers."""
    trace = captured(options, lens=options.lens)
    trace.save(options.out)
    print(f"{options.out}: {len(trace.tokens)} tokens, {trace.parity.sentence}")


def captured(options: argparse.Namespace, lens: bool) -> Trace:
    """The trace of the text that was given, with its logit lens if asked; long runs are announced on stderr."""
    text = given_text(options.text)
    loaded = loaded_model(options)
    cost = estimate(loaded, len(tokenize(loaded.tokenizer, text)))
    if cost.seconds > 1:
        print(cost.sentence, file=sys.stderr)
    return capture(loaded, text, lens=lens)
