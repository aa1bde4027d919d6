"""Mailings to the waiting list of an event or a visit: its entries have no registration yet."""

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from badges.mailings.bounces.bounced_addresses import (
    clear_waiting_entry_bounce,
    forget_corrected_addresses,
    list_bounced_waiting_entries,
    record_bounces,
)
from badges.mailings.composing.audience import build_audience
from badges.mailings.composing.preview import list_preview_names, write_preview_mail
from badges.mailings.composing.segments import WAITING_LIST, Segment, describe_segment
from badges.mailings.models import Mailing, Unsubscription
from badges.mailings.sending.launch import launch_mailing
from badges.mailings.sending.log import make_log_sheet
from badges.mailings.sending.recipients import freeze_recipients
from convention.models import BouncedAddress
from registrations.models import WaitingEntry
from tests.badges.mailings.factories import TEXTS, add_people, make_mailing
from tests.factories import make_event, make_secretary, make_ticket
from tests.registrations.visits.factories import make_application, make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
WAITING = Segment(states=(WAITING_LIST,))


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def ticket(event):
    return make_ticket(event, capacity=1)


@pytest.fixture
def organizer(event):
    person = make_secretary()
    event.roles.create(person=person, role="organizer", starts_on=timezone.localdate())
    return make_client(person)


def make_entry(ticket, first_name="Zoé", **fields) -> WaitingEntry:
    """Somebody who waits for the ticket."""
    email = f"{first_name.lower()}@example.org"
    values = {
        "first_name": first_name,
        "last_name": "Wait",
        "email": email,
        "address": email,
        "language": "en",
    }
    return WaitingEntry.objects.create(event=ticket.event, ticket=ticket, **{**values, **fields})


def list_addresses(event, segment) -> list[str]:
    return [group.address for group in build_audience(make_mailing(event, segment=segment)).groups]


def test_segment_reaches_the_waiting_list_alone(event, ticket):
    add_people(event, 1)
    make_entry(ticket, "zoe")

    assert list_addresses(event, WAITING) == ["zoe@example.org"]


def test_waiting_list_can_be_added_to_the_confirmed(event, ticket):
    add_people(event, 1)
    make_entry(ticket, "zoe")

    found = list_addresses(event, Segment(states=("confirmed", WAITING_LIST)))

    assert found == ["ana0@example.org", "zoe@example.org"]


def test_mailing_to_all_registrations_leaves_the_waiting_list_out(event, ticket):
    make_entry(ticket)

    assert list_addresses(event, Segment(states=())) == []


def test_person_with_a_place_who_waits_for_another_ticket_gets_one_mail(event, ticket):
    [registration] = add_people(event, 1, language="en")
    entry = make_entry(ticket, email="ana0@example.org", address="ana0@example.org")

    [group] = build_audience(make_mailing(event, segment=Segment(states=("confirmed", WAITING_LIST)))).groups

    assert group.registration_ids == [registration.pk]
    assert group.waiting_entry_ids == [entry.pk]


def test_those_who_left_the_waiting_list_are_left_out(event, ticket):
    make_entry(ticket, left_at=timezone.now())

    assert list_addresses(event, WAITING) == []


@pytest.mark.parametrize("criteria", [{"payment": "unpaid"}, {"photo": "agreed"}, {"presence": "absent"}])
def test_criteria_of_registrations_leave_the_waiting_list_out(event, ticket, criteria):
    make_entry(ticket)

    assert list_addresses(event, Segment(states=(WAITING_LIST,), **criteria)) == []


@pytest.mark.parametrize(
    "criteria",
    [{"tickets": ("other",)}, {"company": "Other"}, {"language": "fr"}],
    ids=str,
)
def test_waiting_list_is_narrowed_by_ticket_company_and_language(event, ticket, criteria):
    make_entry(ticket, "zoe", company="Acme")
    other = make_ticket(event, slug="other")
    make_entry(other, "max", company="Other", language="fr")

    assert list_addresses(event, Segment(states=(WAITING_LIST,), **criteria)) == ["max@example.org"]


def send(mailing, run_tasks) -> Mailing:
    launch_mailing(mailing=mailing)
    run_tasks()
    return mailing


def test_mail_to_the_waiting_list_leads_to_the_page_of_the_entry(event, ticket, run_tasks, mailoutbox):
    entry = make_entry(ticket, "Zoe")

    send(make_mailing(event, segment=WAITING), run_tasks)

    [mail] = mailoutbox
    assert mail.to == ["zoe@example.org"]
    assert "Hello Zoe," in mail.body
    assert f"/en/waiting/{entry.link_token}/" in mail.body
    assert "because you are on the waiting list for" in mail.body


def test_news_skips_those_on_the_waiting_list_who_unsubscribed(event, ticket):
    make_entry(ticket, "zoe")
    Unsubscription.objects.create(email="zoe@example.org")

    audience = build_audience(make_mailing(event, segment=WAITING, purpose="news"))

    assert audience.unsubscribed_count == 1
    assert audience.selected_groups == []


def test_news_to_the_waiting_list_can_be_unsubscribed(event, ticket, run_tasks, mailoutbox):
    make_entry(ticket)

    send(make_mailing(event, segment=WAITING, purpose="news"), run_tasks)

    assert "/news/stop/" in mailoutbox[0].extra_headers["List-Unsubscribe"]


