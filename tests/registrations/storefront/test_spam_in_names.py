"""Spammers must not spread links through names and other texts in the mails of the club."""

import json
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.html import escape

from convention.club.models import Person
from registrations.booking.change_answers import save_answers
from registrations.changes.notifications import QUIET_PERIOD, notify_changed_registrations
from registrations.models import Order, Registration, WaitingEntry
from tests.buyer_verification import open_link
from tests.factories import make_event, make_question, make_registration, make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.sponsors.factories import make_package
from tests.registrations.test_pages import build_person_form, read_nonce

pytestmark = [pytest.mark.django_db, pytest.mark.once]
NAMES_WITH_LINKS = [
    "Win at https://evil.com",
    "evil.com",
    "www.evil.xyz",
    "eve@evil.com",
    "<a href=//x>Win</a>",
    "evil。com",
]
VICTIM = "victim@example.org"
NAME_ERROR = "ressemble à une adresse web"
TEXT_ERROR = "ni adresse web"


@pytest.fixture
def event():
    event = make_event(slug="congress")
    make_ticket(event, price=12_000)
    return event


def post_to_api(path="orders", **fields):
    person = {"ticket": "guest", "first_name": "Ana", "last_name": "Silva", "email": VICTIM}
    person |= {name: fields.pop(name) for name in list(fields) if name in ("first_name", "last_name")}
    data = {"email": VICTIM, "payment": "invoice", "registrations": [person], **fields}
    return Client().post(
        f"/api/v1/events/congress/{path}/", json.dumps(data), content_type="application/json"
    )


@pytest.mark.parametrize("evil", NAMES_WITH_LINKS)
@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_api_refuses_link_in_name(event, evil, field, run_tasks, mailoutbox):
    for path in ("orders", "quotes"):
        answer = post_to_api(path, **{field: evil})
        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == [f"registrations.0.{field}"]
    run_tasks()

    assert Order.objects.count() == 0
    assert mailoutbox == []


@pytest.mark.parametrize(
    "field", ["company", "purchase_order", "billing.name", "billing.street", "billing.city"]
)
def test_api_refuses_link_in_company_purchase_order_and_billing(event, field, run_tasks, mailoutbox):
    evil = "Win at evil.com/now"
    outer, _dot, inner = field.partition(".")

    answer = post_to_api(**{outer: {inner: evil} if inner else evil})

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]

    run_tasks()

    assert Order.objects.count() == 0
    assert mailoutbox == []


@pytest.mark.parametrize("evil", NAMES_WITH_LINKS)
def test_first_screen_shows_error_at_field_with_link_and_keeps_input(event, evil):
    client = Client()
    typed = {"first_name": evil, "last_name": evil, "company": "https://evil.com"}
    for name, value in typed.items():
        page = client.post("/events/congress/register/", build_person_form(**{f"person-0-{name}": value}))
        [form] = page.context["people"].forms
        assert page.status_code == 200
        assert list(form.errors) == [name]
        assert form[name].value() == value
        assert (TEXT_ERROR if name == "company" else NAME_ERROR) in form.errors[name][0]
        assert form.errors[name][0] in unescape(page.text)
        assert f'value="{escape(value)}"' in page.text


def test_last_screen_refuses_link_in_billing_name(event):
    client, prefix = Client(), "/events/congress/register/"
    client.post(prefix, build_person_form())
    client.post(f"{prefix}choices/", {"choice-0-ticket": "guest"})
    nonce = read_nonce(client.get(f"{prefix}check/"))
    billing = {"billing_name": "https://evil.com", "billing_street": "1 rue X", "billing_postcode": "75001",
               "billing_city": "Paris", "billing_country": "FR"}  # fmt: skip
    for more in ({}, {"quote": "1"}):
        page = client.post(f"{prefix}check/", {"nonce": nonce, "language": "fr", **billing, **more})
        assert page.status_code == 200
        assert TEXT_ERROR in page.text
        assert Order.objects.count() == 0


