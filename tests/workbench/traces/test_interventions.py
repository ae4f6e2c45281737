"""Every intervention passes one contract, and does to the model what its sentence says."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from gemma2_workbench import (
    AblateHead,
    AblateHeads,
    LoadedModel,
    Patch,
    SetCausal,
    SetFinalSoftcap,
    SetSoftcap,
    SetWindow,
    applied,
    capture,
    load_trace,
    predict,
    save_trace,
    tokenize,
)
from gemma2_workbench.apps.cli.changes import add_changes, changes_of
from gemma2_workbench.model import attached, points
from gemma2_workbench.traces.interventions import INTERVENTIONS, Flag, Intervention, as_data, from_data

TEXT, DONOR = "Emma was glad to see him. Later Emma met him", "Emma was glad to see her. Later Emma saw her"
SAMPLES = (
    SetSoftcap(5.0),
    SetSoftcap(None, (1, 2)),
    SetWindow(2),
    SetWindow(3, (0,)),
    SetFinalSoftcap(3.0),
    SetCausal(False),
    AblateHead(1, 2),
    AblateHeads(((1, 2), (1, 3), (4, 0)), "mean"),
    Patch("output", 2, 1, DONOR),
    Patch("probabilities", 2, 1, DONOR),
    Patch("residual", 3, None, DONOR, ((1, 1), (5, 4))),
)


def names(change: object) -> str:
    return change.sentence if isinstance(change, Intervention) else ""


@pytest.mark.parametrize("change", SAMPLES, ids=names)
def test_every_intervention(change: Intervention, loaded: LoadedModel, tmp_path: Path) -> None:
    assert from_data(json.loads(json.dumps(as_data(change)))) == change
    parser = argparse.ArgumentParser()
    add_changes(parser)
    assert changes_of(parser.parse_args([f"{change.FLAG.name}={change.spelled}"])) == (change,)
    config, before = loaded.config.to_dict(), predict(loaded, tokenize(loaded.tokenizer, TEXT).ids)
    trace = capture(loaded, TEXT, interventions=[change], parity=False)
    assert trace.changes == (change.sentence,)
    (effect,) = trace.effects
    assert effect.changed > 0
    assert effect.largest > 1e-3
    assert "changes" in effect.sentence
    assert load_trace(save_trace(trace, tmp_path / "run.safetensors")) == trace
    # Nobody else sees anything of it.
    assert loaded.config.to_dict() == config
    assert not any(point._forward_hooks for point in points(loaded.model, "*").values())
    assert torch.equal(predict(loaded, trace.tokens.ids).capped, before.capped)


def test_the_samples_are_of_all_kinds() -> None:
    assert {type(change) for change in SAMPLES} == set(INTERVENTIONS)


def test_each_change_has_its_own_effect(loaded: LoadedModel) -> None:
    changes = [SetWindow(10_000), AblateHead(1, 2), AblateHead(1, 2)]
    first, second, third = capture(loaded, TEXT, interventions=changes, parity=False).effects
    assert first.sentence == third.sentence == "changes nothing in this text"
    assert second.changed > 0


def test_an_intervention_of_somebody_else_needs_one_file(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class ScaleMlp(Intervention):
        """The output of one MLP times a factor."""

        layer: int
        factor: float
        FLAG: ClassVar = Flag("--scale-mlp", "L=X", "the output of the MLP of layer L times X", several=True)

        @property
        def sentence(self) -> str:
            return f"MLP {self.layer} times {self.factor:g}"

        def apply(self, changed: LoadedModel, original: LoadedModel) -> None:
            layer = changed.trunk.layers[self.layer]
            layer.post_feedforward_layernorm.register_forward_hook(lambda _module, _args, out: out * self.factor)

        @property
        def spelled(self) -> str:
            return f"{self.layer}={self.factor!r}"

        @classmethod
        def parse(cls, text: str) -> "ScaleMlp":
            layer, _, factor = text.partition("=")
            return cls(int(layer), float(factor))

    monkeypatch.setattr("gemma2_workbench.traces.interventions.INTERVENTIONS", [*INTERVENTIONS, ScaleMlp])
    monkeypatch.setattr("gemma2_workbench.apps.cli.changes.INTERVENTIONS", [*INTERVENTIONS, ScaleMlp])
    change = ScaleMlp(0, 0.0)
    parser = argparse.ArgumentParser()
    add_changes(parser)
    assert changes_of(parser.parse_args(["--scale-mlp", change.spelled])) == (change,)
    assert from_data(as_data(change)) == change
    assert capture(loaded, TEXT, interventions=[change], parity=False).effects[0].changed > 0


def head_output(loaded: LoadedModel, text: str, layer: int, changes: list[Intervention]) -> torch.Tensor:
    """The outputs of all heads of a layer, [N, T, H]."""
    kept = []
    ids = torch.tensor([tokenize(loaded.tokenizer, text).ids])
    name = f"layers.{layer}.self_attn.head_out"
    hooks = {name: lambda _module, _args, out: kept.append(out[0])}
    with torch.no_grad(), applied(loaded, changes) as changed, attached(changed.trunk, hooks):
        changed.trunk(ids)
    return kept[0]


def test_mean_ablation_is_the_mean_over_the_positions(loaded: LoadedModel) -> None:
    own = head_output(loaded, TEXT, 3, [])
    mean = head_output(loaded, TEXT, 3, [AblateHeads(((3, 2),), "mean")])
    torch.testing.assert_close(mean[2], own[2].mean(0, keepdim=True).expand_as(own[2]))
    assert torch.equal(mean[[0, 1, 3, 4, 5]], own[[0, 1, 3, 4, 5]])


def test_the_residual_stream_of_the_donor_makes_its_prediction(loaded: LoadedModel) -> None:
    ids, donor = (tokenize(loaded.tokenizer, text).ids for text in (TEXT, DONOR))
    assert len(ids) == len(donor)
    patched = predict(loaded, ids, [Patch("residual", 2, None, DONOR)])
    torch.testing.assert_close(patched.capped, predict(loaded, donor).capped)


def test_a_patched_head_puts_out_what_it_does_in_the_donor(loaded: LoadedModel) -> None:
    own, donor = head_output(loaded, TEXT, 2, []), head_output(loaded, DONOR, 2, [])
    patched = head_output(loaded, TEXT, 2, [Patch("output", 2, 1, DONOR, ((4, 2),))])
    assert torch.equal(patched[1, 4], donor[1, 2])
    patched[1, 4] = own[1, 4]
    assert torch.equal(patched, own)


def test_patched_probabilities_mix_the_own_values(loaded: LoadedModel) -> None:
    donor, own = capture(loaded, DONOR, parity=False), capture(loaded, TEXT, parity=False)
    patch = Patch("probabilities", 2, 1, DONOR)
    trace = capture(loaded, TEXT, interventions=[patch], block_rows=5, parity=False)
    values = own.tensors[2].v[1 * own.kv_heads // own.heads]
    expected = donor.stage(2, 1).nan_to_num() @ values
    torch.testing.assert_close(head_output(loaded, TEXT, 2, [patch])[1], expected, atol=2e-4, rtol=1e-3)
    with pytest.raises(ValueError, match="were patched"):
        trace.stage(2, 1)
    assert trace.stage(2, 0).shape == trace.stage(2, 1, "attn_scores").shape


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: AblateHeads(()), "must be pairs of layer and head"),
        (lambda: AblateHeads(((1, 2),), "noise"), "choose zero or mean"),
        (lambda: Patch("output", 1, None, DONOR), "of a head: give one"),
        (lambda: Patch("residual", 1, 0, DONOR), "leave out the head"),
        (lambda: Patch("values", 1, 0, DONOR), "choose output, probabilities, residual"),
        (lambda: Patch("output", 1, 0, ""), "donor text is empty"),
        (lambda: Patch("output", 1, 0, DONOR, ((1, 2, 3),)), "must be pairs"),
    ],
)
def test_what_cannot_be_is_refused(make, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (AblateHeads(((1, 2), (1, 9))), "head 9 does not exist; allowed: 0..5"),
        (Patch("output", 9, 0, DONOR), "layer 9 does not exist"),
        (Patch("output", 1, 0, "short"), "give positions="),
        (Patch("probabilities", 1, 0, "short"), "of one length"),
        (Patch("output", 1, 0, DONOR, ((1, 99),)), "has no position 99"),
        (Patch("output", 1, 0, DONOR, ((99, 1),)), "has no position 99"),
    ],
    ids=names,
)
def test_what_this_model_or_text_does_not_have(loaded: LoadedModel, change: Intervention, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        capture(loaded, TEXT, interventions=[change], parity=False)
