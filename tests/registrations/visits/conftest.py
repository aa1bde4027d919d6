"""What the tests of visits share: sentences are read in English."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Acts called by a test speak English; pages speak the language of their address."""
    with translation.override("en"):
        yield


@pytest.fixture
def french() -> Iterator[None]:
    """Acts speak French where a test asks for it."""
    with translation.override("fr"):
        yield
