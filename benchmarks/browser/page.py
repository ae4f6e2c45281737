"""A reader's page without a browser: it asks the server what the page's scripts would ask, in the same way.

Functions of the page are found by what they listen to and what they show (`elem_id`), because most are private: they
have no name in gradio's API, and the browser calls them by number, with the hash of its session.
"""

import json
import secrets
from typing import Any

import httpx

from gemma2_workbench.json_types import JsonObject

PATIENCE = httpx.Timeout(600, connect=60)
API = "/gradio_api"


class FailedError(RuntimeError):
    """The server answered a question of the page with an error."""


class Page:
    """One open page, with a session of its own.

    Args:
        address: of the server, such as `http://127.0.0.1:7860`.
    """

    def __init__(self, address: str) -> None:
        # What a browser sends with every post of a page of this address.
        self.http = httpx.Client(base_url=address, timeout=PATIENCE, headers={"Origin": address})
        self.session = secrets.token_hex(6)
        config = self.http.get("/config").json()
        self._functions = {each["id"]: each for each in config["dependencies"] if each["backend_fn"]}
        self._components = {each["id"]: each for each in config["components"]}
        self._values = {at: each["props"].get("value") for at, each in self._components.items()}

    def component(self, name: str) -> int:
        """The number of the component whose `elem_id` is `name`."""
        return next(at for at, each in self._components.items() if each["props"].get("elem_id") == name)

    def accordions(self) -> list[int]:
        """The parts of the page that fold."""
        return [at for at, each in self._components.items() if each["type"] == "accordion"]

    def listening(self, at: int, event: str) -> list[int]:
        """The functions that listen to an event of a component."""
        return [number for number, each in self._functions.items() if [at, event] in each["targets"]]

    def named(self, name: str) -> int:
        """The function with this name in the API."""
        return next(number for number, each in self._functions.items() if each["api_name"] == name)

    def set(self, name: str, value: Any) -> None:
        """Type or choose something."""
        self._values[self.component(name)] = value

    def told(self, number: int, outputs: list[Any], name: str) -> Any:
        """What a function that answered said to the component `name`; None where it said nothing to it."""
        shown = self._functions[number]["outputs"]
        at = self.component(name)
        value = outputs[shown.index(at)] if at in shown else None
        return value.get("value") if isinstance(value, dict) and value.get("__type__") == "update" else value

    def shows(self, number: int, name: str) -> bool:
        """Whether a function shows something in the component `name`."""
        return self.component(name) in self._functions[number]["outputs"]

    def changed(self, output: JsonObject, shown: str) -> list[int]:
        """The functions that follow from states that an answer changed, as far as they show something in `shown`."""
        follow = (self.listening(at, "change") for at in output.get("changed_state_ids") or ())
        return [number for numbers in follow for number in numbers if self.shows(number, shown)]

    def ask(self, number: int, event: Any = None) -> JsonObject:
        """Call a function with what stands on the page, and wait for its answer.

        Raises:
            FailedError: it answers with an error.
        """
        inputs = self._functions[number]["inputs"]
        data = [None if self._components[at]["type"] == "state" else self._values.get(at) for at in inputs]
        body = {"data": data, "fn_index": number, "session_hash": self.session, "event_data": event, "trigger_id": None}
        if not self._functions[number]["queue"]:
            return self._posted("/run/predict", body)
        return self._answer(self._posted("/queue/join", body)["event_id"])

    def ask_component(self, name: str, function: str, question: JsonObject) -> Any:
        """Call a server function of a component, as its script does."""
        body = {"data": question, "component_id": self.component(name), "fn_name": function}
        return self._posted("/component_server", body | {"session_hash": self.session})

    def close(self) -> None:
        """Leave."""
        self.http.close()

    def _posted(self, path: str, body: JsonObject) -> Any:
        response = self.http.post(API + path, json=body)
        if response.status_code != 200:
            raise FailedError(f"{path}: status {response.status_code} {response.text[:200]}")
        return response.json()

    def _answer(self, event: str) -> JsonObject:
        """Read the session's stream until the event has its answer."""
        with self.http.stream("GET", f"{API}/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed" and message.get("event_id") == event:
                    if not message["success"]:
                        raise FailedError(str(message["output"])[:200])
                    return message["output"]
        raise FailedError("the stream ended before the answer")
