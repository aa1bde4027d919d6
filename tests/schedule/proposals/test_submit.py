"""Speakers propose sessions, change and withdraw them, without an account."""

import datetime
import re

import pytest
from django.core import mail
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club.models import CompanyRole, Employment
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from schedule.models import CallForProposals, ProposalMail, ProposalSpeaker, SessionProposal
from schedule.proposals.submit import (
    MAX_PER_ADDRESS_AND_HOUR,
    ProposalContent,
    ProposedSpeaker,
    change_proposal,
    withdraw_proposal,
)
from tests.factories import START_OF_2020, make_company, make_event, make_person, make_track
from tests.schedule.proposals.factories import make_call, make_posted_proposal, make_proposal
from tests.task_runner import run_waiting_tasks
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
CUSTOMER = {"name": "Cléo", "email": "cleo@client.example", "company": "Client"}


def post(client, call, *speakers, **fields):
    path = f"/en/events/{call.event.slug}/proposals/"
    return client.post(path, make_posted_proposal(call, *speakers, **fields), follow=True)


def make_vendor_employee(email="ana@acme.example"):
    """Create a person of the club's directory who works for the vendor Nuage."""
    person, vendor = make_person(email=email), make_company(role=CompanyRole.Role.VENDOR, name="Nuage")
    Employment.objects.create(person=person, company=vendor, starts_on=START_OF_2020)
    return person


def test_proposal_is_submitted_once_then_changed_and_withdrawn_through_its_link(client):
    call = make_call(make_event(contact_email="club@example.org"))

    post(client, call)
    post(client, call)
    run_waiting_tasks()

    proposal = SessionProposal.objects.get()
    assert proposal.speakers.get().email == "ana@acme.example"
    assert "<strong>Lessons</strong>" in proposal.abstract_html
    assert [message.to for message in mail.outbox] == [["ana@acme.example"]]
    link = re.search(r"http://\S+(/en/proposals/\S+/)", mail.outbox[0].body)[1]
    # The stored mail has no secret.
    assert proposal.link_token not in ProposalMail.objects.get().text

    page = client.get(link)
    assert page["Cache-Control"] == "private, no-store"
    client.post(link, make_posted_proposal(call, title="Their cloud", action="save"))
    proposal.refresh_from_db()
    assert proposal.title == "Their cloud"

    client.post(link, {"action": "withdraw"})
    client.post(link, {"action": "withdraw"})
    proposal.refresh_from_db()
    assert proposal.state == SessionProposal.State.WITHDRAWN
    refused = client.post(link, make_posted_proposal(call, title="Again", action="save"))
    assert "can no longer be changed" in refused.text
    verbs = [entry.verb for entry in AuditEntry.objects.order_by("pk")]
    assert verbs == [f"session_proposal.{verb}" for verb in ("submit", "revise", "withdraw")]


@pytest.mark.once
def test_url_in_title_is_not_a_link_in_the_email(client):
    post(client, make_call(), title="Free at https://evil.example/win")

    run_waiting_tasks()

    message = mail.outbox[0]
    assert "evil" in message.body
    assert "https://evil.example" not in f"{message.body} {message.alternatives[0][0]}"


@pytest.mark.once
def test_late_proposal_is_refused_and_the_form_preserves_the_input(client):
    call = make_call()
    CallForProposals.objects.update(closes_at=timezone.now())

    page = post(client, call)

    assert not SessionProposal.objects.exists()
    assert "Yours was not saved" in page.text
    assert 'value="Our cloud"' in page.text
    assert "**Lessons** learnt." in page.text
    assert "<form" not in client.get(f"/en/events/{call.event.slug}/proposals/").text.partition("<main")[2]


@pytest.mark.once
@pytest.mark.parametrize(
    ("opens", "sentence"), [(1, "Proposals are accepted from"), (-2, "The call is closed")]
)
def test_the_page_says_when_the_call_is_open(client, opens, sentence):
    day = datetime.timedelta(days=1)
    call = make_call(opens_at=timezone.now() + opens * day, closes_at=timezone.now() + (opens + 1) * day)

    page = client.get(f"/en/events/{call.event.slug}/proposals/")

    assert sentence in page.text


