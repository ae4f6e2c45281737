"""`lacking`: what the page cannot show of a run, and why, by the name of the look or part."""

from gemma2_workbench import Trace
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.readers.contributions import why_no_contributions


def lacking(trace: Trace, loaded: Source | None) -> dict[str, str]:
    """Reasons by look ("prediction", "softcap", "patching") and part ("changes", "contributions").

    Args:
        trace: a run.
        loaded: its model; None where it is not here, which the looks say themselves.
    """
    if trace.model.maps_only:
        only = f"This model shows {trace.tier}."
        return {
            "softcap": f"There are no attention logits here. {only}",
            "prediction": f"There is no residual stream to read here. {only}",
            "patching": f"Nothing in it can be replaced. {only}",
            "changes": f"Nothing in it can be switched off or changed. {only}",
        }
    if loaded is None:
        return {}
    name = trace.model.name
    if loaded.unembedding is None:
        return {look: f"{name} is no language model: it predicts no token." for look in ("prediction", "patching")}
    if not loaded.unembedding.known:
        return {"prediction": f"How {name} reads its logits from its residual stream is not known, so it has no lens."}
    reason = why_no_contributions(loaded)
    return {"contributions": f"{name} has no contributions: {reason}."} if reason else {}
