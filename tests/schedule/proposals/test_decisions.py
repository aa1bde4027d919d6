"""Decisions: a proposal becomes one session, and each speaker is notified once."""

import datetime

import pytest
from django.core import mail
from django.utils import timezone

from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import ProposalMail, Session, SessionProposal, SessionSpeaker, Speaker
from schedule.proposals.decisions import Decision, decide_proposals
from schedule.proposals.privacy import delete_old_proposals
from schedule.speakers.links import get_or_create_link
from schedule.speakers.own_page import decline_session
from tests.factories import make_event, make_staff, make_track
from tests.schedule.proposals.factories import make_call, make_proposal, make_review
from tests.site_objects import make_client
from tests.task_runner import run_waiting_tasks
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
TWO_SPEAKERS = [("Ana", "ana@acme.example", "Acme"), ("Bob", "bob@else.example", "")]


def decide(call, *proposals, decision=Decision.ACCEPT, author=None):
    keys = {proposal.pk for proposal in proposals}
    return decide_proposals(call=call, keys=keys, decision=decision, author=author or make_staff(call.event))


def test_accepted_proposal_becomes_one_unscheduled_session(client):
    event = make_event()
    call, track = make_call(event), make_track(event)
    proposal = make_proposal(call, track=track, speakers=TWO_SPEAKERS)
    known = Speaker.objects.create(event=event, name="Robert", email="BOB@else.example")
    client = make_client(make_staff(event))
    path = f"/en/organize/{event.slug}/schedule/proposals/decide/"
    fields = {"proposal": proposal.pk, "decision": "accept"}

    preview = client.post(path, fields)
    assert "Confirm and send 2 e-mails" in preview.text
    assert "Your session “Our cloud” is part of" in preview.text
    assert "[link to the speaker’s page]" in preview.text
    assert "{link}" not in preview.text
    assert not Session.objects.exists()
    client.post(path, {**fields, "send": "1"})
    again = client.post(path, {**fields, "send": "1"}, follow=True)
    run_waiting_tasks()
    run_waiting_tasks()

    session = Session.objects.get()
    assert session.title == "Our cloud"
    assert session.track == track
    assert session.planned_minutes == 45
    assert session.kind == "Conférence"
    assert session.language == "en"
    assert session.starts_at is None
    assert "<strong>Lessons</strong>" in session.abstract_html
    speakers = [appearance.speaker for appearance in session.appearances.all()]
    assert [speaker.name for speaker in speakers] == ["Ana", "Robert"]
    assert speakers[1] == known
    assert get_current_draft(event).slots.count() == 0
    assert "already been accepted" in again.text
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@acme.example", "bob@else.example"]
    token = get_or_create_link(speaker=speakers[0]).link_token
    assert any(token in message.body for message in mail.outbox)


def test_flagged_sales_talk_is_skipped_and_the_other_proposals_are_decided():
    call = make_call()
    good, flagged = make_proposal(call), make_proposal(call, "Buy this")
    make_review(flagged, make_staff(call.event, "reviewer"), 1, 1, sales_talk_flagged_at=timezone.now())

    plan = decide(call, good, flagged)

    assert [row.proposal for row in plan.rows] == [good]
    assert [row.proposal for row, _reason in plan.left_out] == [flagged]
    assert Session.objects.count() == 1


def test_waitlisted_proposal_can_be_accepted_and_acceptance_is_final():
    call = make_call()
    proposal = make_proposal(call, speakers=TWO_SPEAKERS)

    for decision in (Decision.WAITLIST, Decision.REJECT, Decision.ACCEPT, Decision.REJECT):
        decide(call, proposal, decision=decision)

    proposal.refresh_from_db()
    assert proposal.state == SessionProposal.State.ACCEPTED
    kinds = list(ProposalMail.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["waitlisted", "rejected", "accepted", "accepted"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.long
def test_two_organizers_deciding_at_once_make_one_session(transactional_db):
    call = make_call()
    proposal, authors = make_proposal(call), [make_staff(call.event) for _number in range(4)]

    decisions = [Decision.ACCEPT, Decision.ACCEPT, Decision.REJECT, Decision.WAITLIST]
    plans = run_in_threads(
        [
            lambda author=author, decision=decision: decide(call, proposal, decision=decision, author=author)
            for author, decision in zip(authors, decisions, strict=True)
        ]
    )

    assert [plan for plan in plans if isinstance(plan, Exception)] == []
    assert Session.objects.count() == 1
    assert ProposalMail.objects.filter(kind="accepted").count() == 1
    proposal.refresh_from_db()
    assert proposal.state == SessionProposal.State.ACCEPTED


def test_a_session_whose_speakers_all_decline_frees_its_slot():
    event = make_event(contact_email="club@example.org")
    call = make_call(event)
    decide(call, make_proposal(call, speakers=TWO_SPEAKERS))
    session = Session.objects.get()
    draft = get_current_draft(event)
    ends = event.starts_at + datetime.timedelta(minutes=45)
    make_moves(draft=draft, states={session.pk: SlotState(None, event.starts_at, ends)}, author=None)
    run_waiting_tasks()
    mail.outbox.clear()
    ana, bob = [appearance.speaker for appearance in session.appearances.all()]

    decline_session(speaker=ana, session_id=session.pk)
    run_waiting_tasks()
    assert draft.slots.count() == 1
    decline_session(speaker=bob, session_id=session.pk)
    run_waiting_tasks()

    assert draft.slots.count() == 0
    assert SessionSpeaker.objects.filter(declined_at=None).count() == 0
    assert [message.to for message in mail.outbox] == [["club@example.org"]] * 2
    assert "La session n’a pas d’horaire" in mail.outbox[1].body.replace("\n", " ")


def test_proposals_without_a_session_are_deleted_long_after_the_event():
    call = make_call()
    accepted, rejected, open_proposal = (make_proposal(call, title) for title in ("a", "b", "c"))
    decide(call, accepted)
    decide(call, rejected, decision=Decision.REJECT)
    Event.objects.update(ends_at=timezone.now(), starts_at=timezone.now() - datetime.timedelta(days=1))

    assert delete_old_proposals(timezone.now() - datetime.timedelta(days=1)) == 0
    assert delete_old_proposals(timezone.now() + datetime.timedelta(days=1)) == 2

    assert SessionProposal.objects.get() == accepted
    assert open_proposal.pk is not None
