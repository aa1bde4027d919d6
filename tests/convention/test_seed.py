"""Demo data: plausible, reproducible, and never mixed with real data."""

import datetime

import pytest
from django.core.management import call_command
from django.db import transaction

from convention.club.models import Company, Person
from convention.events.models import Event
from convention.management.commands.seed import seed_apps
from convention.seeding import DemoWorld
from convention.text.working_days import is_working_day
from registrations.billing.receivables import find_receivable
from registrations.invoices.models import Charge, Receivable
from registrations.models import CompanyShare, Order, Registration, Ticket
from registrations.pricing.display import list_price_rows
from registrations.seed import record_receivables
from registrations.visits.models import Visit
from registrations.visits.visitor_list.contents import decrypt_content
from registrations.visits.visitor_list.visitors import find_list_readiness, is_list_outdated
from schedule.models import Session
from tests.factories import make_event, make_order, make_registration, make_ticket

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def find_members():
    """Return the people at member companies."""
    return Person.objects.filter(employments__company__roles__role="member").distinct()


@pytest.mark.long
def test_club_demo_has_documented_size():
    call_command("seed")

    convention = Event.objects.get(slug="convention")
    assert convention.is_registration_open()
    assert Company.objects.filter(roles__role="member").count() == 60
    assert find_members().count() == 560
    assert convention.registrations.confirmed().count() == 600
    assert convention.sessions.count() == 60
    assert [ticket.slug for ticket in convention.tickets.all()] == [
        "member", "guest", "vendor", "speaker", "press", "staff",
    ]  # fmt: skip
    assert {f"visit-{number}" for number in (1, 2, 3, 4)} <= set(Event.objects.values_list("slug", flat=True))
    assert Event.objects.filter(kind="group_meeting").count() == 6


@pytest.mark.long
@pytest.mark.once
def test_demo_sizes_coexist_and_stock_counters_agree():
    call_command("seed", size="small")
    call_command("seed", size="club")

    assert Event.objects.get(slug="small").registrations.count() == 40
    for ticket in Ticket.objects.all():
        assert ticket.reserved == ticket.registrations.count()
    for share in CompanyShare.objects.select_related("ticket"):
        assert share.reserved <= share.ticket.company_cap


def list_registrations(slug):
    rows = Registration.objects.filter(event__slug=slug).order_by("reference")
    return list(rows.values_list("reference", "email", "company"))


def test_guests_who_registered_before_the_price_rises_owe_the_early_price():
    call_command("seed", size="small")
    ticket = Ticket.objects.get(event__slug="small", slug="guest")
    guests = ticket.registrations.select_related("order", "event")

    prices = {(guest.price, guest.order.total) for guest in guests}
    reasons = {row.reasons[0][0] for guest in guests for row in list_price_rows(guest)}

    assert ticket.price == 12_000
    assert prices == {(9_000, 9_000)}
    assert all(reason.startswith("tarif anticipé") for reason in reasons)


def test_priced_orders_of_the_demo_are_billed_at_their_prices():
    call_command("seed", size="small")
    priced_orders = Order.objects.filter(total__gt=0)

    owed = Receivable.objects.with_balance().values_list("reference", "amount_owed")

    assert set(owed) == set(priced_orders.values_list("reference", "total"))
    for order in priced_orders:
        # Reading one changes nothing.
        assert find_receivable(order.reference).charges.count() == 1
    assert Receivable.objects.count() == Charge.objects.count() == priced_orders.count()


def test_orders_of_a_past_event_of_the_demo_are_paid():
    world = DemoWorld("small", 1)
    event = make_event(starts_at=world.now - 2 * DAY, ends_at=world.now - DAY)
    order = make_order(event, payment="invoice", total=12_000)
    make_registration(make_ticket(event, price=12_000), order=order, price=12_000)

    record_receivables(world, event)

    receivable = Receivable.objects.with_balance().get()
    assert receivable.amount_paid == 12_000
    assert receivable.amount_due == 0


