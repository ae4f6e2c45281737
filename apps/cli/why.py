"""`gemma2-workbench why`: the reasons for the label of a word, printed, or as a figure or its numbers with a record."""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gemma2_workbench.apps.cli.changes import add_changes, changes_of
from gemma2_workbench.apps.cli.labels import add_label_token, note
from gemma2_workbench.apps.cli.look import OF_A_FIGURE, add_look, output_of, refuse, save
from gemma2_workbench.apps.cli.model import add_model, given_text, loaded_model
from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.classification.reasons.gradients import METHODS
from gemma2_workbench.classification.reasons.question import LABELS, REASONS, Answer, Question, answered
from gemma2_workbench.classification.reasons.words import signed
from gemma2_workbench.export import FIGURE_SUFFIXES, TABLE_SUFFIXES
from gemma2_workbench.models.loading import CLASSIFIER
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.explanation_recipe import ExplanationRecipe
from gemma2_workbench.records.output import Output
from gemma2_workbench.traces.interventions import SetCausal
from gemma2_workbench.versions import versions

MOST = 10  # rows to print
_STRIPS = ("saliency", "attention")
# What is printed of a table, the largest first, and the names above it.
_PRINTED = {
    "saliency": {"value": "logits", "text": "token"},
    "heads": {"effect": "logits", "layer": "layer", "head": "head", "kind": "kind"}
    | {"top_token": "looks most at", "top_weight": "share"},
    "removals": {"effect": "logits", "text": "without", "label_after": "label then", "confidence_after": "probability"},
    "attention": {"weight": "share", "token": "token"},
}


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("why", help="why a word has its label: tokens, heads, words taken out, attention")
    command.add_argument("text", help="the text, or - for standard input")
    command.add_argument("--word", help="the word, or its number from 0; default: the first entity")
    command.add_argument("--label", help="the class that is asked about; default: the most probable one")
    command.add_argument("--against", help="the class it is compared with; default: the next best")
    command.add_argument(
        "--show",
        choices=(*REASONS, *LABELS),
        default=REASONS[0],
        help=f"a reason ({', '.join(REASONS)}), or the labels themselves as a table ({', '.join(LABELS)})",
    )
    command.add_argument("--method", choices=METHODS, help=f"of the saliency; default {METHODS[0]}")
    command.add_argument(
        "--layer", type=whole_number, help="of the attention, from 0; default: the head with the largest effect"
    )
    command.add_argument("--head", type=whole_number, help="of the attention, from 0")
    command.add_argument("--format", choices=_FORMATS, help="what is printed; default table")
    drawn = command.add_argument_group("with a file")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    drawn.add_argument(
        "--out",
        type=Path,
        help=f"write a figure or its numbers instead of printing: {endings} (.tex of saliency and attention: the text "
        "in coloured boxes)",
    )
    add_look(drawn, columns=False)
    add_label_token(command)
    add_model(command, CLASSIFIER)
    add_changes(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Ask, and print or write the answer."""
    question, look = _question(options), _look(options)
    loaded = loaded_model(options)
    # A model under its own mask is not modified.
    own = SetCausal(loaded.causal)
    changes = tuple(change for change in question.changes if change != own)
    answer = answered(loaded, replace(question, changes=changes))
    note(answer.remarks)
    if look is None:
        print(_FORMATS[options.format or "table"](answer))
    else:
        save(produced(ExplanationRecipe(answer), look, options.out.name), options.out, options.latex)


def _question(options: argparse.Namespace) -> Question:
    """What the flags ask; those that mean nothing for it are refused."""
    if options.show != "saliency":
        refuse(options, ("method",), "is of the saliency; leave it out")
    if options.show != "attention":
        refuse(options, ("layer", "head"), "is of --show attention; leave it out")
    if options.show in LABELS:
        refuse(options, ("label", "against"), f"is of a reason; {options.show} are the labels themselves")
    return Question(
        text=given_text(options.text),
        show=options.show,
        word=options.word,
        label=options.label,
        against=options.against,
        method=options.method or METHODS[0],
        layer=options.layer,
        head=options.head,
        changes=changes_of(options),
        label_token=options.label_token,
    )


def _look(options: argparse.Namespace) -> Output | None:
    """How the file looks; None where the answer is printed."""
    if options.out is None:
        refuse(options, OF_A_FIGURE, "is of a file; give --out as well")
        return None
    refuse(options, ("format",), "is of what is printed; the ending of --out decides what is written")
    return output_of(options, "a reason is", options.show in _STRIPS)


def _printed(answer: Answer) -> str:
    """The question, the score, the largest numbers and what they mean."""
    question, changes = answer.question, answer.question.changes
    modified = f" (modified model: {', '.join(change.sentence for change in changes)})" if changes else ""
    if answer.target is None or answer.score is None:
        return f"{answer.model.name}{modified}: {question.show}\n{rows_text(answer.table)}"
    target, columns = answer.target, _PRINTED[question.show]
    by = next(iter(columns))
    # The word without its sentence is told below.
    table = answer.table.dropna(subset=["removed"]) if question.show == "removals" else answer.table
    largest = table.sort_values(by, ascending=False, kind="stable", key=lambda column: column.abs()).head(MOST)
    more = f"\n({len(table) - MOST} more rows: --out FILE.csv)" if len(table) > MOST else ""
    sign = "" if question.show == "attention" else f"; positive numbers speak for {target.label}"
    where = "" if question.layer is None else f", attention of layer {question.layer} head {question.head}"
    shown = largest.reindex(columns=list(columns)).set_axis(list(columns.values()), axis=1)
    rows = rows_text(shown.assign(logits=shown["logits"].map(signed)) if "logits" in shown else shown)
    return (
        f"{answer.model.name}{modified}: {target.sentence}{where}\n"
        f"score {signed(answer.score)} logits: {target.label} (probability {answer.probability:.3f}) is "
        f"{math.exp(answer.score):.3g} times as probable as {target.against}{sign}\n"
        f"{rows}{more}\n{answer.meaning}"
    )


def _json(answer: Answer) -> str:
    """Everything, for machines."""
    about = ExplanationRecipe(answer).as_record()
    told = {name: getattr(answer, name) for name in ("score", "probability", "meaning")}
    rows = answer.table.astype(object).where(answer.table.notna(), None).to_dict("records")
    return json.dumps({"versions": versions(), **about, **told, "rows": rows}, ensure_ascii=False, allow_nan=False)


_FORMATS: dict[str, Callable[[Answer], str]] = {"table": _printed, "json": _json}
