"""Undoing an import: counters and people are as before, and what happened since is left and named."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badges.attendance.check_in import check_in
from badges.attendance.models import Checkpoint
from convention.audit.models import Entry
from convention.events.models import Event
from convention.tables import Table
from registrations.bill import receivable_of
from registrations.cancel import cancel
from registrations.correct import FIELDS, Correction, correct_for
from registrations.forget import old_imports
from registrations.import_list import import_list
from registrations.invoices.balance import balance_of
from registrations.invoices.models import Payment, Receivable
from registrations.invoices.pay import record_payment
from registrations.models import Addon, ImportedRow, ImportRun, Option, Order, Registration, Ticket
from registrations.note_owed import note_owed
from registrations.undo_import import CannotUndo, foresee, undo_import
from tests.factories import make_addon, make_event, make_order, make_question, make_registration, make_ticket
from tests.registrations.test_pages import text

pytestmark = pytest.mark.django_db

HEADER = ["first_name", "last_name", "email", "company", "ticket", "addons", "diet", "purchase order"]


def congress() -> Event:
    event = make_event()
    make_ticket(event, is_default=True, price=12_000)
    make_ticket(event, slug="press", name="Presse", capacity=5)
    make_addon(event, slug="dinner")
    make_question(event, "diet", options=[("vegan", 9), ("all", 9)])
    return event


def standing(event: Event) -> tuple[object, ...]:
    """Who holds a place with what, and every counter."""
    people = Registration.objects.active().filter(event=event).order_by("pk")
    kept = people.values(
        "pk", "ticket", "price", "company", "answers", "no_photo", "generation", "reductions",
        "takes_place", "confirmed_at", "order__purchase_order", "first_name", "last_name",
    )  # fmt: skip
    counters = [model.objects.order_by("pk").values_list("pk", "taken") for model in (Ticket, Addon, Option)]
    return list(kept), *map(list, counters)


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"), st.sampled_from(["", "Acme", "Beta"]),
        st.sampled_from(["", "guest", "press"]), st.sampled_from(["", "dinner"]),
        st.sampled_from(["", "vegan", "all"]), st.sampled_from(["", "PO 1"]),
    ),
    max_size=5, unique_by=lambda row: row[0],
)  # fmt: skip


def brought(event: Event, rows) -> ImportRun:
    table = [["N", who.upper(), f"{who}@example.org", *rest] for who, *rest in rows]
    done = import_list(event=event, table=Table(HEADER, list(enumerate(table, start=2))))
    assert done.run is not None
    return done.run


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=ROWS, second=ROWS)
def test_an_import_undone_leaves_everything_as_it_was(first, second):
    event = congress()
    brought(event, first)
    before = standing(event)
    run = brought(event, second)
    foreseen = str(foresee(run))
    if run.new or run.changed:
        done = undo_import(run=run)
        assert (str(done), done.left) == (foreseen, [])
        with pytest.raises(CannotUndo):
            undo_import(run=run)
    assert standing(event) == before


def made(event: Event, who: str) -> Registration:
    return Registration.objects.get(event=event, email=f"{who}@example.org")


def test_what_happened_since_is_left_and_named():
    event = congress()
    door = Checkpoint.objects.create(event=event, name="Entrée")
    run = brought(event, [(who, "Acme", "guest", "", "", "") for who in "abcdefg"])
    check_in(registration=made(event, "a"), door=door, operator=None)
    Registration.objects.filter(email="b@example.org").update(confirmation_sent_at=timezone.now())
    owed = receivable_of(made(event, "c").order)
    record_payment(receivable=owed, amount=1, method=Payment.Method.CASH)
    one = made(event, "d")
    said = {name: getattr(one, name) for name in FIELDS} | {"company": "Autre"}
    correct_for(registration=one, correction=Correction(**said))
    cancel(registration=made(event, "e"))
    done = undo_import(run=run)
    assert [(one.email[0], why) for one, why in done.left] == [
        ("a", "est déjà venu"), ("b", "a reçu un e-mail"), ("c", "est facturé ou a payé"),
        ("d", "a été modifié depuis"), ("e", "a été modifié depuis"),
    ]  # fmt: skip
    assert [row.registration.email[0] for row in done.cancelled] == ["f", "g"]
    assert event.tickets.get(slug="guest").taken == 4
    entry = Entry.objects.get(verb="registration.undo_import")
    assert (entry.event, run.rows.count()) == (event.slug, 7)


def test_what_was_only_noted_as_owed_is_undone_and_owed_no_longer():
    event = congress()
    run = brought(event, [(who, "", "guest", "", "", "") for who in "ab"])
    note_owed()
    owed = {one.reference: balance_of(one).owed for one in Receivable.objects.all()}
    assert set(owed) == {made(event, who).order.reference for who in "ab"}
    assert all(owed.values())
    assert undo_import(run=run).left == []
    assert [balance_of(one).owed for one in Receivable.objects.all()] == [0, 0]


def test_undoing_what_was_noted_asks_no_more_for_many():
    counts = []
    for people in ("ab", "cdefghijkl"):
        event = congress()
        run = brought(event, [(who, "", "guest", "", "", "") for who in people])
        note_owed()
        with CaptureQueriesContext(connection) as asked:
            assert undo_import(run=run).left == []
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert {balance_of(one).owed for one in Receivable.objects.all()} == {0}


def test_nobody_gets_a_mail_and_every_badge_is_revoked(run_tasks, mailoutbox):
    event = congress()
    run = brought(event, [("a", "", "guest", "", "", "")])
    before = made(event, "a")
    undo_import(run=run)
    run_tasks()
    after = made(event, "a")
    event.refresh_from_db()
    assert (mailoutbox, after.generation, after.state, after.sequence) == (
        [], before.generation + 1, "cancelled", event.sequence,
    )  # fmt: skip


def test_former_values_are_kept_for_thirty_days_and_then_gone():
    event = congress()
    run = brought(event, [("a", "", "guest", "", "", "")])
    old_imports()
    assert ImportedRow.objects.count() == 1
    ImportRun.objects.update(made_at=timezone.now() - datetime.timedelta(days=31))
    old_imports()
    assert (ImportedRow.objects.count(), ImportRun.objects.count()) == (0, 1)
    with pytest.raises(CannotUndo):
        undo_import(run=run)


def test_a_place_that_was_confirmed_by_the_list_stays():
    event = congress()
    order = make_order(event, email="a@example.org")
    make_registration(
        event.tickets.get(slug="guest"), order=order, email="a@example.org", confirmed_at=None,
        held_until=timezone.now() + datetime.timedelta(minutes=5),
    )  # fmt: skip
    [(one, why)] = undo_import(run=brought(event, [("a", "", "", "", "", "")])).left
    assert (one.state, why) == ("confirmed", "a été confirmé par la liste")


def test_the_pages_list_and_undo(organizer: Client, event: Event):
    text_of = "first_name,last_name,ticket\nA,B,guest\n"
    organizer.post("/organize/congress/registrations/import/", {"checked": text_of, "name": "mine.csv"})
    run = ImportRun.objects.get()
    listed = text(organizer.get("/organize/congress/registrations/imports/"))
    assert "mine.csv" in listed
    page = f"/organize/congress/registrations/imports/{run.pk}/undo/"
    assert "Annulées\u202f: 1" in organizer.get(page).content.decode()
    assert Registration.objects.active().count() == 1
    assert organizer.post(page).status_code == 302
    run.refresh_from_db()
    assert (Registration.objects.active().count(), run.undone_by is not None) == (0, True)
    assert Order.objects.count() == 1
    assert organizer.post(page).status_code == 409
