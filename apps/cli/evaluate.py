"""`gemma2-workbench evaluate`: a token classifier against a CoNLL file with the right labels."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from gemma2_workbench.apps.cli.labels import columns_of
from gemma2_workbench.apps.cli.model import loaded_model
from gemma2_workbench.apps.cli.progress import progress
from gemma2_workbench.atomic import write
from gemma2_workbench.classification.conll import conll_file
from gemma2_workbench.classification.evaluation import Evaluation, evaluate
from gemma2_workbench.classification.files import checked_target
from gemma2_workbench.classification.record import evaluation_record
from gemma2_workbench.classification.tables import score_table


def run(options: argparse.Namespace) -> None:
    """Print the scores; write the predictions if asked."""
    out = checked_target(options.predictions, [options.file]) if options.predictions else None
    gold = conll_file(options.file, columns_of(options))
    found = evaluate(loaded_model(options), gold.sentences, str(options.file), progress, options.label_token)
    found = replace(found, remarks=(*gold.remarks, *found.remarks))
    if out:
        write(out, gold.retagged(found.tags))
    if options.format == "json":
        print(json.dumps(evaluation_record(str(options.file), found), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        print(_table(found, options.file))


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
