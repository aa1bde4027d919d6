"""Fixtures: a site of real processes, and a mail receiver they write to."""

import pytest

from tests.conftest import database_url
from tests.faults.processes import Site
from tests.mail_server import MailReceiver


@pytest.fixture
def receiver():
    """Run a real mail server that outlives killed processes."""
    server = MailReceiver()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(transactional_db, receiver, tmp_path):
    """Run processes on the test database; all are killed at the end."""
    made = Site(database_url(), tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{receiver.port}")
    yield made
    made.stop()
