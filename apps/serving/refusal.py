"""`Refusal`: a request that is not answered, as a status and one sentence."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class Refusal(Exception):
    """A request that cannot be answered: the HTTP status, the sentence that says why, and headers that go with it."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """The refusal as JSON with the sentence under "error", where gradio's page looks for it too."""
        return JSONResponse({"error": self.sentence}, self.status, self.headers)