@pytest.mark.long
@pytest.mark.once
def test_club_demo_is_identical_after_small_demo():
    found = []
    for sizes in (["small", "club"], ["club"]):
        with transaction.atomic():
            for size in sizes:
                call_command("seed", size=size)
            assert find_members().count() == 560
            found.append(list_registrations("convention"))
            transaction.set_rollback(True)

    assert found[0] == found[1]


@pytest.mark.long
@pytest.mark.once
def test_large_demo_has_scarce_ticket():
    call_command("seed", size="large")

    event = Event.objects.get(slug="large")
    assert event.registrations.count() == 10_000
    assert event.sessions.count() == 200

    scarce = event.tickets.get(slug="scarce")

    assert scarce.capacity == 500
    assert scarce.reserved == 0
    assert scarce.price == 0


@pytest.mark.long
def test_same_seed_creates_same_people():
    call_command("seed", size="small")
    first = list(Registration.objects.order_by("reference").values_list("reference", "email"))
    guids = list(Session.objects.order_by("guid").values_list("guid", flat=True))
    Registration.objects.all().delete()
    Event.objects.all().delete()

    call_command("seed", size="small")

    assert list(Registration.objects.order_by("reference").values_list("reference", "email")) == first
    assert list(Session.objects.order_by("guid").values_list("guid", flat=True)) == guids


def test_a_second_run_changes_nothing(capsys):
    call_command("seed", size="small")
    call_command("seed", size="small")

    assert Event.objects.filter(slug="small").count() == 1
    assert "existe déjà" in capsys.readouterr().err


def test_database_with_real_data_is_refused(capsys):
    Company.objects.create(name="Vraie Entreprise", slug="vraie")

    with pytest.raises(SystemExit) as stop:
        call_command("seed")
    assert stop.value.code == 2
    assert "données que `seed` n’y a pas mises" in capsys.readouterr().err
    assert Event.objects.count() == 0


def test_a_production_site_is_refused(capsys, settings):
    settings.PRODUCTION = True

    with pytest.raises(SystemExit) as stop:
        call_command("seed", size="small")
    assert stop.value.code == 2
    assert "`seed` refuse de remplir un site en production." in capsys.readouterr().err
    assert Event.objects.count() == 0
    assert Person.objects.count() == 0


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize(
    "day",
    [
        "2026-12-24",
        "2027-06-15",
        "2028-02-29",
        *(pytest.param(d, marks=pytest.mark.soak) for d in ("2026-12-12", "2027-03-28", "2027-06-10")),
    ],
)
def test_demo_is_consistent_on_any_day(day):
    now = datetime.datetime.fromisoformat(f"{day}T09:30:00+00:00")
    seed_apps(DemoWorld("club", 1, now=now))
    rows = Event.objects.filter(kind="convention").order_by("starts_at")

    past_convention, next_convention = rows

    assert past_convention.ends_at < now
    assert next_convention.starts_at > now
    assert past_convention.sessions.count() == 20

    later = Event.objects.filter(starts_at__gt=now)
    days = {event.slug: event.starts_at.astimezone(event.zone).date() for event in later}

    assert [
        slug for slug, one in days.items() if not is_working_day(one) or (one.month, one.day) > (12, 23)
    ] == []

    begun = Visit.objects.filter(event__in=later).select_related("event")
    places = {visit.event.slug: visit.event.tickets.get() for visit in begun}

    assert {slug: ticket.reserved < (ticket.capacity or 0) for slug, ticket in places.items()} == {
        "visit-1": False, "visit-2": True, "visit-3": True, "visit-4": True,
    }  # fmt: skip

    today, past = (Visit.objects.get(event__slug=slug) for slug in ("visit-today", "visit-past"))
    ready, version = find_list_readiness(today).ready, today.lists.get()

    assert [row["key"] for row in decrypt_content(version).rows] == [one.pk for one in ready]
    assert version.count == 14
    assert not is_list_outdated(today, ready)
    assert version.sent_to == today.security_email
    assert not past.lists.get().has_rows
    assert past.lists.get().count == 14
