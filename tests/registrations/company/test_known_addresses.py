"""A company contact cannot find out which addresses the club knows: all get the same pages."""

import re
import time
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.api import throttles
from convention.audit.models import AuditEntry
from convention.club.claims import make_claim_token
from convention.club.models import Employment, Person, Seat
from convention.club.people import add_colleague_with_seat
from convention.club.permissions import is_member
from convention.events.models import Event
from convention.privacy.erase import erase_people
from registrations.models import Registration
from registrations.rate_limits import COLLEAGUES_PER_HOUR
from tests.factories import make_member, make_person
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]
NAMES = {"first_name": "Noé", "last_name": "Petit", "title": "Ops"}
UNKNOWN, KNOWN = "nobody@example.org", "known@example.org"


@pytest.fixture
def desk():
    return make_desk()


@pytest.fixture
def owner():
    """Return a member of another company whose address the contact enters."""
    return make_member(email=KNOWN, first_name="Kim", last_name="Known")


def add_colleague(desk, email):
    return desk.client.post(f"{desk.at}/seats/", {**NAMES, "email": email}, follow=True)


def strip_varying_parts(desk, answer, numbers) -> str:
    """Return the page without the parts that always differ: tokens, ids and the typed address."""
    page = re.sub(numbers, "NUMBER", answer.content.decode())
    page = page.replace(desk.company.slug, "firm").replace(desk.company.name, "Firm")
    for address in (UNKNOWN, KNOWN, "other@example.org"):
        page = page.replace(address, "typed@example.org")
    page = re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]+"', "", page)
    return re.sub(r"\d+", "0", page)


def load_pages_after_adding(email, *, owned=False):
    """Enter the address as a new contact, and return status facts and every page that could differ."""
    desk = make_desk()
    if owned:
        make_member(email=email, first_name="Kim", last_name="Known")
    answer = add_colleague(desk, email)
    again = add_colleague(desk, email)
    booked = order_rows(desk, make_row("Petit", email, "member"))
    pages = [desk.client.get(f"{desk.at}/{page}") for page in ("", "seats/", "registrations/", "orders/")]
    one = Registration.objects.get(order__for_company__company=desk.company)
    pages.append(desk.client.get(f"{desk.at}/registrations/{one.reference}/"))
    facts = [answer.status_code, answer.redirect_chain[0][1], booked.status_code, one.state]
    Event.objects.update(visibility=Event.Visibility.DRAFT)  # the next contact finds one event, too
    numbers = f"{one.reference}|{one.order.reference}|{one.order.manage_secret}"
    return facts, [strip_varying_parts(desk, page, numbers) for page in (answer, again, *pages)]


def test_pages_are_identical_for_known_and_unknown_address(monkeypatch):
    # Stop the clock: the pages write a full hour without minutes, and it may pass between the two loads.
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)

    (facts, unknown), (same_facts, known) = (
        load_pages_after_adding(UNKNOWN),
        load_pages_after_adding(KNOWN, owned=True),
    )

    assert facts == same_facts == [200, 302, 302, "confirmed"]
    for one, other in zip(unknown, known, strict=True):
        assert one == other
    assert "Known" not in "".join(known)


def test_known_and_unknown_address_need_similar_query_counts(desk, owner):
    counts = []
    for email in (UNKNOWN, KNOWN):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            add_colleague(desk, email)
        counts.append(len(asked))

    assert abs(counts[0] - counts[1]) <= 4, counts


def test_owner_of_address_is_asked_before_anything_changes(desk, owner, run_tasks, mailoutbox):
    add_colleague(desk, KNOWN)
    add_colleague(desk, UNKNOWN)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [KNOWN]]

    assert desk.company.name in mail.subject
    assert "Noé Petit" in " ".join(mail.body.split())
    assert owner.employments.count() == owner.seats.count() == 1
    owner.refresh_from_db()
    assert owner.name == "Kim Known"
    assert Person.objects.filter(email=KNOWN).get() == owner


