"""Invitations whose addresses bounce."""

import pytest
from lxml import html

from badges.mailings.bounces.bounced_addresses import (
    forget_corrected_addresses,
    list_bounced_people,
    record_bounces,
    record_recipient_bounce,
)
from badges.mailings.composing.audience import build_audience
from convention.models import BouncedAddress
from tests.badges.mailings.factories import add_people
from tests.badges.mailings.test_invitations import make_invitation, send
from tests.factories import make_administrator, make_event, make_member, make_staff
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def test_bounce_of_an_invited_person_is_listed_until_it_is_cleared(run_tasks):
    event = make_event()
    person = make_member()
    mailing = send(make_invitation(event), run_tasks)

    record_recipient_bounce(recipient=mailing.recipients.get())
    forget_corrected_addresses()

    assert list_bounced_people([mailing]) == [person]
    assert build_audience(mailing).bounced_count == 1


def test_bounces_of_people_who_were_not_invited_are_unknown():
    person = make_member()

    unknown = record_bounces(event=make_event(), addresses=[person.email])

    assert unknown == [person.email]
    assert not BouncedAddress.objects.exists()


def test_page_of_bounces_marks_the_address_of_an_invited_person_as_correct(run_tasks):
    event = make_event()
    make_member()
    mailing = send(make_invitation(event), run_tasks)
    record_recipient_bounce(recipient=mailing.recipients.get())
    client = make_client(make_administrator())
    [form] = html.fromstring(client.get(f"/en/organize/{event.slug}/mail/bounces/").content).xpath(
        "//table//form"
    )

    client.post(form.action, dict(form.form_values()))

    assert list_bounced_people([mailing]) == []


def enter_bounced_address(client, event, address: str) -> str:
    return client.post(f"/en/organize/{event.slug}/mail/bounces/", {"addresses": address}, follow=True).text


def test_address_of_an_invited_member_is_unknown_to_an_organizer_without_the_directory(run_tasks):
    event = make_event()
    person = make_member()
    send(make_invitation(event), run_tasks)

    page = enter_bounced_address(make_client(make_staff(event)), event, person.email)

    assert "No registration for this event uses the address below." in page
    assert not BouncedAddress.objects.exists()


def test_administrator_records_the_bounce_of_an_invited_member(run_tasks):
    event = make_event()
    person = make_member()
    mailing = send(make_invitation(event), run_tasks)

    page = enter_bounced_address(make_client(make_administrator()), event, person.email)

    assert "1 address marked as bounced" in page
    assert list_bounced_people([mailing]) == [person]


def test_bounced_people_who_were_invited_follow_the_last_page_of_registrations(run_tasks):
    event = make_event()
    invited = make_member()
    send(make_invitation(event), run_tasks)
    people = add_people(event, 51)
    for address in [invited.email, *(registration.email for registration in people)]:
        BouncedAddress.objects.create(email=address)
    client = make_client(make_administrator())

    pages = [client.get(f"/en/organize/{event.slug}/mail/bounces/?page={page}").text for page in (1, 2)]

    assert [page.count(invited.email) for page in pages] == [0, 1]
