"""One loop reads everything: each reader passes one contract, and padded texts of a batch read as if alone."""

from pathlib import Path

import pytest
import torch

from gemma2_workbench import LoadedModel, SetCausal, capture, load_trace, save_trace
from gemma2_workbench.model import points
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.traces import reader
from gemma2_workbench.traces.detailed_folds import GROUPS
from gemma2_workbench.traces.interventions import applied
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.readers import READERS
from gemma2_workbench.traces.readers.attention import AttentionReader
from gemma2_workbench.traces.readers.folds import FoldsReader

TEXTS = ("a", "Emma was glad to see Mr. Knightley.", "The President of the United States met Emma in Paris. " * 12)


@pytest.mark.parametrize("name", READERS)
def test_every_reader(name: str, loaded: LoadedModel, tmp_path: Path) -> None:
    alone = capture(loaded, TEXTS[1], read=(name,), parity=False)
    assert list(alone.readings) == [name]
    everything = capture(loaded, TEXTS[1], read=tuple(READERS), parity=False)
    # What else is read changes nothing.
    assert capture(loaded, TEXTS[1], read=(name,), parity=False).readings.keys() < everything.readings.keys()
    again = load_trace(save_trace(alone, tmp_path / "run.safetensors"))
    assert again == alone
    assert not any(point._forward_hooks for point in points(loaded.model, "*").values())


@pytest.mark.parametrize("changes", [(), (SetCausal(False),)], ids=["causal", "bidirectional"])
def test_padded_texts_of_a_batch_read_as_if_alone(loaded: LoadedModel, changes: tuple[SetCausal, ...]) -> None:
    texts = [tokenize(loaded.tokenizer, text).ids for text in TEXTS]
    with applied(loaded, changes) as changed:
        batch = Batch.of(texts, changed)
        attention = AttentionReader(changed, batch)
        groups = {group: FoldsReader(changed, batch, folds) for group, folds in GROUPS.items()}
        reader.read(changed, batch, [attention, *groups.values()])
    for at, text in enumerate(TEXTS):
        alone = capture(loaded, text, interventions=changes, read=("attention", *GROUPS), parity=False)
        for group, folds in groups.items():
            for name, value in alone.reading(group, dict).items():
                if name == "top_keys":  # equal probabilities stand in any order; what stands there is top_mass
                    continue
                # The variance squares distances, and rounding with them.
                near = 5e-3 if name == "distance_variance" else 2e-4
                torch.testing.assert_close(
                    folds.reading(at)[name],
                    value,
                    atol=near,
                    rtol=1e-4,
                    equal_nan=True,
                    msg=lambda m, n=name: f"{n}: {m}",
                )
        for kept, own in zip(attention.reading(at), alone.tensors, strict=True):
            for tensor in ("q", "k", "v", "log_sum", "value_norms"):
                torch.testing.assert_close(getattr(kept, tensor), getattr(own, tensor), atol=2e-4, rtol=1e-4)


def test_a_reader_of_somebody_else_needs_one_file(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    class ResidualNorms:
        """The length of the residual stream at every position before each layer, [L, T]."""

        def __init__(self) -> None:
            self.rows: list[torch.Tensor] = []

        def hooks(self):
            return ({"layers.*.resid_pre": lambda _module, _args, out: self.rows.append(out[0].norm(dim=-1))},)

        def reading(self) -> dict[str, torch.Tensor]:
            return {"norms": torch.stack(self.rows)}

    monkeypatch.setitem(READERS, "residual_norms", lambda request: ResidualNorms())
    trace = capture(loaded, "Anna met Bob", read=("folds", "residual_norms"), parity=False)
    assert trace.reading("residual_norms", dict)["norms"].shape == (len(trace.layers), len(trace.tokens))


def test_hooks_are_gone_after_a_pass_that_failed(loaded: LoadedModel) -> None:
    def stop(done: int, of: int) -> None:
        raise InterruptedError(f"{done} of {of}")

    with pytest.raises(InterruptedError, match=f"1 of {len(loaded.trunk.layers)}"):
        capture(loaded, "Anna", parity=False, progress=stop)
    assert not any(point._forward_hooks for point in points(loaded.model, "*").values())


@pytest.mark.parametrize("read", [(), ("maps",), "folds", ("attention", "Folds")])
def test_what_no_reader_reads_is_refused(loaded: LoadedModel, read: object) -> None:
    with pytest.raises(ValueError, match=r"is not allowed; name one or several of attention, folds, distances"):
        capture(loaded, "Anna", read=read)
