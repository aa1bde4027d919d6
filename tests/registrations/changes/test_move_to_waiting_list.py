"""Moving a registration to the waiting list of another event."""

import pytest
from django.urls import reverse
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import NotOpenNow
from convention.events.models import EventRole
from registrations.billing.receivables import sync_receivable
from registrations.changes.move_to_waiting_list import MoveRefused, move_to_waiting_list, preview_move
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Refund
from registrations.models import Quota, RefundRule, Registration, WaitingEntry
from tests.factories import make_event, make_member, make_order, make_person, make_registration, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration(event) -> Registration:
    order = make_order(event, email="buyer@example.org", payment="invoice", total=12_000)
    ticket = event.tickets.get()
    registration = make_registration(ticket, order=order, price=12_000, email="zoe@example.org")
    record_payment(receivable=sync_receivable(order), amount=12_000, method="card")
    RefundRule.objects.create(event=event, days_before=1, refund_percent=50)
    return registration


@pytest.fixture
def full_ticket():
    """Return the ticket of another event that has no place left."""
    ticket = make_ticket(make_event(name="La Visite", name_en="The Visit"), name="Adhérent", capacity=1)
    make_registration(ticket, email="other@example.org")
    return ticket


def test_organizer_previews_refund_and_moves_registration(
    organizer, registration, full_ticket, run_tasks, mailoutbox
):
    page = organizer.get(reverse("organize-registration", args=["congress", registration.reference]))
    [link] = html.fromstring(page.content).xpath("//a[contains(., 'liste d’attente d’un')]/@href")

    preview = organizer.get(link, {"ticket": full_ticket.pk})
    [form] = html.fromstring(preview.content).xpath("//main//form[@method='post']")
    answer = organizer.post(link, {**dict(form.form_values()), "reason": "autre date"}, follow=True)
    run_tasks()

    text = " ".join(preview.text.replace("\u202f", " ").replace("\xa0", " ").split())
    entry = WaitingEntry.objects.get()
    registration.refresh_from_db()
    assert "À rembourser à l’acheteur : 60 €" in text
    assert "Personne n’attend encore" in text
    assert "est sur la liste d’attente : La Visite" in answer.text
    history = answer.text.partition("Historique")[2]
    waiting_list_path = reverse("organize-waiting", args=[full_ticket.event.slug])
    assert f"liste d’attente de «\u202f{full_ticket.event.title}\u202f»" in history
    assert f'href="{waiting_list_path}"' in history
    assert registration.cancelled_at is not None
    assert Refund.objects.get().amount == 6_000
    assert entry.ticket == full_ticket
    assert entry.email == "zoe@example.org"
    assert {mail.to[0] for mail in mailoutbox} >= {"buyer@example.org", "zoe@example.org"}
    assert AuditEntry.objects.get(verb="registration.move").reason == "autre date"


def test_available_place_is_offered_at_once(registration, run_tasks):
    ticket = make_ticket(make_event(), capacity=3)

    entry = move_to_waiting_list(registration=registration, ticket=ticket, expected_fee_cents=6_000)

    ticket.refresh_from_db()
    assert entry.state == WaitingEntry.State.OFFERED
    assert ticket.reserved == 1


def test_non_member_is_not_moved_to_list_of_member_ticket(registration):
    ticket = make_ticket(make_event(), audience="member", capacity=3)

    with pytest.raises(MoveRefused):
        move_to_waiting_list(registration=registration, ticket=ticket, expected_fee_cents=6_000)

    registration.refresh_from_db()
    assert registration.cancelled_at is None
    assert not WaitingEntry.objects.exists()


def test_page_marks_member_tickets_for_non_member_and_offers_no_move(organizer, registration):
    other = make_event(name_en="The Visit")
    member = make_ticket(other, slug="member", name_en="Member", audience="member")
    make_ticket(other, slug="guest", name_en="Guest")
    path = f"/en/organize/congress/registrations/{registration.reference}/move/"

    page = organizer.get(path, {"ticket": member.pk})

    assert "The Visit · Member (for members only)" in page.text
    assert "The Visit · Guest (for members only)" not in page.text
    assert "No place can be offered to zoe@example.org: no member has this address." in page.text
    assert "Cancel and move" not in page.text


def test_member_is_moved_to_list_of_member_ticket_that_is_not_marked(organizer, registration):
    make_member(email="zoe@example.org")
    ticket = make_ticket(make_event(), name_en="Member", audience="member")
    path = f"/en/organize/congress/registrations/{registration.reference}/move/"

    page = organizer.get(path, {"ticket": ticket.pk})

    assert "for members only" not in page.text
    assert "Cancel and move" in page.text


