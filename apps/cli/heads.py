"""`gemma2-workbench heads`: what every head does on repeated random tokens, printed or as a file with its record."""

import argparse

from gemma2_workbench.apps.cli.changes import changes_of
from gemma2_workbench.apps.cli.model import loaded_model
from gemma2_workbench.apps.cli.output import OF_A_FIGURE, output_of, refuse, save
from gemma2_workbench.apps.cli.parsers.heads import ALL
from gemma2_workbench.apps.cli.progress import counted
from gemma2_workbench.apps.cli.rows import rows_text
from gemma2_workbench.heads.head_scores import HeadScores
from gemma2_workbench.heads.kinds import HEAD_KINDS
from gemma2_workbench.heads.random_repeats import score_heads
from gemma2_workbench.heads.search import find_heads
from gemma2_workbench.heads.types import head_types
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.scores_recipe import ScoresRecipe
from gemma2_workbench.views.ranked import ranked

_PRINTED = ("induction", "previous_token", "duplicate_token", "first_token", "spread")
_MOST = 20  # rows


def run(options: argparse.Namespace) -> None:
    """Score, and print the heads or write them."""
    if options.out is None:
        refuse(options, (*OF_A_FIGURE, "metric"), "is of a file; give --out as well")
        print(_printed(_scored(options), options.by or "induction", options.find or ""))
        return
    refuse(options, ("by", "find"), "is of what is printed; leave it or --out out")
    output = output_of(options, "scores of heads are")
    recipe = ScoresRecipe(_scored(options), options.metric or ALL)
    save(produced(recipe, output, options.out.name), options.out, options.latex)


def _scored(options: argparse.Namespace) -> HeadScores:
    """The scores that the flags ask for."""
    changes = changes_of(options)
    with counted("layer") as progress:
        return score_heads(
            loaded_model(options),
            options.sequences,
            options.length,
            options.seed,
            interventions=changes,
            progress=progress,
        )


def _printed(scores: HeadScores, by: str, search: str) -> str:
    """What was run, the heads with the largest scores, and what the badges mean."""
    types = head_types(scores)
    frame = ranked(scores.scores, scores.layers, types, by, scores.heads // scores.kv_heads)
    wanted = set(find_heads(search, scores.layers, types))
    found = frame.loc[[place in wanted for place in zip(frame["layer"], frame["head"], strict=True)]]
    if found.empty:
        return f"{scores.sentence}\nno head is {search!r}"
    columns = ["name", "kind", *dict.fromkeys((by, *_PRINTED)), "badges"]
    badges = "; ".join(f"{kind.label} from {kind.threshold:g}" for kind in HEAD_KINDS)
    more = f"\n({len(found) - _MOST} more heads: --out FILE.csv)" if len(found) > _MOST else ""
    return f"{scores.sentence}\n{rows_text(found.head(_MOST).reindex(columns=columns))}{more}\nbadges: {badges}"
