"""The training loop: transformers' Trainer on our model class, in the folder of the run and nowhere else."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import ProgressCallback
from transformers.utils import logging

from gemma2_workbench.classification.finetune.callbacks import Progress, StopOnInterrupt
from gemma2_workbench.classification.finetune.card import Run
from gemma2_workbench.classification.finetune.checkpoints import FOLDER, discard_unfinished
from gemma2_workbench.classification.finetune.example import Example
from gemma2_workbench.classification.finetune.start import with_adapters
from gemma2_workbench.classification.inputs import Encoded, collate
from gemma2_workbench.starting import Stopped

Row = tuple[Example, Encoded]
HISTORY = ("epoch", "step", "loss", "f1")


def trained(
    run: Run, rows: list[Row], checkpoint: Path | None, measure: Callable[[], float]
) -> tuple[Any, list[dict[str, float]]]:
    """The model after training (peft's with LoRA), and the loss and F1 of every epoch."""
    settings, ids = run.settings, {name: at for at, name in enumerate(run.start.names)}
    model = with_adapters(run.start, run.data.kind) if settings.lora else run.start.model
    pad = run.loaded.tokenizer.pad_token_id or 0

    def batch(chosen: list[Row]) -> dict[str, Tensor]:
        labels = [[ids[label] for label in example.labels] for example, _ in chosen]
        if run.data.kind == "token":
            return collate([row for _, row in chosen], pad, labels)
        return collate([row for _, row in chosen], pad) | {"labels": torch.tensor(labels)[:, 0]}

    arguments = TrainingArguments(
        output_dir=str(settings.out / FOLDER),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch,
        learning_rate=run.rate,
        warmup_steps=0.1,
        weight_decay=0.01,
        seed=settings.seed,
        disable_tqdm=False,
        use_cpu=run.loaded.device == "cpu",
        logging_strategy="epoch",
        logging_nan_inf_filter=False,
        save_strategy="epoch",
        save_total_limit=1,
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
    stop = StopOnInterrupt()
    progress = Progress(measure, stop)
    # a list is all that the Trainer needs of a data set, though its annotation asks for torch's class
    dataset: Any = rows
    trainer = Trainer(model, arguments, data_collator=batch, train_dataset=dataset, callbacks=[stop])
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(progress)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    finally:
        stop.give_back()
        discard_unfinished(settings.out)
    if progress.diverged or not all(bool(weight.isfinite().all()) for weight in model.parameters()):
        shutil.rmtree(settings.out / FOLDER)
        raise ValueError(
            f"the loss or a weight is no longer a number: --rate {run.rate:.3g} is too high; try {run.rate / 10:.3g}"
        )
    if stop.number is not None and trainer.state.global_step < trainer.state.max_steps:
        raise Stopped(
            f"stopped after {trainer.state.global_step} of {trainer.state.max_steps} steps; the same command with "
            "--resume goes on from there",
            stop.number,
        )
    history = [{key: row[key] for key in HISTORY} for row in trainer.state.log_history if "f1" in row]
    return model, history


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' bars for every file it writes and its advice about file systems; errors stay."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