def test_member_is_not_moved_where_they_have_a_place(registration):
    member = make_member(email="zoe@example.org")
    ticket = make_ticket(make_event(), audience="member", capacity=3)
    make_registration(ticket, person=member, email="zoe@example.org")

    with pytest.raises(MoveRefused):
        preview_move(registration, ticket)


def test_company_at_its_limit_is_stated_and_does_not_block(registration):
    make_member(email="zoe@example.org")
    ticket = make_ticket(make_event(), audience="member", company_cap=0)

    preview = preview_move(registration, ticket)

    assert preview.objection == WaitingEntry.SkipReason.COMPANY_FULL.label
    assert not preview.is_offered_at_once


def test_refused_move_changes_nothing(event, registration, full_ticket):
    own = make_ticket(event, slug="own")
    closed = make_ticket(make_event(visibility="draft"), slug="closed")

    for ticket, fee_cents in ((full_ticket, 0), (own, 6_000)):
        with pytest.raises(MoveRefused):
            move_to_waiting_list(registration=registration, ticket=ticket, expected_fee_cents=fee_cents)
    with pytest.raises(NotOpenNow):
        move_to_waiting_list(registration=registration, ticket=closed, expected_fee_cents=6_000)
    Registration.objects.filter(pk=registration.pk).update(email="")
    registration.order.email = ""
    registration.order.save(update_fields=["email"])
    with pytest.raises(MoveRefused):
        move_to_waiting_list(registration=registration, ticket=full_ticket, expected_fee_cents=6_000)

    registration.refresh_from_db()
    assert registration.cancelled_at is None
    assert not WaitingEntry.objects.exists()
    assert not Refund.objects.exists()


@pytest.mark.once
def test_only_waiting_lists_of_organized_events_are_offered(client, event, registration, full_ticket):
    person = make_person()
    EventRole.objects.create(event=event, person=person, role="organizer")
    client.force_login(person)
    page = reverse("organize-registration-move", args=[event.slug, registration.reference])

    offered = client.get(page)
    posted = client.post(page, {"ticket": full_ticket.pk, "fee": "6000"})
    EventRole.objects.create(event=full_ticket.event, person=person, role="organizer")
    unconfirmed = client.post(page, {"ticket": full_ticket.pk})

    assert "La Visite" not in offered.text
    assert posted.status_code == 200
    assert not WaitingEntry.objects.exists()
    assert "Vérifiez-le de nouveau" in unconfirmed.text


def test_move_requires_name_and_address_that_is_not_waiting_yet(organizer, event, full_ticket):
    order = make_order(event, email="buyer@example.org")
    ann, bob, nameless = [
        make_registration(event.tickets.get(), order=order, first_name=name, last_name=name, email="")
        for name in ("Ann", "Bob", "")
    ]
    entry = move_to_waiting_list(registration=ann, ticket=full_ticket, expected_fee_cents=0)
    pages = [
        reverse("organize-registration-move", args=[event.slug, place.reference]) for place in (bob, nameless)
    ]

    same_address = organizer.get(pages[0], {"ticket": full_ticket.pk})
    no_name = organizer.get(pages[1], {"ticket": full_ticket.pk})
    for page in pages:
        organizer.post(page, {"ticket": full_ticket.pk, "fee": "0"})

    assert "buyer@example.org figure déjà sur cette liste d’attente" in same_address.text
    assert "Indiquez d’abord le nom et l’adresse e-mail" in no_name.text
    assert "Annuler et déplacer" not in same_address.text + no_name.text
    assert set(Registration.objects.filter(order=order, cancelled_at=None)) == {bob, nameless}
    assert WaitingEntry.objects.get() == entry


def test_place_of_shared_quota_goes_to_earlier_entry_of_another_ticket(registration):
    other = make_event()
    quota = Quota.objects.create(event=other, name="Salle", capacity=1)
    ticket, workshop = [make_ticket(other, slug=slug, quota=quota) for slug in ("hall", "workshop")]
    WaitingEntry.objects.create(
        event=other,
        ticket=workshop,
        first_name="Fay",
        last_name="Lee",
        email="f@example.org",
        address="f@example.org",
    )

    preview = preview_move(registration, ticket)
    entry = move_to_waiting_list(registration=registration, ticket=ticket, expected_fee_cents=6_000)

    assert preview.waiting_count == 1
    assert not preview.is_offered_at_once
    assert entry.offered_at is None
