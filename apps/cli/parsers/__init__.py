"""The parser of each command: `add(commands)` declares it, `run` names the function that does the work.

Nothing here, nor what it imports, loads torch, transformers, pandas or matplotlib: help is there at once.
"""

from gemma2_workbench.apps.cli.parsers import (
    app,
    bench,
    chat,
    classify,
    compare,
    convert,
    evaluate,
    finetune,
    generate,
    heads,
    headvis,
    lens,
    mask,
    models,
    patch,
    redraw,
    sweep,
    trace,
    view,
    why,
)

COMMANDS = (
    app,
    bench,
    trace,
    generate,
    chat,
    view,
    heads,
    compare,
    patch,
    lens,
    sweep,
    redraw,
    mask,
    classify,
    why,
    evaluate,
    models,
    convert,
    finetune,
    headvis,
)
