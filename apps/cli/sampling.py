"""The settings of generated text, from the flags, and what is said of it on stderr."""

import argparse
import sys

from gemma2_workbench.generation.generated import Generated
from gemma2_workbench.generation.settings import OPTIONS, Settings
from gemma2_workbench.models.readable import visible

_PICTURES = {code: visible(chr(code)) for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the flags of `add_sampling` choose.

    Raises:
        ValueError: a value that cannot be.
    """
    return Settings(**{option.name: getattr(options, option.name) for option in OPTIONS})


def written(part: str) -> None:
    """Show a part of a text at once; a terminal shows control characters, which would command it, as their pictures."""
    print(part.translate(_PICTURES) if sys.stdout.isatty() else part, end="", flush=True)


def told(made: Generated, asked: Settings) -> None:
    """Say what the text alone does not tell: the seed that was drawn, and a limit that was reached."""
    generation = made.generation
    if generation.settings.samples and asked.seed is None:
        print(
            f"seed {generation.settings.seed}: --seed {generation.settings.seed} gives this text again", file=sys.stderr
        )
    elif asked.seed is not None and not generation.settings.samples:
        print("greedy, so the seed changes nothing; --temperature, --top-k or --top-p sample", file=sys.stderr)
    if generation.stop == "limit":
        print(f"the model takes {len(made.tokens)} tokens and no more (max_position_embeddings)", file=sys.stderr)