def test_waiting_list_correction_transfer_and_sponsor_forms_refuse_links(event, run_tasks, mailoutbox):
    make_ticket(event, slug="full", capacity=0)
    typed = {"first_name": "evil.com", "last_name": "X", "email": VICTIM, "company": "", "language": "fr"}

    assert NAME_ERROR in Client().post("/events/congress/waiting/full/", typed).text
    assert WaitingEntry.objects.count() == 0

    place = make_registration(event.tickets.get(slug="guest"))
    for page in ("correct/", "give/"):
        path = f"{place.order.manage_path}{place.reference}/{page}"
        assert NAME_ERROR in Client().post(path, typed).text
    package = make_package(event)
    sponsor = {"name": "Acme", "contact": "Win evil.com", "email": VICTIM, "language": "fr"}

    page = Client().post(f"/events/congress/sponsors/{package.slug}/", sponsor)

    assert page.status_code == 200
    assert NAME_ERROR in page.text

    run_tasks()

    assert [mail for mail in mailoutbox if mail.to == [VICTIM]] == []


def test_company_contact_cannot_enter_link_as_colleague_name(run_tasks, mailoutbox):
    desk = make_desk()
    typed = {"first_name": "evil.com", "last_name": "X", "email": VICTIM, "title": ""}

    assert NAME_ERROR in desk.client.post(f"{desk.at}/seats/", typed).text
    assert not Person.objects.filter(email=VICTIM).exists()

    from_rows = {"row-TOTAL_FORMS": "1", "row-INITIAL_FORMS": "0", "row-0-first_name": "evil.com",
                 "row-0-last_name": "X", "row-0-email": VICTIM, "row-0-ticket": "guest",
                 "check": "1"}  # fmt: skip

    assert NAME_ERROR in desk.client.post(desk.many, from_rows).text


@pytest.mark.parametrize(
    ("first_name", "last_name"),
    [("J. R.", "Smith Jr."), ("Sinéad", "O’Neil"), ("D.ot", "Com"), ("Ph.D.", "Dr.No")],
)
def test_real_names_with_dots_are_accepted_and_mailed_unchanged(
    event, first_name, last_name, run_tasks, mailoutbox
):
    answer = post_to_api(first_name=first_name, last_name=last_name)

    assert answer.status_code == 201

    open_link(Order.objects.get())
    run_tasks()

    assert f"{first_name} {last_name}" in mailoutbox[0].body.replace("\u200b", "")


def find_live_links(mail) -> list[str]:
    """Return the injected words that a mail program would turn into links."""
    html = next(str(part[0]) for part in mail.alternatives)
    return [word for word in ("booking.com", "evil.com", "://evil") if word in (mail.body + html).lower()]


def test_company_named_like_domain_is_not_a_link_in_mails(event, run_tasks, mailoutbox):
    cache.clear()

    assert (
        post_to_api(company="Booking.com", billing={"name": "Booking.com", "country": "FR"}).status_code
        == 201
    )

    Registration.objects.update(company="Booking.com", first_name="Eve evil.com")  # as older rows may
    open_link(Order.objects.get())
    run_tasks()

    [mail] = mailoutbox

    assert "Booking.\u200bcom" in mail.body
    assert find_live_links(mail) == []


def test_link_in_answer_is_not_clickable_in_confirmation_mail(event, run_tasks, mailoutbox):
    make_question(event, "site")
    place = make_registration(event.tickets.get(), email=VICTIM)
    save_answers(registration=place, given={"site": "see https://evil.com/win"})
    Registration.objects.update(changed_at=Registration.objects.get().changed_at - QUIET_PERIOD)
    notify_changed_registrations()
    run_tasks()

    [mail] = mailoutbox

    assert mail.to == [VICTIM]
    assert "evil" in mail.body
    assert find_live_links(mail) == []


def test_link_in_company_name_is_not_clickable_in_mail_to_colleague(run_tasks, mailoutbox):
    desk = make_desk(name="Booking.com")
    order_rows(desk, make_row("Alpha", VICTIM))
    run_tasks()

    mails = [mail for mail in mailoutbox if mail.to == [VICTIM]]

    assert [find_live_links(mail) for mail in mails] == [[]] * len(mails) != []
