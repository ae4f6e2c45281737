"""`lens` and `contributions`: what each layer would predict, and which parts of the model wrote a logit."""

from pydantic import JsonValue
from torch import Tensor

from gemma2_workbench.apps.explorer.lens_columns import LensColumns
from gemma2_workbench.apps.explorer.lenses import Lenses, block_of
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.models.readable import readable_piece

LISTED = 5  # likeliest tokens of a cell
DIGITS = 6


class AskedLens(Question):
    """The lens of a run at positions first <= t < stop.

    `token` is followed everywhere, as a reader writes it; None is the token that comes next. `base` is the run whose
    next tokens are followed, where `run` is of its text through a changed model. Where it would take more than `within`
    seconds, nothing is read and the answer says what it takes.
    """

    run: str
    first: int
    stop: int
    token: str | None = None
    base: str | None = None
    within: float | None = None


class AskedContributions(Question):
    """The parts of the logit of the followed token at a position, or of its difference to the logit of `against`."""

    run: str
    position: int
    token: str | None = None
    against: str | None = None
    base: str | None = None


def answer_lens(session: Session, asked: AskedLens, tell: Tell) -> JsonValue:
    """Per row and position: the likeliest tokens, entropy in nats, rank and log-probability of the followed token."""
    lenses, trace = Lenses(session), WhatIfs(session).trace(asked.run)
    block = block_of(trace, asked.first)
    if not block.start <= asked.first < asked.stop <= block.stop:
        raise ValueError(
            f"positions {asked.first} to {asked.stop} are not read at once; this run has {len(trace.tokens)}"
        )
    chosen = lenses.chosen(asked.base or asked.run, asked.token)
    positions = range(asked.first, asked.stop)
    seconds, each = lenses.seconds(asked.run, chosen, positions)
    if asked.within is not None and seconds > asked.within:
        return {"each": each, "estimate": seconds}
    columns = lenses.columns(asked.run, chosen, positions, tell)
    # What the rest will take is known better now.
    return {"each": lenses.seconds(asked.run, chosen, positions)[1], **_cells(columns, positions)}


def _cells(columns: LensColumns, positions: range) -> dict[str, JsonValue]:
    lens = columns.lens
    part = slice(positions.start - columns.positions.start, positions.stop - columns.positions.start)
    ids = lens.top_ids[:, part, :LISTED].long()
    used = sorted({*ids.unique().tolist(), *lens.chosen_ids[part].tolist()})
    at = {token: index for index, token in enumerate(used)}
    return {
        "first": positions.start,
        "names": [_named(lens.names[token]) for token in used],
        "chosen": [at[token] for token in lens.chosen_ids[part].tolist()],
        "top": [[[at[token] for token in cell] for cell in row] for row in ids.tolist()],
        "probabilities": _numbers(lens.top_probs[:, part, :LISTED]),
        "entropy": _numbers(lens.entropy[:, part]),
        "rank": lens.chosen_ranks[:, part].tolist(),
        "log": _numbers((lens.chosen_capped - lens.log_sum)[:, part]),
    }


def answer_contributions(session: Session, asked: AskedContributions, tell: Tell) -> JsonValue:
    """Parts before the final cap: embedding, heads [L][N], mlps [L], biases [L] or None; they sum to `logits`."""
    lenses, trace = Lenses(session), WhatIfs(session).trace(asked.run)
    at = asked.position
    if not 0 <= at < len(trace.tokens):
        raise ValueError(f"there is no position {at}: this run has positions 0 to {len(trace.tokens) - 1}")
    told = [
        lenses.columns(asked.run, lenses.chosen(asked.base or asked.run, token), range(at, at), tell)
        for token in ((asked.token,) if asked.against is None else (asked.token, asked.against))
    ]
    parts = [each.contributions for each in told if each.contributions is not None]
    if len(parts) < len(told):
        raise ValueError(lenses.why_not(asked.run))
    names = [_named(each.lens.names[int(part.ids[at])]) for each, part in zip(told, parts, strict=True)]

    def apart(name: str) -> JsonValue:
        first, *others = (getattr(each, name)[..., at].double() for each in parts)
        return (first - others[0] if others else first).tolist()

    has_biases = any(bool(each.biases.any()) for each in parts)
    return {
        "position": at,
        "token": names[0],
        "against": names[1] if len(names) > 1 else None,
        **{name: apart(name) for name in ("logits", "capped", "embedding", "heads", "mlps", "remainder")},
        "biases": apart("biases") if has_biases else None,
    }


def _named(piece: str) -> JsonValue:
    return {"token": piece, **vars(readable_piece(piece))}


def _numbers(values: Tensor) -> JsonValue:
    """Nested lists, with the digits that a page can show."""
    nested = values.tolist()
    return _rounded(nested)


def _rounded(value: JsonValue) -> JsonValue:
    return [_rounded(each) for each in value] if isinstance(value, list) else float(f"{value:.{DIGITS}g}")


LENS = Handler("lens", AskedLens, answer_lens)
CONTRIBUTIONS = Handler("contributions", AskedContributions, answer_contributions)
