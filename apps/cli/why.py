"""`gemma2-workbench why`: the reasons for the label of a word, printed, or as a figure or its numbers with a record."""

import argparse
import json
import math
from dataclasses import replace

from gemma2_workbench.apps.cli.changes import changes_of
from gemma2_workbench.apps.cli.labels import note
from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.apps.cli.output import OF_A_FIGURE, output_of, refuse, save
from gemma2_workbench.apps.cli.parsers.why import FORMATS
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.classification.choices import LABELS, METHODS
from gemma2_workbench.classification.reasons.question import Answer, Question, answered
from gemma2_workbench.classification.reasons.words import signed
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
        print(_WRITERS[options.format or "table"](answer))
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


_WRITERS = dict(zip(FORMATS, (_printed, _json), strict=True))
