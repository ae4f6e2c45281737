"""Trains the embedded checkpoint.

Run: `python -m training.train --minutes 70`; stop it at any time and go on with `--resume`.
The schedule follows the budget (`--minutes` of wall-clock time, or `--steps`), so a slower
machine trains on fewer tokens but always ends with the learning rate at zero.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path

import torch
from torch import Tensor

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM
from training.batches import Batches, held_out_rows, plain_pieces
from training.corpus import load_corpus
from training.data_parallel import DataParallel, run_parallel
from training.forward import LeanForward
from training.recipe import SHAPE, Recipe
from training.scores import induction_score, previous_token_score, repeats
from training.softcap import attention_cap_use
from training.sources import CACHE
from training.state import Optimisers, Progress, initialise, restore, save
from training.tokenizer import load_tokenizer

log = logging.getLogger("training")
LOG = "training_log.jsonl"
BATCH_SEED, PROBE_SEED = 1, 1_000_003


@dataclass(frozen=True)
class Budget:
    """How long to train: `steps` if given, else `minutes` of wall-clock time."""

    minutes: float = 70.0
    steps: int | None = None

    def spent(self, progress: Progress) -> float:
        """Returns the share of the budget that is used up, 0 to 1."""
        if self.steps is not None:
            return min(1.0, progress.step / self.steps)
        return min(1.0, progress.seconds / (60 * self.minutes))


class Probes:
    """The cheap measurements of the log lines: held-out loss, two kinds of heads, the logits."""

    def __init__(self, held_out: dict[str, Tensor], text: Tensor, plain: Tensor, bos: int):
        self.held_out = held_out
        self.text = text
        self.repeats = {p: repeats(plain, p, 8, bos, PROBE_SEED).to(text.device) for p in (14, 60)}

    def __call__(self, model: Gemma2ForCausalLM, lean: LeanForward) -> dict[str, float]:
        """Returns the figures of one log line; attention scores are of the best head."""
        # gradients stay on here: without them all would be compiled a second time
        found = {
            f"val_{name}": lean.loss(rows[:, :-1].contiguous(), rows[:, 1:].contiguous()).item()
            for name, rows in self.held_out.items()
        }
        found["val"] = sum(found.values()) / len(found)
        return found | self.heads(model)

    @torch.no_grad()
    def heads(self, model: Gemma2ForCausalLM) -> dict[str, float]:
        """Returns the scores of the best head of each kind, and the largest attention logit."""
        use = attention_cap_use(model, [self.text])
        found = {"max_logit": use.largest.max().item()}
        maps = model(input_ids=self.text, output_attentions=True).attentions
        found["previous_token"] = max(previous_token_score(m).max().item() for m in maps)
        for period, ids in self.repeats.items():
            maps = model(input_ids=ids, output_attentions=True).attentions
            best = [induction_score(m, period).max().item() for m in maps]
            found[f"induction_{period}"] = max(best)
        return found


@dataclass
class Run:
    """Everything that a training loop holds."""

    model: Gemma2ForCausalLM
    lean: LeanForward
    optimisers: Optimisers
    batches: Batches
    recipe: Recipe
    budget: Budget
    group: DataParallel
    device: torch.device

    def step(self, progress: Progress) -> float:
        """Does one optimiser step, counts it in `progress` and returns its loss."""
        group = self.group
        spent = self.budget.spent(progress)
        plan = self.recipe.plan(spent, len(progress.ended))
        plan = replace(plan, rows=plan.rows // group.size)
        drawn = self.batches(progress.step * group.size + group.rank, plan)
        ids, targets = (t.to(self.device) for t in drawn)
        loss = self.lean.loss(ids, targets)
        loss.backward()
        group.average(list(self.model.parameters()))
        self.optimisers.step(self.recipe.rate(spent, progress.step))
        progress.step += 1
        progress.tokens += ids.numel() * group.size
        return loss.item()


def train(
    run: Run,
    progress: Progress,
    probes: Callable[..., dict[str, float]],
    state_file: Path,
    probe_every: float = 30.0,
    save_every: float = 120.0,
) -> Progress:
    """Trains until the budget is spent; logs, and saves atomically, every so many seconds.

    Args:
        run: model, optimisers, batches and schedule.
        progress: counters to go on from; they are updated in place.
        probes: measures the model for a log line.
        state_file: where the state goes.
        probe_every: seconds between log lines.
        save_every: seconds between saves.
    """
    started = last = time.monotonic()
    before = progress.seconds
    probed, saved, losses, counted = last, last, [], progress.tokens
    while run.budget.spent(progress) < 1.0:
        losses.append(run.step(progress))
        now = time.monotonic()
        progress.seconds = before + now - started
        run.group.agree(progress)
        if run.group.rank > 0:
            continue
        done = run.budget.spent(progress) >= 1.0
        if now - probed >= probe_every or done:
            found = probes(run.model, run.lean)
            found["loss"] = sum(losses) / len(losses)
            found["tokens_per_second"] = (progress.tokens - counted) / (now - probed)
            _record(progress, found, state_file.with_name(LOG))
            if run.recipe.ends(run.budget.spent(progress), len(progress.ended), found):
                progress.ended.append(progress.seconds)
            probed, losses, counted = time.monotonic(), [], progress.tokens
        if now - saved >= save_every or done:
            save(state_file, run.model, run.optimisers, progress)
            saved = time.monotonic()
    return progress


def _record(progress: Progress, found: dict[str, float], log_file: Path) -> None:
    counters = {"step": progress.step, "seconds": progress.seconds, "tokens": progress.tokens}
    line = json.dumps({key: round(value, 3) for key, value in (counters | found).items()})
    log.info("%s", line)
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("a") as lines:
        lines.write(line + "\n")


def numbers() -> list[Field]:
    """The fields of the recipe that are single numbers."""
    return [field for field in fields(Recipe) if field.name != "stages"]


def arguments() -> argparse.ArgumentParser:
    """The command line; every number of the recipe is an option too."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--minutes", type=float, default=70.0, help="wall-clock budget")
    parser.add_argument("--steps", type=int, help="budget in steps instead of minutes")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=2, help="processes that share each batch")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", type=Path, default=CACHE / "run/state.pt")
    parser.add_argument("--probe-every", type=float, default=180.0, help="seconds between log lines")
    parser.add_argument("--resume", action="store_true", help="go on from --state")
    for field in numbers():
        kind = int if isinstance(field.default, int) else float
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)
    return parser


