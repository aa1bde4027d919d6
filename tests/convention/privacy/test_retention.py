"""Retention rules delete what is too old, and report how much."""

import dataclasses
import datetime

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.utils import timezone

from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.mailings.models import Recipient
from convention.club.models import Person
from convention.events.models import Event
from convention.hooks import periodic_jobs
from convention.privacy import retention
from convention.privacy.models import PrivacyCase, RetentionPeriod, RetentionRun
from convention.privacy.retention import list_effective_rules, run_retention_rules, set_retention_days
from convention.tasks.periodic import register_periodic_jobs, run_due_jobs
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models.documents import Quotation, Receivable
from registrations.models import Order, Registration, WaitingEntry
from registrations.order_context import OrderContext
from registrations.periodic_jobs import release_expired_holds
from registrations.quotations.create import create_order_quotation
from registrations.quotations.send import send_quotation_mail
from registrations.retention import erase_old_buyers
from registrations.visits.models import HostContact, Visit, VisitorList
from tests.convention.privacy.find_traces import ADDRESS, LAST, NAME, find_traces
from tests.convention.privacy.histories.person import make_event_on_sale, make_order, make_request
from tests.convention.privacy.histories.roles import mailings
from tests.factories import make_event, make_member, make_person, make_registration, make_ticket
from tests.registrations.test_pages import build_person_form

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def make_ended_event(days, **fields):
    ends = timezone.now() - days * DAY
    return make_event(starts_at=ends - datetime.timedelta(hours=8), ends_at=ends, **fields)


def run_retention(at=None):
    return {
        run.rule: run.removed_count
        for run in run_retention_rules(at=at or timezone.now())
        if run.removed_count
    }


def test_attendees_and_buyers_are_erased_after_three_years():
    old, young = (make_registration(make_ticket(make_ended_event(days)), price=100) for days in (1096, 1094))

    assert run_retention() == {"attendees": 1, "buyers": 1}
    old.refresh_from_db()
    young.refresh_from_db()
    assert old.first_name == ""
    assert old.email == ""
    assert old.company == "Acme"
    assert old.price == 100
    assert young.first_name == "Zoé"
    assert young.order.email == "buyer@example.org"
    assert Registration.objects.get(pk=old.pk).order.email == ""
    assert run_retention() == {}


def test_club_can_shorten_retention_period():
    registration = make_registration(make_ticket(make_ended_event(100)))

    assert run_retention() == {}

    set_retention_days(slug="attendees", days=99)

    assert run_retention() == {"attendees": 1}
    assert RetentionPeriod.objects.get().days == 99
    registration.refresh_from_db()
    assert registration.last_name == ""


def test_waiting_entries_host_contacts_and_old_privacy_cases_are_erased():
    event = make_ended_event(400)
    WaitingEntry.objects.create(
        event=event, ticket=make_ticket(event), email="w@example.org", address="w@example.org"
    )
    visit = Visit.objects.create(
        event=make_ended_event(400), security_name="Sam", security_email="sam@host.example"
    )
    HostContact.objects.create(visit=visit, name="Hana", email="hana@host.example")
    VisitorList.objects.create(visit=visit, number=1, hash="a" * 64, count=3, sent_to="sam@host.example")
    long_ago = timezone.now() - 2000 * DAY

    PrivacyCase.objects.create(kind="access", requested_at=long_ago, answered_at=long_ago, answer="given")

    assert run_retention() == {"waiting": 1, "host-contacts": 1, "privacy-cases": 1}
    visit.refresh_from_db()
    assert visit.security_name == ""
    assert visit.host_contacts.get().email == ""
    assert visit.lists.get().sent_to == ""
    assert visit.lists.get().hash == "a" * 64
    assert visit.lists.get().count == 3


def test_erasing_attendees_removes_names_from_receivables_and_scans():
    order = make_order(make_event_on_sale())
    receivable = sync_receivable(order)

    record_payment(receivable=receivable, amount=16_500, method="cash")

    check_in_registration(
        registration=order.registrations.get(),
        checkpoint=get_or_create_entrance(order.event),
        operator=None,
        reason=NAME,
    )

    Event.objects.update(starts_at=timezone.now() - 1097 * DAY, ends_at=timezone.now() - 1096 * DAY)

    assert run_retention() == {"attendees": 1, "buyers": 1, "billed": 1, "scan-notes": 1}
    assert find_traces() == set()
    assert compute_balance(receivable).amount_owed == compute_balance(receivable).amount_paid == 16_500
    assert run_retention() == {}


def test_quotations_are_deleted_a_year_after_they_expire():
    quotation = create_order_quotation(
        event=make_event_on_sale(), request=make_request(), context=OrderContext()
    )
    old = datetime.timedelta(days=366)

    assert run_retention(at=timezone.now() + old) == {}
    assert run_retention(at=timezone.now() + old + 31 * DAY) == {"quotations": 1}
    assert Quotation.objects.filter(pk=quotation.pk).exists() is False

    send_quotation_mail.func(quotation.pk, 0)  # a mail queued earlier must not fail now