def test_change_after_the_call_closed_is_refused():
    proposal = make_proposal(make_call())
    # Closed after the page of the proposal was loaded.
    CallForProposals.objects.update(closes_at=timezone.now())

    with pytest.raises(NotOpenNow):
        change_proposal(proposal=proposal, content=None)


def test_neutrality_rule_refuses_vendor_talk_and_accepts_case_study(client):
    call = make_call(neutrality_text_en="No vendors alone, please.")
    make_vendor_employee()

    refused = post(client, call)
    accepted = post(client, call, CUSTOMER, is_case_study="on", customer="Client")

    assert "The club’s neutrality rule does not allow this proposal." in refused.text
    assert "No vendors alone, please." in refused.text
    assert "Speakers from a vendor: Ana." in refused.text
    assert 'value="Our cloud"' in refused.text
    assert "Your proposal was submitted" in accepted.text
    assert SessionProposal.objects.get().customer == "Client"


@pytest.mark.parametrize("speaker", [{"company": "nuage"}, {"works_for_vendor": "on"}])
def test_customer_of_a_case_study_must_not_be_a_vendor(client, speaker):
    call = make_call()
    make_vendor_employee()

    post(client, call, {**CUSTOMER, **speaker}, is_case_study="on", customer="Client")

    assert not SessionProposal.objects.exists()


def test_the_confirmation_ends_with_a_closing_after_the_link(client):
    post(client, make_call(make_event(name="Assises")))
    run_waiting_tasks()
    [message] = mail.outbox
    html = message.alternatives[0][0]

    link = re.search(r"http://\S+/en/proposals/\S+/", message.body)[0]
    assert message.body.index(link) < message.body.index("Kind regards,\nAssises")
    assert html.count(link) == 1
    assert html.index(link) < html.index("Kind regards,<br>Assises")


def test_ended_employment_and_call_without_neutrality_rule_allow_proposals(client):
    make_vendor_employee().employments.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    call = make_call()
    neutral_call = make_call(has_neutrality_rule=False)

    post(client, call)
    # With the same key as the first form.
    post(client, neutral_call, **{"speakers-0-works_for_vendor": "on"})

    assert SessionProposal.objects.count() == 2


def test_a_person_submits_no_more_than_the_call_allows(client):
    call = make_call(max_per_person=1)
    proposal = make_proposal(call, speakers=[("Ana", "ANA@acme.example", "")])

    refused = post(client, call)
    withdraw_proposal(proposal=proposal)
    accepted = post(client, call)

    assert "the maximum number of proposals per person" in refused.text
    assert "Your proposal was submitted" in accepted.text


@pytest.mark.once
def test_adding_a_speaker_row_preserves_the_input(client):
    call = make_call()

    page = post(client, call, {"name": "Bob"}, add_speaker="1", language="", format="")

    assert 'name="speakers-2-name"' in page.text
    assert 'value="Bob"' in page.text
    assert 'value="Our cloud"' in page.text
    assert "error-summary" not in page.text
    assert not SessionProposal.objects.exists()


@pytest.mark.once
def test_errors_of_other_speakers_name_the_speaker(client):
    page = post(client, make_call(), {"name": "Bob", "email": "bob"}, **{"speakers-0-email": "ana"})

    assert ">E-mail address: Enter a valid e-mail address.<" in page.text
    assert "Speaker 2, E-mail address: Enter a valid e-mail address." in page.text


def test_changing_the_first_speakers_address_sends_a_new_link(client):
    proposal = make_proposal(make_call())
    link = f"/en/proposals/{proposal.link_token}/"
    data = make_posted_proposal(proposal.call, action="save", **{"speakers-0-email": "new@acme.example"})

    page = client.post(link, data, follow=True)
    run_waiting_tasks()

    assert "Your proposal has been saved" in page.text
    assert client.get(link).status_code == 404
    assert mail.outbox[0].to == ["new@acme.example"]


