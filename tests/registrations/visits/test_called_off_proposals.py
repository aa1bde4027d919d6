"""Proposals whose visit is called off: they wait for a new date, with the same interested members."""

import datetime

import pytest
from django.utils import timezone

from convention.events.models import Event
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.models import Proposal, Visit
from registrations.visits.planning.attention import list_season_items
from registrations.visits.planning.interest import count_interest, express_interest
from registrations.visits.planning.notifications import notify_interested_members
from registrations.visits.planning.plan_visit import plan_visit
from tests.factories import make_member
from tests.registrations.visits.factories import make_visit
from tests.registrations.visits.test_planning import make_proposal, make_secretary

pytestmark = pytest.mark.django_db


def make_called_off_proposal(interested_count=0):
    """Make a proposal whose visit was announced and then called off."""
    proposal = make_proposal()
    for _number in range(interested_count):
        express_interest(proposal=proposal, person=make_member(language="en"))
    visit = make_visit(host=proposal.host)
    Proposal.objects.filter(pk=proposal.pk).update(visit=visit, members_notified_at=timezone.now())
    cancel_visit(visit=visit, reason="Strike at the plant")
    proposal.refresh_from_db()
    return proposal


def test_proposal_of_a_called_off_visit_waits_for_a_date_and_takes_interest():
    decided = make_proposal()
    Proposal.objects.filter(pk=decided.pk).update(visit=make_visit())

    proposal = make_called_off_proposal(interested_count=1)
    express_interest(proposal=proposal, person=make_member())

    assert list(Proposal.objects.undecided()) == [proposal]
    assert proposal.is_undecided
    assert count_interest([proposal])[proposal.pk].member_count == 2
    assert list(Proposal.objects.undecided_first()) == [proposal, decided]


def test_planner_reads_that_the_visit_was_called_off_and_sets_a_new_date(client):
    proposal = make_called_off_proposal()
    secretary = make_secretary()
    client.force_login(secretary)

    shown = client.get(f"/en/organize/season/proposals/{proposal.pk}/").content.decode()
    listed = client.get("/en/organize/season/proposals/").content.decode()
    visit_page = client.get(f"/en/organize/{proposal.visit.event.slug}/visit/").content.decode()

    assert "Strike at the plant" in shown
    assert f'action="/en/organize/season/proposals/{proposal.pk}/date/"' in shown
    assert "visit called off, waiting for a new date" in listed
    assert f'href="/en/organize/season/proposals/{proposal.pk}/">Set a new date' in visit_page
    items = list_season_items(secretary, at=timezone.now())
    assert "organize-proposals" in [item.page_name for item in items]


def test_members_read_that_the_visit_was_called_off_and_can_be_interested(client):
    make_called_off_proposal()
    client.force_login(make_member())

    page = client.get("/en/season/proposals/").content.decode()

    assert "The visit was called off" in page
    assert 'value="interest"' in page


def test_interested_members_are_told_the_new_date_after_a_call_off(run_tasks, mailoutbox):
    proposal = make_called_off_proposal(interested_count=1)
    run_tasks()
    mailoutbox.clear()
    starts = timezone.now() + datetime.timedelta(days=60)
    visit = plan_visit(
        proposal=proposal, host=proposal.host, name="Again", starts_at=starts,
        ends_at=starts + datetime.timedelta(hours=4),
    )  # fmt: skip
    Event.objects.filter(pk=visit.event_id).update(visibility="members")
    Visit.objects.filter(pk=visit.pk).update(agreed_at=timezone.now())

    notified_count = notify_interested_members(proposal=proposal)
    run_tasks()

    assert notified_count == 1
    assert [message.subject for message in mailoutbox] == ["Date set for the visit: Again"]
