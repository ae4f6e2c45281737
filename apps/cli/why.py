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
from gemma2_workbench.classification.choices import EXPLANATIONS, LABELS, METHODS, UNITS
from gemma2_workbench.classification.explanations.answer import Answer, answered
from gemma2_workbench.classification.explanations.explanation import explanation_named, signed
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.explanation_recipe import OPTIONS, ExplanationRecipe
from gemma2_workbench.records.output import Output
from gemma2_workbench.traces.interventions import SetCausal
from gemma2_workbench.versions import versions

MOST = 10  # rows to print


def run(options: argparse.Namespace) -> None:
    """Ask, and print or write the answer."""
    request, look = _request(options), _look(options)
    loaded = loaded_model(options)
    # A model under its own mask is not modified.
    own = SetCausal(loaded.causal)
    changes = tuple(change for change in request.changes if change != own)
    answer = answered(loaded, replace(request, changes=changes))
    note(answer.remarks)
    if look is None:
        print(_WRITERS[options.format or "table"](answer))
    else:
        made = produced(ExplanationRecipe(answer), look, options.out.name, options.record or "full")
        save(made, options.out, options.latex)


def _request(options: argparse.Namespace) -> Request:
    """What the flags ask; those that mean nothing for it are refused."""
    if options.show in LABELS:
        refuse(options, ("label", "against", "entity"), f"is of a reason; {options.show} are the labels themselves")
    known = () if options.show in LABELS else explanation_named(options.show).OPTIONS
    for name in OPTIONS:
        owners = [one for one in EXPLANATIONS if name in explanation_named(one).OPTIONS]
        if name not in known:
            refuse(options, (name,), f"is of --show {' or '.join(owners)}; leave it out")
    return Request(
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
        entity=options.entity is not None,
        per=options.per or UNITS[0],
        swap=options.swap,
        by=tuple(options.by or ()),
    )


def _look(options: argparse.Namespace) -> Output | None:
    """How the file looks; None where the answer is printed."""
    if options.out is None:
        refuse(options, (*OF_A_FIGURE, "record"), "is of a file; give --out as well")
        return None
    refuse(options, ("format",), "is of what is printed; the ending of --out decides what is written")
    strip = options.show not in LABELS and explanation_named(options.show).STRIP
    return output_of(options, "a reason is", strip)


def _printed(answer: Answer) -> str:
    """The question, the score, the most important numbers and what they mean."""
    changes, explanation = answer.request.changes, answer.explanation
    modified = f" (modified model: {', '.join(change.sentence for change in changes)})" if changes else ""
    if explanation is None or answer.target is None or answer.score is None:
        return f"{answer.model.name}{modified}: {answer.request.show}\n{rows_text(answer.table)}"
    target, rows = answer.target, explanation.printed()
    more = f"\n({len(rows) - MOST} more rows: --out FILE.csv)" if len(rows) > MOST else ""
    sign = f"; positive numbers speak for {target.label}" if explanation.SIGNED else ""
    about = f", {explanation.about}" if explanation.about else ""
    shown = "" if rows.empty else f"{rows_text(rows.head(MOST))}{more}\n"
    return (
        f"{answer.model.name}{modified}: {target.sentence}{about}\n"
        f"score {signed(answer.score)} logits: {target.label} (probability {answer.probability:.3f}) is "
        f"{math.exp(answer.score):.3g} times as probable as {target.against}{sign}\n"
        f"{shown}{explanation.sentence}"
    )


def _json(answer: Answer) -> str:
    """Everything, for machines."""
    about = ExplanationRecipe(answer).as_record()
    told = {"score": answer.score, "probability": answer.probability, "meaning": answer.sentence}
    rows = answer.table.astype(object).where(answer.table.notna(), None).to_dict("records")
    return json.dumps({"versions": versions(), **about, **told, "rows": rows}, ensure_ascii=False, allow_nan=False)


_WRITERS = dict(zip(FORMATS, (_printed, _json), strict=True))
