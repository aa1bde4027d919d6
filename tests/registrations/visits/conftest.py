"""What the tests of visits share: sentences are read in English."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from tests.registrations.visits.hosts import (
    ENTRY_PATH_PATTERN,
    make_host,
    make_hosted,
    make_identified,
    make_sent_list,
)


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


@pytest.fixture
def visit(mailoutbox, run_tasks):
    """A visit whose list was sent: one visitor, one contact at the host's; nobody has mail left."""
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    make_sent_list(visit)
    make_host(visit)
    run_tasks()
    mailoutbox.clear()
    return visit


@pytest.fixture
def enter(run_tasks, mailoutbox):
    """Sign in at the host's pages as somebody: the browser."""

    def sign_in(email="sophie@hote.example"):
        client = Client()
        client.post("/host/", {"email": email})
        run_tasks()
        client.post(f"/host/enter/{ENTRY_PATH_PATTERN.search(mailoutbox[-1].body)[1]}/")
        return client

    return sign_in
