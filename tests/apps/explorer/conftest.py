"""A session whose questions are asked without a page."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gemma2_workbench.apps.explorer.routes import attention_routes
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.store import RunStore


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as made:
        yield made


@pytest.fixture(scope="session")
def tell() -> Tell:
    """For who does not want to know how far it is."""

    def silent(_done: int, _of: int, _what: str = "layers") -> None:
        pass

    return silent


@pytest.fixture
def store() -> RunStore:
    return RunStore()


@pytest.fixture
def client(store: RunStore) -> TestClient:
    return TestClient(Starlette(routes=attention_routes(store)))
