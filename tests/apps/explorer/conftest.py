"""A session whose questions are asked without a page."""

from collections.abc import Iterator

import pytest

from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import Session


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
