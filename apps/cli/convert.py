"""`gemma2-workbench convert`: a checkpoint of google/gemma_pytorch as a model folder."""

import argparse
import shlex

from gemma2_workbench.apps.cli.progress import counted
from gemma2_workbench.model.google.beginnings import UNDER_WAY
from gemma2_workbench.model.google.convert import convert_google_checkpoint
from gemma2_workbench.starting import STOPPED, Stopped


def run(options: argparse.Namespace) -> None:
    """Convert, and end with what there is now and the command to try next."""
    try:
        with counted("B", scaled=True) as report:
            folder = convert_google_checkpoint(
                options.checkpoint,
                options.out,
                options.size,
                dtype=options.dtype,
                tokenizer=options.tokenizer,
                instruct=options.instruct,
                report=report,
            )
    except KeyboardInterrupt as stop:
        begun = (options.out / UNDER_WAY).exists()
        raise Stopped.of(stop, f"stopped; the same command goes on in {options.out}" if begun else STOPPED) from None
    weights = sorted(folder.glob("*.safetensors"))
    count = "1 file" if len(weights) == 1 else f"{len(weights)} files"
    print(f"{folder}: {sum(file.stat().st_size for file in weights) / 1e9:.1f} GB of weights in {count}")
    if options.tokenizer is None:
        print("it has no tokenizer yet: copy tokenizer.model into it, with the tokenizer_config.json of the hub")
    else:
        print(f"try: {shlex.join(['gemma2-workbench', 'app', '--model', str(folder)])}")
