"""Fine-tuning: from a labelled file and a Gemma 2 checkpoint to a folder that `load` and the bench read."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from gemma2_workbench.atomic import filling
from gemma2_workbench.classification.finetune.card import Run, write_card
from gemma2_workbench.classification.finetune.checkpoints import FOLDER, check_folder, prepare, step_of
from gemma2_workbench.classification.finetune.data import read
from gemma2_workbench.classification.finetune.division import divided
from gemma2_workbench.classification.finetune.example import Example
from gemma2_workbench.classification.finetune.measure import measured
from gemma2_workbench.classification.finetune.settings import Settings
from gemma2_workbench.classification.finetune.start import Start, merged, starting_point
from gemma2_workbench.classification.inputs import Encoded, as_whole, encode_texts
from gemma2_workbench.classification.scores import Scores
from gemma2_workbench.models.decoder.loading import decoder_config, is_other_family
from gemma2_workbench.models.gemma2.source import LoadedModel
from gemma2_workbench.models.loading import gemma2_of, load, one_sentence
from gemma2_workbench.models.parity.finite import check_weights
from gemma2_workbench.models.reading.names import located


@dataclass(frozen=True)
class Tuned:
    """What came out.

    Attributes:
        folder: complete checkpoint: weights, configuration, tokenizer, card.
        scores: per entity type or class, and "ALL".
        figure: what the F1 of "ALL" is called.
        measured_on: the examples it was measured on, in words.
        example: a text to try it on.
    """

    folder: Path
    scores: Scores
    figure: str
    measured_on: str
    example: str


def fine_tune(settings: Settings, say: Callable[[str], None]) -> Tuned:
    """Train a classifier and write it to `settings.out`; nothing is written elsewhere, no host is asked.

    On a CPU the same settings give the same weights, interrupted or not.

    Args:
        settings: what and how.
        say: is told, one sentence at a time, what is done and what was decided.

    Raises:
        ImportError: accelerate or peft is not installed.
        ValueError, OSError: data, folder, model or numbers that cannot work; the message says what to do.
        Stopped: the user pressed ctrl-C; the run can be resumed.
    """
    _require(["accelerate", *(["peft"] if settings.lora else [])])
    data = read(settings.data, settings.task, settings.columns)
    dev_data = read(settings.dev, data.kind, settings.columns) if settings.dev else None
    division = divided(data, dev_data, settings.seed)
    check_folder(settings.out, settings.resume)
    # Only now: it imports transformers' Trainer, which takes seconds and needs accelerate.
    from gemma2_workbench.classification.finetune.loop import quiet, trained

    loaded = _loaded(settings)
    start = starting_point(loaded, data.kind, data.labels, settings.variant, settings.seed, settings.label_token)
    check_weights(start.model)
    train, dev = (_encoded(part, data.kind, loaded, start) for part in (division.train, division.dev))
    rate = settings.rate_for(loaded.shape.width)
    run = Run(settings, data, division, loaded, start, rate)
    checkpoint = prepare(settings.out, run.identity, settings.resume)
    for sentence in run.sentences:
        say(sentence)
    if checkpoint:
        say("going on from {} of {} steps ({})".format(*step_of(checkpoint), checkpoint.name))

    def scored() -> tuple[Scores, str]:
        return measured(start.model, dev, start.names, loaded.tokenizer.pad_token_id or 0, data.bio)

    began = time.monotonic()
    with quiet():
        model, history = trained(run, train, checkpoint, lambda: scored()[0]["ALL"]["f1"])
        with filling(settings.out) as folder:
            if settings.lora:
                model = merged(model, loaded.source, folder / "adapter")
            scores, figure = scored()
            # the Trainer switches the cache off while it trains
            model.config.use_cache = True
            model.save_pretrained(folder)
            loaded.tokenizer.save_pretrained(folder)
            write_card(run, folder, scores, figure, history, time.monotonic() - began)
    shutil.rmtree(settings.out / FOLDER)
    return Tuned(settings.out, scores, figure, division.measured_on, division.dev[0].text)


def _require(names: list[str]) -> None:
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"fine-tuning needs {' and '.join(missing)}, not installed here: pip install 'gemma2-workbench[finetune]'"
        )


def _loaded(settings: Settings) -> LoadedModel:
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if settings.device in there and not there[settings.device]():
        raise ValueError(f"--device {settings.device}: torch finds no such device here; leave it out, or use cpu")
    if settings.model is not None:
        _check_family(settings.model)
    # float32 whatever the checkpoint holds: AdamW's small steps vanish in bfloat16
    return gemma2_of(load(settings.model, dtype="float32", device=settings.device, new_head=True))


def _check_family(name: str) -> None:
    """Refuse another family before its weights are read.

    Raises:
        ModelNotFoundError: there is no such model.
        ValueError: it is no Gemma 2.
    """
    with one_sentence(name):
        folder = located(name).folder
        if is_other_family(folder):
            raise ValueError(
                f"fine-tuning is for Gemma 2 models, and this is a {decoder_config(folder).model_type} model; train it "
                "with transformers' Trainer: classify, why and evaluate work with what that saves"
            )


def _encoded(
    examples: Sequence[Example], kind: str, loaded: LoadedModel, start: Start
) -> list[tuple[Example, Encoded]]:
    """The examples as the model reads them; a text's label at its last token, as the sequence classifier does."""
    texts, spans = [example.text for example in examples], [list(example.words) for example in examples]
    encoded = encode_texts(texts, spans, loaded.tokenizer, start.variant == "echo", start.label_token)
    longest, rows = loaded.shape.longest, []
    for example, row in zip(examples, encoded, strict=True):
        if len(row.ids) > longest:
            raise ValueError(
                f"{example.where}: the sentence {example.text[:40]!r}... has {len(row.ids)} tokens, {loaded.name} "
                f"takes at most {longest}; split it"
            )
        rows.append((example, row if kind == "token" else as_whole(row, start.model.config.pad_token_id)))
    return rows