def test_unconfirmed_unpaid_orders_are_erased_after_three_months():
    event = make_event_on_sale()
    lapsed, held, paid = (
        place_order(event=event, request=make_request(), context=OrderContext()) for _ in range(3)
    )
    over = timezone.now() - 91 * DAY
    Order.objects.update(created_at=over)
    Registration.objects.exclude(order=held).update(hold_expires_at=over, confirmed_at=None)
    for order in (lapsed, paid):
        sync_receivable(order)

    record_payment(receivable=sync_receivable(paid), amount=100, method="transfer")

    assert run_retention() == {"expired-orders": 1}

    for order in (lapsed, held, paid):
        order.refresh_from_db()

    assert [order.email for order in (lapsed, held, paid)] == ["", ADDRESS, ADDRESS]
    assert lapsed.registrations.get().name == "Nom à préciser"
    assert compute_balance(Receivable.objects.get(reference=lapsed.reference)).amount_owed == 0
    assert run_retention() == {}


def test_order_whose_expired_hold_was_released_is_erased_after_three_months():
    order = place_order(event=make_event_on_sale(), request=make_request(), context=OrderContext())
    over = timezone.now() - 91 * DAY
    Order.objects.update(created_at=over)
    Registration.objects.update(hold_expires_at=over, confirmed_at=None)
    release_expired_holds()

    counts = run_retention()

    assert counts == {"expired-orders": 1}
    order.refresh_from_db()
    assert order.email == ""


def test_old_buyers_are_erased_in_several_runs(monkeypatch):
    monkeypatch.setattr("registrations.retention.MAX_ROWS_PER_RUN", 1)
    for days in (1096, 1097):
        make_registration(make_ticket(make_ended_event(days)))

    counts = [erase_old_buyers(timezone.now()) for _run in range(3)]

    assert counts == [1, 1, 0]


def test_registration_drafts_are_deleted_a_week_after_last_change(client):
    make_event_on_sale()
    client.post("/events/congress/register/", build_person_form(**{"person-0-last_name": LAST}))
    other = make_person()

    client.force_login(other)

    assert find_traces() == {"registrations_registrationdraft.content"}
    assert run_retention(at=timezone.now() + 6 * DAY) == {}
    assert run_retention(at=timezone.now() + 8 * DAY) == {"drafts": 1}
    assert find_traces() == set()
    assert client.get("/me/").status_code == 200


def test_mail_server_answers_are_deleted_after_a_year():
    mailings()

    assert run_retention(at=timezone.now() + 366 * DAY)["mail-answers"] == 1
    assert set(Recipient.objects.values_list("answer", flat=True)) == {""}


def test_only_people_without_contact_for_three_years_are_erased():
    long_ago = timezone.now() - 1200 * DAY
    quiet, member, came = make_person(), make_member(), make_person()
    closed = make_person(is_active=False)
    make_registration(make_ticket(make_ended_event(1000)), person=came, email="came@example.org")
    written = make_person(email="Written@example.org")
    make_registration(make_ticket(make_ended_event(1000)), email="written@example.org")
    Person.objects.update(date_joined=long_ago, last_login=None)

    new, seen = make_person(), make_person(last_login=timezone.now(), date_joined=long_ago)

    assert run_retention() == {"people": 2}
    active = set(Person.objects.filter(is_active=True))
    assert active == {member, came, new, seen, written}
    assert {case.person for case in PrivacyCase.objects.all()} == {quiet, closed}
    # A second run must not erase the same people again.
    assert run_retention() == {}


def test_person_who_came_with_another_verified_address_is_not_erased():
    person = make_person(date_joined=timezone.now() - 1200 * DAY)
    EmailAddress.objects.create(user=person, email="Other@example.org", verified=True)
    make_registration(make_ticket(make_ended_event(1000)), email="other@example.org")

    run_retention()

    person.refresh_from_db()
    assert person.is_active


@pytest.mark.parametrize(
    ("failure", "name"),
    [(RuntimeError, "builtins.RuntimeError"), (IntegrityError, "django.db.utils.IntegrityError")],
)
def test_failing_rule_is_recorded_and_other_rules_run(monkeypatch, failure, name):
    make_registration(make_ticket(make_ended_event(1096)))

    def failing(_before):
        raise failure

    broken = [
        rule
        if rule.rule.slug != "waiting"
        else retention.EffectiveRule(_replace_sweep(rule.rule, failing), rule.days, rule.last_run)
        for rule in list_effective_rules()
    ]
    monkeypatch.setattr(retention, "list_effective_rules", lambda: broken)
    assert run_retention() == {"attendees": 1, "buyers": 1}
    assert RetentionRun.objects.get(rule="waiting").error == name


def _replace_sweep(rule, sweep):
    fields = ("slug", "name", "counted_from", "days", "min_days", "is_fixed")
    return type(rule)(delete_older_than=sweep, **{name: getattr(rule, name) for name in fields})


def test_retention_is_a_daily_periodic_job(monkeypatch):
    name = "convention.privacy.retention.run_nightly_retention"

    assert periodic_jobs.intervals[name] == 24 * 3600

    monkeypatch.setattr(periodic_jobs, "intervals", {name: 24 * 3600})
    register_periodic_jobs()

    assert run_due_jobs(at=timezone.now()) == [name]
    assert RetentionRun.objects.count() == len(list_effective_rules())


def test_old_retention_runs_are_deleted():
    RetentionRun.objects.create(rule="waiting", ran_at=timezone.now() - 500 * DAY, cutoff=timezone.now())
    run_retention_rules(at=timezone.now())

    assert RetentionRun.objects.filter(ran_at__lt=timezone.now() - DAY).count() == 0


@pytest.mark.parametrize(("days", "years"), [(365, 1), (1095, 3), (0, 0), (90, 0), (366, 0)])
def test_period_of_whole_years_is_given_in_years(days, years):
    assert dataclasses.replace(list_effective_rules()[0], days=days).years == years