def prepare(options: argparse.Namespace, group: DataParallel) -> tuple[Run, Probes]:
    """Builds model, optimisers, batches and probes from the command line."""
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    tokenizer = load_tokenizer()
    training, held_out = load_corpus(tokenizer)
    bos = tokenizer.bos_id()
    rows = {k: held_out_rows(v, bos, 128, 8).to(device) for k, v in held_out.items()}
    with device:
        model = Gemma2ForCausalLM(Gemma2Config(**SHAPE))
    initialise(model, options.seed)
    text = torch.cat([r[:2, :96] for r in rows.values()])
    probes = Probes(rows, text, torch.from_numpy(plain_pieces(tokenizer)), bos)
    recipe = replace(Recipe(), **{f.name: getattr(options, f.name) for f in numbers()})
    lean = LeanForward(model, getattr(torch, options.precision), not options.no_compile)
    batches = Batches(training, tokenizer, BATCH_SEED + options.seed)
    budget = Budget(options.minutes, options.steps)
    run = Run(model, lean, Optimisers(model, recipe), batches, recipe, budget, group, device)
    return run, probes


def work(group: DataParallel, options: argparse.Namespace) -> None:
    """Trains as one process of several."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run, probes = prepare(options, group)
    progress = restore(options.state, run.model, run.optimisers) if options.resume else Progress()
    log.info("from step %d, %s", progress.step, run.recipe)
    train(run, progress, probes, options.state, options.probe_every)


def main() -> None:
    """Command line entry."""
    options = arguments().parse_args()
    run_parallel(options.workers, work, options)


if __name__ == "__main__":
    main()