def test_entry_that_ended_while_the_mailing_waited_gets_no_mail(event, ticket, run_tasks, mailoutbox):
    entry = make_entry(ticket)
    mailing = make_mailing(event, segment=WAITING)
    launch_mailing(mailing=mailing)
    mailing.refresh_from_db()
    freeze_recipients(mailing=mailing)
    WaitingEntry.objects.filter(pk=entry.pk).update(left_at=timezone.now())

    run_tasks()

    assert mailoutbox == []
    assert mailing.recipients.get().left_out == "changed"


def test_log_names_the_person_on_the_waiting_list(event, ticket, run_tasks):
    make_entry(ticket, "Zoe", company="Acme")

    mailing = send(make_mailing(event, segment=WAITING), run_tasks)

    [row] = make_log_sheet(mailing, "").rows
    assert row[:3] == ["Zoe Wait", "zoe@example.org", "Acme"]


def test_preview_shows_the_mail_to_the_waiting_list(event, ticket):
    make_entry(ticket, "Max")
    make_entry(ticket, "Zoe")
    mailing = make_mailing(event, segment=WAITING)
    names = list_preview_names(build_audience(mailing))

    message = write_preview_mail(mailing, language="en", reference=names[1][0])

    assert [name for _key, name in names] == ["Max Wait (max@example.org)", "Zoe Wait (zoe@example.org)"]
    assert message.to == "zoe@example.org"


def test_segment_names_the_waiting_list(event):
    with translation.override("en"):
        words = describe_segment(WAITING, event)

    assert words == ["waiting list"]


# --- bounces ---------------------------------------------------------------------------------------------


def test_bounced_address_of_the_waiting_list_is_skipped_and_listed(event, ticket):
    entry = make_entry(ticket, "zoe")

    unknown = record_bounces(event=event, addresses=["zoe@example.org"])

    assert unknown == []
    assert list_bounced_waiting_entries(event) == [entry]
    assert build_audience(make_mailing(event, segment=WAITING)).bounced_count == 1


def test_bounced_address_of_the_waiting_list_stays_until_the_wait_ends(event, ticket):
    entry = make_entry(ticket, "zoe")
    record_bounces(event=event, addresses=["zoe@example.org"])

    forget_corrected_addresses()
    remaining = BouncedAddress.objects.count()
    WaitingEntry.objects.filter(pk=entry.pk).update(left_at=timezone.now())
    forget_corrected_addresses()

    assert remaining == 1
    assert not BouncedAddress.objects.exists()


def test_corrected_address_of_the_waiting_list_gets_mailings_again(event, ticket):
    entry = make_entry(ticket, "zoe")
    record_bounces(event=event, addresses=["zoe@example.org"])

    clear_waiting_entry_bounce(entry=entry)

    assert build_audience(make_mailing(event, segment=WAITING)).bounced_count == 0


def test_page_of_bounces_marks_an_address_of_the_waiting_list_as_correct(event, ticket, organizer):
    make_entry(ticket, "zoe")
    record_bounces(event=event, addresses=["zoe@example.org"])
    path = f"/en/organize/{event.slug}/mail/bounces/"
    [form] = html.fromstring(organizer.get(path).content).xpath("//table//form")

    answer = organizer.post(form.action, dict(form.form_values()))

    assert answer.status_code == 302
    assert list_bounced_waiting_entries(event) == []


# --- pages -----------------------------------------------------------------------------------------------


def save_linked_draft(client, page) -> Mailing:
    """Follow the page's link to a mailing to the waiting list, and save the form as it is, with texts."""
    [path] = html.fromstring(client.get(page).content).xpath(
        "//a[contains(@href, 'states=waiting_list')]/@href"
    )
    [form] = html.fromstring(client.get(path).content).xpath("//main//form[.//*[@name='purpose']]")
    values = {name: form.fields[name] for name in form.fields if name not in ("states", "tickets", "addons")}
    checked = {
        name: [box.get("value") for box in form.xpath(f".//input[@name='{name}'][@checked]")]
        for name in ("states", "tickets")
    }
    values = {name: value or "" for name, value in values.items()}
    client.post(path, values | checked | {"purpose": "information", **TEXTS})
    return Mailing.objects.get()


def test_page_of_waiting_lists_leads_to_a_mailing_to_the_list(event, ticket, organizer):
    make_entry(ticket, "zoe")
    make_entry(make_ticket(event, slug="other"), "max")
    page = f"/en/organize/{event.slug}/waiting/?list=ticket-{ticket.pk}"

    mailing = save_linked_draft(organizer, page)

    assert [group.address for group in build_audience(mailing).groups] == ["zoe@example.org"]


def test_secretary_writes_to_the_waiting_list_of_a_visit():
    visit = make_visit(places=1)
    make_application(visit, first_name="Comes")
    waiting = make_application(visit, first_name="Waits")
    page = f"/en/organize/{visit.event.slug}/visit/applicants/?state=waiting"

    mailing = save_linked_draft(make_client(make_secretary()), page)

    assert [group.address for group in build_audience(mailing).groups] == [waiting.person.email]


def test_page_of_a_mailing_counts_the_waiting_list(event, ticket, organizer):
    make_entry(ticket)
    mailing = make_mailing(event, segment=WAITING)

    page = organizer.get(reverse("organize-mailing", args=[event.slug, mailing.pk]).replace("/fr/", "/en/"))

    assert page.context["audience"].language_counts == {"en": 1}
    assert page.context["audience"].no_address_count == 0


def test_log_page_shows_the_person_on_the_waiting_list(event, ticket, organizer, run_tasks):
    make_entry(ticket, "Zoe")
    mailing = send(make_mailing(event, segment=WAITING), run_tasks)

    page = organizer.get(reverse("organize-mailing-log", args=[event.slug, mailing.pk])).text

    assert "Zoe Wait" in page
