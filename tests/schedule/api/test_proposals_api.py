"""Session proposals in the API."""

import pytest

from convention.audit.models import AuditEntry
from tests.factories import make_staff, make_track
from tests.schedule.proposals.factories import make_call, make_proposal, make_review

from .programs import make_planned_event, make_program

pytestmark = pytest.mark.django_db


def test_proposals_are_listed_without_addresses():
    event = make_planned_event()
    program = make_program(event)
    assert program.get("proposals/").json()["results"] == []
    call = make_call(event)
    proposal = make_proposal(call, track=make_track(event))
    make_review(proposal, make_staff(event, "reviewer"), 5, 1)

    answer = program.get("proposals/")

    row = answer.json()["results"][0]
    assert row["id"] == proposal.pk
    assert row["title"] == "Our cloud"
    assert row["track"] == "Cloud"
    assert row["state"] == "submitted"
    assert row["score"] == 4.0
    assert row["review_count"] == 1
    assert row["session"] is None
    assert row["speakers"] == [{"name": "Ana", "company": "Acme"}]
    assert b"ana@acme.example" not in answer.content
    assert AuditEntry.objects.filter(verb="session_proposals.read").count() == 1
