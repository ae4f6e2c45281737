"""Where a text of a sweep comes from: which text of the corpus, and which of its tokens."""

from collections.abc import Sequence

from pydantic import JsonValue

from gemma2_workbench.apps.explorer.sweeps.fitting import sweep_named
from gemma2_workbench.apps.explorer.sweeps.pieces import SPECIAL
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.sweeps.result import Sweep


class AskedOrigin(Question):
    """A window of a text of a sweep, as the address names it."""

    sweep: str
    document: int
    piece: int


def origin(session: Session, asked: AskedOrigin, _tell: Tell) -> JsonValue:
    """`origin_json` of a window, and its text.

    Raises:
        ValueError: there is no such sweep, or it keeps no such window.
    """
    sweep = sweep_named(session, asked.sweep)
    rows = sweep.texts.loc[(sweep.texts["document"] == asked.document) & (sweep.texts["piece"] == asked.piece)]
    if rows.empty:
        raise ValueError(f"the sweep keeps no window {asked.piece} of text {asked.document}: no example stands in it")
    row = rows.iloc[0]
    return {**origin_json(sweep, row["name"], asked.document, asked.piece, row["tokens"]), "text": row["text"]}


def origin_json(
    sweep: Sweep, name: str, document: int, piece: int, tokens: Sequence[str]
) -> dict[str, JsonValue]:  # fmt: skip
    """{name, document, piece, tokens, window, first, stop}.

    `window` is the number of the part of a longer text, from 1, and None for a whole text; `first` and `stop` say which
    tokens of the text it holds.
    """
    most, stride = sweep.identity.settings["tokens"] or 0, sweep.identity.settings["stride"]
    head = 1 if len(tokens) and SPECIAL.fullmatch(tokens[0]) else 0
    room = most - head
    first = piece * min(stride or room, room)
    # A window that is full may be the first of several; one that is not, and the first, is the whole text.
    is_window = piece > 0 or len(tokens) >= most
    return {
        "name": name,
        "document": document,
        "piece": piece,
        "tokens": len(tokens),
        "window": piece + 1 if is_window else None,
        "first": head + first if piece else 0,
        "stop": first + len(tokens),
    }


ORIGIN = Handler("origin", AskedOrigin, origin, quick=True)
