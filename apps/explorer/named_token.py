"""The id of a token as a reader writes it."""

from gemma2_workbench import token_id
from gemma2_workbench.models.source import Source
from gemma2_workbench.models.tokens import SPACE


def named_token(loaded: Source, text: str) -> int:
    """The token that a reader means: a word stands for the token with the space before it, if there is one.

    Raises:
        ValueError: it is no token.
    """
    if not text.startswith((SPACE, " ")):
        try:
            return token_id(loaded, f" {text}")
        except ValueError:
            pass
    return token_id(loaded, text)
