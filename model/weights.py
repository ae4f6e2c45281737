"""Whether loaded weights fit the model: what may be missing, and what may be left over."""

from collections.abc import Collection
from typing import TypedDict

from torch import nn

# A classifier's head may be new (fine-tuning), and a head may be left out (another task); the trunk never.
MAY_BE_NEW = ("score.",)
MAY_BE_LEFT_OUT = ("score.", "lm_head.")
MAY_BE_IN_OLD_FILES = "rotary_emb.inv_freq"


class WeightsError(ValueError, RuntimeError):
    """Weights that do not fit the configuration; a `RuntimeError` too, since that is what transformers raises."""


class LoadingReport(TypedDict):
    """What transformers says of loaded weights."""

    missing_keys: set[str]
    unexpected_keys: set[str]
    mismatched_keys: set[tuple[str, tuple[int, ...], tuple[int, ...]]]


def check_sizes(source: str, report: LoadingReport) -> None:
    """Refuse weights of another shape than the configuration's.

    Raises:
        WeightsError: there are some; the sentence names them.
    """
    _refuse(source, "hold in another shape", [str(entry[0]) for entry in report["mismatched_keys"]])


def check_names(source: str, model: nn.Module, report: LoadingReport) -> None:
    """Refuse weights that leave a part random that is not a whole new head, or hold parts that the model does not have.

    Old files may hold the rotary frequencies, which follow from the configuration.

    Raises:
        WeightsError: there are some; the sentence names them.
    """
    heads = {name for name in model.state_dict() if name.startswith(MAY_BE_NEW)}
    new = heads if heads <= set(report["missing_keys"]) else set()
    _refuse(source, "lack", [name for name in report["missing_keys"] if name not in new])
    # A head of another task is left out; a further part of the model's own would be lost.
    others = tuple(prefix for prefix in MAY_BE_LEFT_OUT if not hasattr(model, prefix.removesuffix(".")))
    unexpected = [name for name in report["unexpected_keys"] if not name.startswith(others)]
    unexpected = [name for name in unexpected if not name.endswith(MAY_BE_IN_OLD_FILES)]
    _refuse(source, "hold, beyond what is wanted,", unexpected)


def _refuse(source: str, what: str, names: Collection[str]) -> None:
    if names:
        some, more = ", ".join(sorted(names)[:3]), f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise WeightsError(f"{source}: the weights {what} {some}{more}; config.json and weights do not belong together")