def test_owner_confirms_claim_and_gets_seat_and_registration(desk, owner, run_tasks, mailoutbox):
    Seat.objects.filter(person=owner).delete()

    assert not is_member(owner)

    add_colleague(desk, KNOWN)
    order_rows(desk, make_row("Petit", KNOWN, "member"))
    run_tasks()
    [path] = {
        path for mail in mailoutbox for path in re.findall(r"https?://[^/]+(/colleagues/\S+)", mail.body)
    }
    client = Client()

    page = client.get(path)

    assert page.status_code == 200
    assert desk.company.name in page.text
    assert "Known" not in page.text
    assert not is_member(owner)  # a program that follows links confirms nothing
    assert client.post(path)["Location"] == "/"
    assert is_member(owner)
    assert Employment.objects.filter(person=owner, company=desk.company).count() == 1
    assert Registration.objects.get().person == owner
    assert not Person.objects.exclude(claimed_email="").exists()
    assert AuditEntry.objects.filter(verb="person.claim").count() == 1
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert "Kim Known" in desk.client.get(f"{desk.at}/seats/").text


def test_claim_by_colleague_with_seat_creates_no_second_seat(desk, owner):
    company = desk.company
    person = add_colleague_with_seat(membership=company.memberships.get(), email=KNOWN, **NAMES)
    Employment.objects.create(person=owner, company=company)

    Seat.objects.create(person=owner, membership=company.memberships.get())

    assert Client().post(f"/colleagues/{make_claim_token(person)}/").status_code == 302
    assert Employment.objects.filter(person=owner, company=company).count() == 1
    assert Seat.objects.filter(membership__company=company, person=owner).count() == 1


@pytest.mark.parametrize("token", ["", "x", "forged:token:here"])
def test_forged_claim_link_is_not_found(token):
    assert Client().get(f"/colleagues/{token}/").status_code == 404


def test_claim_link_ends_with_claim_or_address(desk, owner):
    person = add_colleague_with_seat(membership=desk.company.memberships.get(), email=KNOWN, **NAMES)
    path = f"/colleagues/{make_claim_token(person)}/"
    owner.email = "other@example.org"
    owner.save()

    assert Client().get(path).status_code == 404

    owner.email = KNOWN
    owner.save()

    assert Client().get(path).status_code == 200

    erase_people(people=[person])

    assert Client().post(path).status_code == 404


def test_colleague_of_same_company_is_recognized(desk):
    Seat.objects.filter(person=desk.colleague).delete()

    page = add_colleague(desk, desk.colleague.email.upper()).text
    assert "Ana Silva" in page
    assert Person.objects.filter(claimed_email="").count() == Person.objects.count()


def test_contact_who_adds_herself_gets_the_seat_without_confirmation(desk):
    contact = desk.contact
    contact.employments.all().delete()
    contact.seats.all().delete()

    row = {**NAMES, "email": contact.email.upper()}
    page = desk.client.post(f"/en{desk.at}/seats/", row, follow=True).text

    assert f"{contact} now has a seat." in page
    assert "has to confirm" not in page
    assert is_member(contact)
    assert [job.company for job in contact.employments.all()] == [desk.company]
    assert not Person.objects.exclude(claimed_email="").exists()


def test_page_says_for_every_address_when_a_colleague_has_to_confirm(desk, owner):
    path = f"/en{desk.at}/seats/"
    pages = [
        desk.client.post(path, {**NAMES, "email": email}, follow=True).text for email in (UNKNOWN, KNOWN)
    ]

    assert ["your colleague first has to confirm by e-mail" in page for page in pages] == [True, True]


def test_owner_with_closed_account_is_not_revealed_either(desk):
    make_person(email=KNOWN, is_active=False)
    assert "Noé Petit" in add_colleague(desk, KNOWN).text


@pytest.mark.long
def test_adding_colleagues_is_rate_limited(desk, settings, monkeypatch):
    settings.RATE_LIMITS = "on"
    cache.clear()
    # Stop the clock, since 101 requests may take longer than the rest of a rate limit window.
    now = time.time()
    monkeypatch.setattr(throttles, "time", SimpleNamespace(time=lambda: now))

    answers = [
        add_colleague(desk, f"n{number}@example.org").status_code for number in range(COLLEAGUES_PER_HOUR + 1)
    ]

    assert answers[0] == 200
    assert answers[-1] == 429
