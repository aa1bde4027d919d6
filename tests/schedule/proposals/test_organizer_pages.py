"""Organizers' pages of a call: settings, e-mails, list and export."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from schedule.models import CallForProposals
from tests.factories import make_event, make_staff, make_track
from tests.schedule.proposals.factories import make_call, make_proposal, make_review
from tests.site_objects import make_client
from tests.workbooks import read_values

pytestmark = pytest.mark.django_db


def make_posted_call(**fields):
    rows = {f"{part}-{name}": value for part in ("formats", "criteria")
            for name, value in (("TOTAL_FORMS", "2"), ("INITIAL_FORMS", "0"))}  # fmt: skip
    return {
        "title": "Proposez !", "text": "**Venez**", "opens_at": "2027-01-10T09:00",
        "closes_at": "2027-02-10T23:59", "languages": ["fr"], "has_neutrality_rule": "on",
        "formats-0-name": "Conférence", "formats-0-minutes": "45",
        "criteria-0-name": "Contenu", "criteria-0-weight": "3", "criteria-1-weight": "1", **rows, **fields,
    }  # fmt: skip


def test_an_organizer_creates_a_call_and_changes_it():
    event = make_event()
    track = make_track(event)
    client = make_client(make_staff(event))
    base = f"/en/organize/{event.slug}/schedule/proposals/"

    assert "Create the call" in client.get(base).text
    client.post(f"{base}call/", make_posted_call(tracks=[track.pk]))

    call = CallForProposals.objects.get()
    assert call.closes_at.astimezone(event.zone).strftime("%d %H:%M") == "10 23:59"
    assert [(row.name, row.minutes) for row in call.formats.all()] == [("Conférence", 45)]
    assert [(row.name, row.weight) for row in call.criteria.all()] == [("Contenu", 3)]
    assert list(call.tracks.all()) == [track]
    assert AuditEntry.objects.get().verb == "call_for_proposals.add"

    make_proposal(call)
    changed = make_posted_call(
        **{"formats-INITIAL_FORMS": "1", "formats-TOTAL_FORMS": "2", "formats-0-id": call.formats.get().pk,
           "formats-0-DELETE": "on", "formats-1-name": "Atelier", "formats-1-minutes": "90"}
    )  # fmt: skip
    refused = client.post(f"{base}call/", changed)
    assert "A format that has proposals cannot be removed" in refused.text
    assert call.formats.count() == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"closes_at": "2027-01-01T09:00"}, "The call must close after it opens."),
        ({"opens_at": "0001-01-01T00:00"}, "Check the year."),
        ({"formats-0-name": "", "formats-0-minutes": ""}, "Add at least one format"),
        ({"languages": []}, "Tick at least one language."),
        ({"criteria-0-weight": "99"}, "Criterion 1, "),
        ({"formats-0-minutes": "x"}, "Format 1, "),
    ],
)
def test_invalid_call_is_refused_and_the_form_preserves_the_input(fields, sentence):
    event = make_event()
    client = make_client(make_staff(event))

    page = client.post(f"/en/organize/{event.slug}/schedule/proposals/call/", make_posted_call(**fields))

    assert sentence in page.text
    assert "**Venez**" in page.text
    assert not CallForProposals.objects.exists()


@pytest.mark.once
def test_mail_texts_can_be_changed_and_unknown_placeholders_are_refused():
    call = make_call()
    client = make_client(make_staff(call.event))
    path = f"/en/organize/{call.event.slug}/schedule/proposals/call/mails/"
    form = client.get(path).context["form"]
    fields = {name: form[name].value() for name in form.fields}

    refused = client.post(path, {**fields, "accepted_text_en": "Dear {nobody}"})
    client.post(path, {**fields, "accepted_text_en": "Dear {name}: yes."})

    [error] = html.fromstring(refused.text).xpath("//*[@id='error-summary']//li")
    assert error.text_content().startswith(
        "Proposal accepted, Text in English: “{nobody}” cannot be used here"
    )
    call.refresh_from_db()
    assert call.mail_texts["accepted"]["text_en"] == "Dear {name}: yes."
    assert "Bonjour {name}" in call.mail_texts["accepted"]["text_fr"]


def test_the_list_filters_by_every_property_and_sorts_by_score():
    call = make_call()
    track = make_track(call.event)
    low = make_proposal(call, "Low one", track=track)
    good = make_proposal(call, "Good one", is_case_study=True)
    new = make_proposal(call, "New one", withdrawn_at=timezone.now())
    make_review(low, make_staff(call.event, "reviewer"), 1, 1, sales_talk_flagged_at=timezone.now())
    make_review(good, make_staff(call.event, "reviewer"), 5, 5)
    client = make_client(make_staff(call.event))
    path = f"/en/organize/{call.event.slug}/schedule/proposals/"

    def find(query):
        return [row.proposal for row in client.get(f"{path}?{query}").context["page_obj"]]

    assert find("") == [low, good, new]
    assert find("order=score") == [good, low, new]
    assert find("q=good") == [good]
    assert find(f"track={track.pk}") == [low]
    assert find("state=withdrawn") == [new]
    assert find("kind=case_study") == [good]
    assert find("kind=sales_talk") == [low]
    assert find("score=low") == [low]
    assert find("score=none") == [new]
    assert find(f"format={call.formats.get().pk}&state=nonsense") == [low, good, new]


def test_the_list_makes_no_more_queries_for_more_proposals():
    call = make_call()
    client = make_client(make_staff(call.event))
    path = f"/en/organize/{call.event.slug}/schedule/proposals/"
    counts = []
    for _round in range(2):
        for number in range(6):
            proposal = make_proposal(call, f"Proposal {number}")
            make_review(proposal, make_staff(call.event, "reviewer"), 3, 3)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.once
def test_the_export_has_a_row_for_each_proposal():
    call = make_call()
    proposal = make_proposal(call, speakers=[("Ana", "ana@acme.example", "Acme"), ("Bob", "b@b.example", "")])
    make_review(proposal, make_staff(call.event, "reviewer"), 5, 1)
    client = make_client(make_staff(call.event))

    answer = client.get(f"/en/organize/{call.event.slug}/lists/session-proposals.xlsx")

    header, row = read_values(answer.content)[:2]
    cells = dict(zip(header, row, strict=True))
    assert cells["Title"] == "Our cloud"
    assert cells["Speakers"] == "Ana, Bob"
    assert cells["Mean score"] == 4
    assert cells["Status"] == "to be decided"


@pytest.mark.once
def test_proposal_of_another_event_is_neither_shown_nor_decided():
    call = make_call()
    proposal = make_proposal(call)
    other = make_call(
        make_event(starts_at=timezone.now(), ends_at=timezone.now() + datetime.timedelta(days=1))
    )
    client = make_client(make_staff(other.event))
    base = f"/en/organize/{other.event.slug}/schedule/proposals/"

    page = client.post(
        f"{base}decide/", {"proposal": proposal.pk, "decision": "accept", "send": "1"}, follow=True
    )

    assert page.redirect_chain == [(base, 302)]
    assert "Our cloud" not in page.text
    assert client.get(f"{base}{proposal.pk}/").status_code == 404
    proposal.refresh_from_db()
    assert proposal.accepted_at is None


@pytest.mark.once
def test_settings_of_the_call_name_the_time_zone_without_the_offset_of_the_event():
    event = make_event(timezone="Europe/Paris")
    client = make_client(make_staff(event))

    page = client.get(f"/en/organize/{event.slug}/schedule/proposals/call/").text

    assert "All times are in the Paris time zone." in page
