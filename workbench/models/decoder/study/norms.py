"""`NormForm`: what a norm does, found by what it makes of numbers: it divides, multiplies, perhaps centres and adds.

    RMSNorm: x / sqrt(mean(x^2) + eps) * m;  LayerNorm: (x - mean(x)) / sqrt(var(x) + eps) * m + b

Letters: T positions, D model.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gemma2_workbench.models.decoder.study.study import Step

_EPS = ("eps", "variance_epsilon", "epsilon", "norm_eps")
_CLOSE = 1e-4


@dataclass(frozen=True, eq=False)
class NormForm:
    """A norm of known form.

    Attributes:
        module: the norm; its weights are read when they are needed, past its hooks.
        centred: whether it takes the mean off (LayerNorm).
        eps: what it adds to the variance.
        signs: 1 and -1 in turn [D], which have no mean, and which the norm divides by 1.
    """

    module: nn.Module
    centred: bool
    eps: float
    signs: Tensor

    @classmethod
    def of(cls, module: nn.Module, step: Step) -> "NormForm | None":
        """The form of a norm that was watched; None where it is neither."""
        given, gave = step.given, step.gave
        if given is None or gave is None or given.shape != gave.shape:
            return None
        signs = torch.ones_like(given.flatten(0, -2)[0])
        signs[1::2] = -1
        found = [eps for name in _EPS if isinstance(eps := getattr(module, name, None), float)]
        for eps in (*found, 1e-6, 1e-5):
            for centred in (False, True):
                form = cls(module, centred, eps, signs)
                if form._explains(given.flatten(0, -2), gave.flatten(0, -2)):
                    return form
        return None

    def divisor(self, x_TD: Tensor) -> Tensor:
        """What it divides by at each position, float32 [T]."""
        return (self._centred(x_TD.float()).pow(2).mean(-1) + self.eps).sqrt()

    def pulled(self, along_TD: Tensor) -> Tensor:
        """A direction behind the norm as one before it, times the divisor, float32 [T, D]."""
        # Taking the mean off is a projection, which is its own transpose.
        return self._centred(along_TD * self._multiplier())

    def bias(self) -> Tensor:
        """b, float32 [D]."""
        return (self._made(1) + self._made(-1)) / 2

    def _multiplier(self) -> Tensor:
        return self.signs.float() * (self._made(1) - self._made(-1)) / 2 * (1 + self.eps) ** 0.5

    def _made(self, sign: int) -> Tensor:
        with torch.no_grad():
            return self.module.forward(sign * self.signs[None])[0].float()

    def _centred(self, x_TD: Tensor) -> Tensor:
        return x_TD - x_TD.mean(-1, keepdim=True) if self.centred else x_TD

    def _explains(self, x_TD: Tensor, y_TD: Tensor) -> bool:
        ours_TD = self._centred(x_TD.float()) / self.divisor(x_TD)[:, None] * self._multiplier() + self.bias()
        return bool((ours_TD - y_TD.float()).abs().max() <= _CLOSE * (1 + y_TD.float().abs().max()))
