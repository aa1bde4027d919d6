"""Fixtures of the fuzzing tests."""

from pathlib import Path

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from badges.attendance.devices.pairing import get_or_create_entrance, pair_device
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from tests.factories import (
    make_administrator,
    make_event,
    make_registration,
    make_room,
    make_session,
    make_ticket,
    make_track,
)

# Collecting these files takes seconds each: skip them in runs whose marker expression has this text.
LEFT_OUT_BY = {"test_fuzz.py": "not long", "test_fuzz_long.py": "not soak"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the fuzzing tests that this run would deselect."""
    expression = LEFT_OUT_BY.get(collection_path.name)
    return True if expression is not None and expression in config.option.markexpr else None


@pytest.fixture
def tokens():
    """Create an event with something in all lists, and a token of each kind."""
    event = make_event(slug="fuzz", name="Café “Zürich”")
    registration = make_registration(make_ticket(event, price=1200))
    make_registration(registration.ticket, first_name="李", email="", company="")
    make_session(event, "Ouverture", speakers=("Ana", "Bo"), room=make_room(event), track=make_track(event))
    make_session(event, "Atelier", capacity=10)
    make_session(event, "Sans heure", starts_at=None)
    _row, program = create_token(
        person_id=make_administrator().pk, name="fuzz", scopes=list(ApiToken.Scope.values)
    )
    return {
        "stranger": "",
        "program": program,
        "scanner": pair_device(checkpoint=get_or_create_entrance(event)).token,
    }


@pytest.fixture
def one_connection(db):
    """Keep the test's transaction from request to request, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
