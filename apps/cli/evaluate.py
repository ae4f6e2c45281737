"""`gemma2-workbench evaluate`: a token classifier against a CoNLL file with the right labels."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from gemma2_workbench.apps.cli.labels import columns_of
from gemma2_workbench.apps.cli.model import loaded_model
from gemma2_workbench.apps.cli.progress import progress
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.atomic import write
from gemma2_workbench.classification.conll import conll_file
from gemma2_workbench.classification.errors import Errors, errors
from gemma2_workbench.classification.evaluation import Evaluation, evaluate
from gemma2_workbench.classification.files import checked_target
from gemma2_workbench.classification.record import evaluation_record
from gemma2_workbench.classification.tables import score_table

MOST = 20  # mistakes to print


def run(options: argparse.Namespace) -> None:
    """Print the scores; write the predictions if asked."""
    out = checked_target(options.predictions, [options.file]) if options.predictions else None
    gold = conll_file(options.file, columns_of(options))
    found = evaluate(loaded_model(options), gold.sentences, str(options.file), progress, options.label_token)
    found = replace(found, remarks=(*gold.remarks, *found.remarks))
    if out:
        write(out, gold.retagged(found.tags))
    wrong = errors(found) if options.errors else None
    if options.format == "json":
        record = evaluation_record(str(options.file), found, wrong)
        print(json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1))
    else:
        print("\n".join([_table(found, options.file), *([] if wrong is None else [_errors(wrong)])]))


def _errors(wrong: Errors) -> str:
    """The most confident mistakes and the confusion of types, for a terminal."""
    head = f"{len(wrong.mistakes)} mistakes in {wrong.sentences} of {wrong.of} sentences"
    if not wrong.mistakes:
        return head
    shown = wrong.table().head(MOST).drop(columns=["sentence", "confidence"])
    more = f" (the first {MOST}; --format json has all)" if len(wrong.mistakes) > MOST else ""
    return "\n".join(
        [
            f"{head}, by sentence, most confident mistake first{more}",
            rows_text(shown),
            "types in the file (rows) and what they are taken for (columns)",
            wrong.confusion.to_string(),
        ]
    )


def _table(found: Evaluation, file: Path) -> str:
    """The scores for a terminal."""
    rows = score_table(found.scores).astype({"support": int})
    shares = ", ".join(f"{domain} {share:.3f}" for domain, share in found.accuracy.items())
    return "\n".join(
        [
            f"{found.model.name} on {file}: {found.sentences} sentences, {found.words} words",
            *(f"note: {remark}" for remark in found.remarks),
            found.measure,
            rows.to_string(index=False, float_format="{:.3f}".format),
            f"words with the right tag: {shares}",
        ]
    )
