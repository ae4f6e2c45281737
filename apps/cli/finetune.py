"""`gemma2-workbench finetune`: a classification head for a user's own labels, from any Gemma 2 checkpoint."""

import argparse
import shlex
from dataclasses import fields

from gemma2_workbench.classification.finetune.settings import Settings
from gemma2_workbench.classification.finetune.train import fine_tune
from gemma2_workbench.starting import STOPPED, Stopped


def run(options: argparse.Namespace) -> None:
    """Train, and end with the F1 and the command to try next."""
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    try:
        tuned = fine_tune(settings, lambda sentence: print(sentence, flush=True))
    except KeyboardInterrupt as stop:
        if str(stop) not in ("", STOPPED):
            raise
        raise Stopped.of(stop, f"stopped; if {settings.out} holds a checkpoint, --resume goes on from it") from None
    print(f"{tuned.figure} {tuned.scores['ALL']['f1']:.3f} on {tuned.measured_on}")
    command = shlex.join(["gemma2-workbench", "classify", tuned.example, "--model", str(tuned.folder)])
    print(f"try: {command}")
