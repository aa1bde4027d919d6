"""Log lines contain neither secrets nor personal data."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError

from convention.logs import MAX_MESSAGE_CHARS, JsonLineFormatter, LineFormatter

SECRET = "ifAI1WwEN2fRYe-nmGJrMpEteZRl_OpwrpZI3-6E47A"


def make_record(message, *args):
    return logging.LogRecord("django.request", logging.ERROR, "", 1, message, args, None)


def test_the_secret_of_a_mailed_link_is_not_logged():
    record = make_record("Internal Server Error: %s", f"/en/orders/GEC5XJX3/{SECRET}/correct/")

    assert json.loads(JsonLineFormatter().format(record))["message"] == (
        "Internal Server Error: /en/orders/GEC5XJX3/***/correct/"
    )
    assert LineFormatter().format(record).endswith("/en/orders/GEC5XJX3/***/correct/")


def test_other_paths_are_logged_unchanged():
    record = make_record("Internal Server Error: %s", "/organize/convention/registrations.xlsx")
    assert json.loads(JsonLineFormatter().format(record))["message"].endswith("/registrations.xlsx")


def make_exception_info(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_traceback_keeps_frames_and_hides_data():
    record = make_record("Task failed")
    record.exc_info = make_exception_info(
        IntegrityError(
            'duplicate key value violates unique constraint "club_person_email"\n'
            "DETAIL:  Key (email)=(zoe.muller@example.org) already exists."
        )
    )

    error = json.loads(JsonLineFormatter().format(record))["error"]
    assert error.splitlines()[-2:] == [
        'django.db.utils.IntegrityError: duplicate key value violates unique constraint "club_person_email"',
        "***",
    ]
    assert "in make_exception" in error


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("{'zoe@example.org': (550, b'no such user')}", "{'***': (550, b'no such user')}"),
        ("To: Zoé <zoe.o’hara+1@example.co.uk>, next", "To: Zoé <***>, next"),
        ("GET /organize/x/?q=Zoe&page=2 failed", "GET /organize/x/?*** failed"),
        ("Is this well?", "Is this well?"),
        (
            "Task id=7 path=badges.confirmations.send state=READY",
            "Task id=7 path=badges.confirmations.send state=READY",
        ),
    ],
)
def test_email_addresses_and_query_strings_are_not_logged(said, logged):
    assert json.loads(JsonLineFormatter().format(make_record(said)))["message"] == logged


@pytest.mark.parametrize("text", ["!" * 60_000, "a." * 30_000 + "@", "a@" * 30_000, "?a" * 30_000])
def test_hostile_path_does_not_slow_down_formatting(text):
    """A pattern that backtracks at each character would take minutes for these lines."""
    lines = [
        LineFormatter().format(make_record("Forbidden: %s", f"/orders/confirm/{text}/"))
        for _line in range(50)
    ]
    assert max(len(line) for line in lines) < MAX_MESSAGE_CHARS + 100