@pytest.mark.once
def test_concurrent_changes_do_not_exceed_the_maximum_per_person(transactional_db):
    call = make_call(max_per_person=1)
    others = [("Bob", "bob@else.example", "")], [("Cléo", "cleo@else.example", "")]
    proposals = [make_proposal(call, speakers=speakers) for speakers in others]
    content = ProposalContent(
        title="Our cloud", abstract="Lessons.", format=call.formats.get(), language="en",
        contact_language="en", speakers=(ProposedSpeaker("Ana", "ana@acme.example"),),
    )  # fmt: skip

    results = run_in_threads(
        [lambda row=row: change_proposal(proposal=row, content=content) for row in proposals]
    )

    assert len([result for result in results if isinstance(result, InvalidFields)]) == 1
    assert ProposalSpeaker.objects.filter(email="ana@acme.example").count() == 1


def test_changes_of_the_first_speakers_address_are_rate_limited(client, settings):
    settings.RATE_LIMITS = "on"
    call = make_call()
    proposal = make_proposal(call)

    for count in range(2 * MAX_PER_ADDRESS_AND_HOUR + 2):
        proposal.refresh_from_db()
        address = "Victim@else.example" if count % 2 else "ana@acme.example"
        data = make_posted_proposal(call, action="save", **{"speakers-0-email": address})
        page = client.post(f"/en/proposals/{proposal.link_token}/", data)

    assert "Too many requests" in page.text
    assert ProposalMail.objects.filter(recipient__proposal=proposal).count() == 2 * MAX_PER_ADDRESS_AND_HOUR


@pytest.mark.once
def test_renewing_the_link_revokes_the_old_one(client):
    call = make_call()
    post(client, call)
    proposal = SessionProposal.objects.get()
    link = f"/en/proposals/{proposal.link_token}/"

    client.post(link, {"action": "renew"})
    posted_again = post(client, call)

    assert client.get(link).status_code == 404
    proposal.refresh_from_db()
    own_path = f"/en/proposals/{proposal.link_token}/"
    assert client.get(own_path).status_code == 200
    # Submitting the form again from the browser's history must not reveal the new link.
    assert own_path not in posted_again.redirect_chain[0][0]


@pytest.mark.once
def test_only_offered_tracks_formats_and_fields_are_accepted(client):
    event = make_event()
    offered, other = make_track(event, "Cloud"), make_track(event, "Net", slug="net")
    call = make_call(event, languages=["fr"], left_out_fields=["notes", "biography"])
    call.tracks.add(offered)
    foreign = make_call()

    for wrong in ({"track": other.pk}, {"format": foreign.formats.get().pk}, {"language": "en"}):
        post(client, call, **{"language": "fr", "track": offered.pk, **wrong})
    assert not SessionProposal.objects.exists()

    page = post(client, call, language="fr", track=offered.pk, notes="hidden")
    proposal = SessionProposal.objects.get()
    assert proposal.track == offered
    assert proposal.notes == ""
    assert 'name="speakers-0-biography"' not in page.text


@pytest.mark.once
def test_a_form_without_speakers_is_refused(client):
    call = make_call()

    page = post(client, call, **{"speakers-TOTAL_FORMS": "0"})

    assert page.status_code == 200
    assert not SessionProposal.objects.exists()


@pytest.mark.once
def test_event_without_a_call_and_draft_event_have_no_proposal_page(client):
    event = make_event()
    assert client.get(f"/en/events/{event.slug}/proposals/").status_code == 404

    call = make_call()
    Event.objects.filter(pk=call.event.pk).update(visibility="draft")

    assert client.get(f"/en/events/{call.event.slug}/proposals/").status_code == 404


@pytest.mark.once
def test_event_and_agenda_link_to_the_call_while_it_is_open(client):
    call = make_call()
    path = f"/en/events/{call.event.slug}"
    link = f"{path}/proposals/"

    assert link in client.get(f"{path}/").text
    assert link in client.get(f"{path}/agenda/").text
    CallForProposals.objects.update(closes_at=timezone.now())
    assert link not in client.get(f"{path}/").text
