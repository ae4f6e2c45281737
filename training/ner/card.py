"""Writes the model card of the tagger; every figure comes from its evaluation.json and training.json.

Run: `python -m training.ner.card model/checkpoints/tiny-ner [--variants FOLDER ...]`, after
`python -m training.ner.evaluate FOLDER --json FOLDER/evaluation.json` for each folder.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from gemma2_workbench.atomic import write
from gemma2_workbench.classification.scores import markdown
from training.card import WORDNET_NOTICE
from training.ner.labels import TYPES
from training.ner.templates import TEMPLATES
from training.sources import SOURCES

PAGE = """# A tiny Gemma 2 that finds names

The embedded language model (`model/checkpoints/tiny`), fine-tuned to tag persons, organisations, places, groups and
dates, as `Gemma2ForTokenClassification`. It is made to be *asked why*: it is good enough that its labels mean
something, and small enough to take apart. For real work take a real model; spaCy's small one stands beside it below.

```python
from transformers import AutoTokenizer
from gemma2_workbench.model import Gemma2ForTokenClassification
tokenizer = AutoTokenizer.from_pretrained("model/checkpoints/tiny-ner")
model = Gemma2ForTokenClassification.from_pretrained("model/checkpoints/tiny-ner")
```

| | |
|---|---|
| labels | BIO over PER, ORG, LOC, NORP, DATE (11 classes, `id2label`), defined in `training/ner/gold/README.md` |
| where a word's label is read | at its **last sub-token** (in training and in use; all others are ignored) |
| input | variant **{variant}**: {input} |
| decoding | the most probable class of each word; an I- that continues nothing becomes a B- |
| weights | bfloat16 in `model.safetensors`; the figures below are computed in float32 |

## Measured

Entity-level F1: an entity counts only with its exact words and its type (seqeval, strict). By
`python -m training.ner.evaluate model/checkpoints/tiny-ner`; all figures are in `evaluation.json`.

{table}

The gold set is our own: labelled by the project's authors with AI assistance, without a second annotator, never
trained on. *In domain* are speeches and novels that were held out whole; the novels' characters are known from their
other chapters, which spaCy never saw. *Out of domain* are modern sentences written for the set, by the authors of the
training templates. *Silver* are labels of the kind it was trained on, so no measure of truth. One set has few hundred
entities: differences of two or three points mean little.
{limits_of_score}
## Variants

A causal model labels a word before it has read what follows; it cannot know, for one, whether a "the" opens a name:
organisations and dates, which often begin so, suffer most. Three ways to live with that were trained for equal steps
on the same sentences, with the same learning rate and seed (echo with batches of twice the tokens, so that they hold
as many sentences). Seeing what follows is worth 16 to 18 points on gold; reading the sentence twice gives a causal
model nearly all of it, for twice the tokens. Bidirectional leads, reads half as many tokens, and is shipped.

{variants}

## Training

{steps} steps, {minutes} minutes of wall-clock time on two shared CPU cores, by

```
python -m training.ner.labeller && python -m training.ner.silver
python -m training.ner.train --checkpoint model/checkpoints/tiny --out model/checkpoints/tiny-ner {arguments}
```

- {sentences} sentences at hand. Four fifths are **silver**: the training documents of the language model (speeches,
  novels; names and dates of WordNet entries), labelled by spaCy's `en_core_web_sm` 3.8, its types mapped to ours,
  its habits put right by rules (titles, articles), by a vote over each source and by a list of known names.
- One fifth is filled **templates** ({templates} of our own) with names from WordNet and short lists of our own.
- Learning rate and batch size were not searched for: two rates were tried, no class weights.
- Documents held out from the language model were held out here too, and so was every gold sentence.

## Limits

- English in the manner of its sources. It has seen few modern texts, no lower-cased names, no web language.
- Its labels repeat spaCy's mistakes where no rule or vote corrected them.
- The vocabulary has 4,096 pieces: rare names fall into many, accented letters into bytes.
- A name that it knows from the novels is a person wherever it stands.
- Do not use it to decide anything about people.

## Licence

The weights, like the code of this project, are under the Apache License 2.0. spaCy's model, which labelled the
silver data, is under the MIT licence (Explosion). The texts are in the public domain: {sources}. WordNet
comes with this notice:

> {wordnet}
"""

INPUTS = {
    "causal": "the sentence once; a word is labelled without what follows it",
    "echo": "BOS, the sentence, a line break, the sentence again; labels are read on the second copy "
    '(`workbench_input: "echo"` in config.json)',
    "bidirectional": "the sentence once, `is_causal: false` in config.json: every word sees both sides, "
    "local layers within their window",
}
AIM = 0.70


def trial(folder: Path, name: str = "") -> dict[str, Any]:
    """One row of the comparison: what a run was given and its F1 on every test set."""
    told = json.loads((folder / "training.json").read_text())
    scores = next(iter(json.loads((folder / "evaluation.json").read_text()).values()))
    last = told["history"][-1]
    found = {test: scores[test]["ALL"]["f1"] for test in scores}
    return {"name": name or told["options"]["variant"], "steps": last["step"], "f1": found}


def _variants(rows: list[dict[str, Any]]) -> str:
    head = ["variant", "steps", *rows[0]["f1"]]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        scores = " | ".join(f"{value:.3f}" for value in row["f1"].values())
        lines.append(f"| {row['name']} | {row['steps']} | {scores} |")
    return "\n".join(lines)


def _limits(scores: dict[str, Any]) -> str:
    """What the score is against the aim and against spaCy, in one sentence."""
    (ours, theirs) = (system["gold, in domain"]["ALL"]["f1"] for system in list(scores.values())[:2])
    met = "reaches" if ours >= AIM else "misses"
    gap = f"{abs(theirs - ours):.3f} {'above' if ours > theirs else 'below'} spaCy's small model"
    return f"\nIn domain it {met} the aim of {AIM:.2f} and stands {gap}.\n"


def page(folder: Path) -> str:
    """The text of the card."""
    scores = json.loads((folder / "evaluation.json").read_text())
    told = json.loads((folder / "training.json").read_text())
    variants = json.loads((folder / "variants.json").read_text())
    options, last = told["options"], told["history"][-1]
    named = ("variant", "minutes", "seed", "rate", "tokens", "decay", "entity_weight", "limit")
    arguments = " ".join(f"--{name.replace('_', '-')} {options[name]}" for name in named)
    return PAGE.format(
        variant=options["variant"],
        input=INPUTS[options["variant"]],
        table=markdown(scores, TYPES),
        limits_of_score=_limits(scores),
        variants=_variants([*variants, trial(folder, f"**{options['variant']}, shipped**")]),
        steps=last["step"],
        minutes=round(last["seconds"] / 60),
        arguments=arguments,
        sentences=f"{told['sentences']:,}",
        templates=len(TEMPLATES),
        sources="; ".join(SOURCES[name].title for name in ("sotu", "austen", "moby")),
        wordnet=WORDNET_NOTICE.replace("\n", "\n> "),
    )


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(prog="python -m training.ner.card", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--variants", nargs="*", type=Path, help="folders of the trials; default: those kept from before"
    )
    options = parser.parse_args()
    if options.variants:
        rows = [trial(path) for path in options.variants]
        write(options.folder / "variants.json", json.dumps(rows, indent=1) + "\n")
    write(options.folder / "README.md", page(options.folder))


if __name__ == "__main__":
    main()
