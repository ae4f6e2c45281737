"""`gemma2-workbench`: the explorer, traces, figures and tables from the command line.

Only `app` imports gradio.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

VIEW_NAMES = ("attention", "cell", "atlas", "softcap", "softcap_curve", "mask", "lens", "contributions")
LENS_VIEWS = ("lens", "contributions")  # of a trace that was captured with its lens
# Options of views, as flags: name -> (type, help).
VIEW_OPTIONS: dict[str, tuple[type, str]] = {
    "layer": (int, "layer, from 0"),
    "head": (int, "head, from 0"),
    "stage": (str, "attn_logits, attn_scores, attn_masked, attn_probs or contribution"),
    "metric": (str, "quantity of the atlas, the softcap or the lens view"),
    "query": (int, "position of a query, from 0; default: the last token"),
    "key": (int, "position of a key, from 0; default: the one the query attends to most"),
    "rows": (str, "queries first:stop, for example 0:64; default: all"),
    "keys": (str, "keys first:stop; default: all"),
    "positions": (str, "positions first:stop of the lens; default: all"),
    "position": (int, "position whose logit is taken apart, from 0; default: the last token"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 2 with a sentence on stderr where something is wrong."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError, MemoryError, ImportError, RuntimeError) as error:
        print(f"gemma2-workbench: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gemma2-workbench", description="See how Gemma 2 attends.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_app(commands)
    _add_trace(commands)
    _add_view_command(commands, "figure", "draw a view: .pdf .svg .png for print, .html for the screen", _figure)
    _add_view_command(commands, "table", "write the numbers of a view: .csv .parquet .tex", _table)
    _add_mask(commands)
    models = commands.add_parser("models", help="list the models that come with the package")
    models.set_defaults(run=_models)
    return parser


def _add_app(commands: Any) -> None:
    app = commands.add_parser("app", help="open the explorer in the browser")
    _add_model(app)
    app.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    app.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT, or the first free one from 7860")
    app.add_argument("--browser", action="store_true", help="open the page in the default browser")
    app.set_defaults(run=_app)


def _add_trace(commands: Any) -> None:
    trace = commands.add_parser("trace", help="run a text and keep everything the views need in one file")
    trace.add_argument("text", help="the text, or - to read it from standard input")
    trace.add_argument("--out", required=True, type=Path, help="file to write, for example run.safetensors")
    trace.add_argument("--lens", action="store_true", help="keep the logit lens and the direct contributions too")
    _add_model(trace)
    trace.set_defaults(run=_trace)


def _add_view_command(commands: Any, name: str, help: str, run: Any) -> None:
    command = commands.add_parser(name, help=help)
    command.add_argument("view", choices=VIEW_NAMES)
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", help="the text, or - to read it from standard input")
    source.add_argument("--trace", type=Path, help="a file written by the trace command")
    command.add_argument("--out", required=True, type=Path, help="file to write; its ending decides the format")
    for option, (kind, meaning) in VIEW_OPTIONS.items():
        command.add_argument(f"--{option}", type=kind, help=meaning)
    if name == "figure":
        command.add_argument("--venue", help="acl, icml, neurips, iclr, aaai, cvpr or jmlr")
        command.add_argument("--width", default="single", help="single, text or double column, or inches")
        command.add_argument("--title", action="store_true", help="write the title into the figure")
    _add_model(command)
    command.set_defaults(run=run)


def _add_mask(commands: Any) -> None:
    from workbench.mask_command import add_arguments

    mask = commands.add_parser("mask", help="print who sees whom: window, padding, cache, any length")
    add_arguments(mask)
    mask.set_defaults(run=_mask)


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", help="embedded name, folder or hub id; default: the embedded language model")
    command.add_argument("--dtype", help="float32, bfloat16 or float16")
    command.add_argument("--device", help="cpu, cuda, mps")


def _app(options: argparse.Namespace) -> None:
    # By name: the library does not depend on the apps; only this command starts one.
    explorer = importlib.import_module("apps.explorer.app")
    explorer.serve(
        model=options.model,
        dtype=options.dtype,
        device=options.device,
        host=options.host,
        port=options.port,
        browser=options.browser,
    )


def _trace(options: argparse.Namespace) -> None:
    trace = _captured(options, lens=options.lens)
    trace.save(options.out)
    print(f"{options.out}: {len(trace.tokens)} tokens, {trace.parity.sentence}")


def _figure(options: argparse.Namespace) -> None:
    from workbench.export import export

    view, frame = _view_table(options)
    width = options.width if options.width.isalpha() else float(options.width)
    print(export(view.figure(frame), options.out, width=width, venue=options.venue, title=options.title))


def _table(options: argparse.Namespace) -> None:
    from workbench.export import export

    _, frame = _view_table(options)
    print(f"{export(frame, options.out)}: {len(frame)} rows")


def _mask(options: argparse.Namespace) -> None:
    from workbench.mask_command import answer

    print(answer(options))


def _models(_options: argparse.Namespace) -> None:
    from workbench.loading import embedded

    for name, folder in embedded().items():
        print(f"{name}\t{folder}")


def _view_table(options: argparse.Namespace) -> Any:
    """The view that was asked for and its table."""
    from workbench import Trace, view_named

    view = view_named(options.view)
    trace = Trace.load(options.trace) if options.trace else _captured(options, lens=view.name in LENS_VIEWS)
    given = {name: getattr(options, name) for name in VIEW_OPTIONS if getattr(options, name) is not None}
    return view, view.table(trace, **given)


def _captured(options: argparse.Namespace, lens: bool) -> Any:
    """The trace of the text that was given, with its logit lens if asked."""
    from workbench import capture, estimate, load, tokenize

    text = sys.stdin.read() if options.text == "-" else options.text
    loaded = load(options.model, dtype=options.dtype, device=options.device)
    cost = estimate(loaded, len(tokenize(loaded.tokenizer, text)))
    if cost.seconds > 1:
        print(cost.sentence, file=sys.stderr)
    return capture(loaded, text, lens=lens)


if __name__ == "__main__":
    sys.exit(main())
