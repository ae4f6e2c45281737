"""What happens while transformers' Trainer runs: a bar that tells loss and F1, a stop that loses nothing."""

import math
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from tqdm.auto import tqdm
from transformers import ProgressCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from gemma2_workbench.models.parity.finite import NotFiniteError
from gemma2_workbench.starting import Stopped


class StopOnInterrupt(TrainerCallback):
    """Ctrl-c or SIGTERM ends training after the step at hand, which is then saved; a second one ends it at once.

    Only in the main thread, where signals arrive; elsewhere it does nothing.

    Attributes:
        number: of the signal that came; None before.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Take over the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._interrupted)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Stop where asked; the Trainer saves at the end of every epoch, also one that is cut short."""
        if self.number is not None and state.global_step < state.max_steps:
            control.should_training_stop = True

    def give_back(self) -> None:
        """The signals mean again what they meant before."""
        for number, before in self._before.items():
            if before is not None:
                signal.signal(number, before)

    def _interrupted(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            raise Stopped(number=number)
        self.number = number
        tqdm.write("stopping after this step; once more to stop at once", file=sys.stderr)


class Progress(ProgressCallback):
    """transformers' progress bar on stderr; after every epoch one line with its loss and the F1 so far.

    Args:
        measure: F1 of the model as it is; called between epochs.
        stop: whether the user wants to stop; nothing is measured then.
    """

    def __init__(self, measure: Callable[[], float], stop: StopOnInterrupt):
        super().__init__()
        self.measure, self.stop = measure, stop
        self.diverged = False

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: object,
    ) -> None:
        """Keep and print what an epoch brought."""
        if not logs or "loss" not in logs or self.stop.number is not None:
            return
        loss = float(logs["loss"])
        f1 = self._measured(loss)
        self.diverged = f1 is None
        if f1 is None:
            control.should_training_stop, control.should_save = True, False
            return
        # in the Trainer's own history, which its checkpoints keep
        state.log_history[-1]["f1"] = f1
        line = f"epoch {state.epoch:g}/{state.num_train_epochs}: loss {loss:.4f}, F1 {f1:.3f}"
        tqdm.write(line, file=sys.stderr)

    def _measured(self, loss: float) -> float | None:
        """F1 of the model as it is; None where the loss or what it computes is no number."""
        if not math.isfinite(loss):
            return None
        try:
            return self.measure()
        except NotFiniteError:
            return None
