"""How the page shows each stage of `traces.stages`: help, unit and colour scale."""

from dataclasses import dataclass

from gemma2_workbench.traces.stages import STAGES


@dataclass(frozen=True)
class Look:
    """One stage on the page.

    Attributes:
        name: the stage's name in a trace, for example "attn_probs".
        help: what the stage means, one or two sentences.
        unit: quantity and unit, as written on the colour bar.
        power: a value v has the colour (v / high) ** power; 0.5 keeps small weights visible.
        high: the upper end of the colour scale, or None for the largest magnitude of the head.
    """

    name: str
    help: str
    unit: str
    power: float = 1.0
    high: float | None = None

    @property
    def diverging(self) -> bool:
        """Whether the colours run both ways from zero."""
        return STAGES[self.name].signed


LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look(
            "attn_logits",
            "How well query and key match, before the softcap and before the mask.",
            "raw attention logit (no unit)",
        ),
        Look(
            "attn_scores",
            "The raw logits bent smoothly so that none exceeds the cap c. Not masked yet.",
            "capped attention score (no unit)",
        ),
        Look(
            "attn_masked",
            "The capped scores that are left once the mask hides what a query must not see.",
            "capped attention score (no unit)",
        ),
        Look(
            "attn_probs",
            "The share of its attention that a query gives to each key. Every row sums to 1.",
            "attention probability",
            power=0.5,
            high=1.0,
        ),
        Look(
            "contribution",
            "How much of the key's value this cell moves: a large weight on a short value moves little.",
            "length of the weighted value",
            power=0.5,
        ),
    )
}
