"""Self-service pages: refunds are announced, made once and confirmed by e-mail, as are other changes."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.billing.refund_rules import save_refund_rules
from registrations.changes.cancel import cancel_with_fee
from registrations.changes.notifications import QUIET_PERIOD, notify_changed_registrations
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models.documents import Invoice, Receivable, Refund
from registrations.models import RefundRule, Registration
from registrations.permissions import make_own_secret
from registrations.sessions.booking import book_session, leave_session
from tests.factories import make_event, make_order, make_registration, make_session, make_ticket
from tests.registrations.billing.test_refund_rules import congress, make_paid_order
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db
__all__ = ["congress"]


def read_text(answer) -> str:
    return answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")


def test_refund_is_shown_before_cancelling_and_confirmed_by_mail(client, congress, run_tasks, mailoutbox):
    order, [only] = make_paid_order(congress, 1, "test")
    run_tasks()
    page = reverse("order-cancel", args=[order.reference, order.manage_secret, only.reference])

    said = read_text(client.get(page))

    assert "Annulation remboursée à 50 %" in said
    assert "Remboursement fictif de 60 €" in said
    assert "Frais d’annulation retenus sur votre paiement : 60 €" in said
    assert client.post(page).status_code == 302
    assert client.post(page).status_code == 409

    run_tasks()
    mail = mailoutbox[-1].body.replace("\xa0", " ")

    assert "Remboursement fictif de 60 €" in mail
    assert "Frais d’annulation retenus sur votre paiement : 60 €" in mail.replace("\u202f", " ")
    assert "Remboursement fictif de 60 €" in read_text(client.get(order.manage_path))
    assert Refund.objects.count() == 1


def test_cancel_page_announces_and_makes_manual_refund_and_credit_note(client, congress):
    make_issuer()
    order, [only] = make_paid_order(congress, 1)
    issue_invoice(receivable=Receivable.objects.get())
    page = reverse("order-cancel", args=[order.reference, order.manage_secret, only.reference])

    said = read_text(client.get(page))

    assert "la trésorerie vous remboursera 60 € par virement" in said.lower()
    assert "nous établirons un avoir" in said

    cancelled = read_text(client.post(page, follow=True))

    assert "Place annulée" in cancelled
    assert list(Refund.objects.values_list("amount", "state")) == [(6_000, "requested")]
    documents = Invoice.objects.order_by("pk").values_list("kind", "total")
    assert list(documents) == [("invoice", 12_000), ("credit_note", 12_000), ("invoice", 6_000)]


def test_organizer_sets_cancellation_fee_with_reason(organizer, congress):
    _order, [only] = make_paid_order(congress, 1)
    page = reverse("organize-registration-cancel", args=["congress", only.reference])

    answer = organizer.post(page, {"cancel-cancellation_fee": "10", "cancel-reason": ""})

    assert answer.status_code == 200
    assert Registration.objects.get().cancelled_at is None

    fields = {"cancel-cancellation_fee": "10", "cancel-reason": "Décès", "confirmed_fee": "1000"}
    assert organizer.post(page, fields).status_code == 302
    assert Registration.objects.get().cancellation_fee == 1_000
    assert Refund.objects.get().amount == 11_000


def test_organizer_edits_refund_rules(organizer, congress):
    page = reverse("organize-refunds", args=["congress"])

    assert 'value="30"' in read_text(organizer.get(page))

    forms = {"rule-TOTAL_FORMS": "3", "rule-INITIAL_FORMS": "0"}
    ticket = congress.tickets.get().pk
    rows = {"rule-0-days": "14", "rule-0-share": "80", "rule-1-days": "3", "rule-1-share": "90"}

    odd = organizer.post(page, {**forms, **rows})

    assert 'role="alert"' in read_text(odd)

    rows |= {"rule-1-share": "20", "rule-2-days": "0", "rule-2-share": "0", "rule-2-ticket": ticket}

    assert organizer.post(page, {**forms, **rows}).status_code == 302
    kept = RefundRule.objects.values_list("days_before", "refund_percent", "ticket")
    assert list(kept) == [(14, 80, None), (3, 20, None), (0, 0, ticket)]


def test_errors_of_refund_rules_name_the_rule_as_its_group_does(organizer, congress):
    page = reverse("organize-refunds", args=["congress"])
    rows = {"rule-0-days": "14", "rule-0-share": "80", "rule-1-share": "101", "rule-1-days": "3"}

    answer = organizer.post(page, {"rule-TOTAL_FORMS": "2", "rule-INITIAL_FORMS": "0", **rows})

    shown = html.fromstring(read_text(answer))
    errors = [link.text for link in shown.xpath("//*[@id='error-summary']//a")]
    assert [error.partition(" :")[0] for error in errors] == ["Règle 2, Part remboursée, en pourcentage"]
    assert [legend.text for legend in shown.xpath("//legend")] == ["Règle 1", "Règle 2"]


def test_cancellation_is_refused_at_once_after_the_event(client, congress):
    order, [registration] = make_paid_order(congress, 1)
    over = timezone.now() - datetime.timedelta(hours=1)
    type(congress).objects.update(starts_at=over - datetime.timedelta(hours=8), ends_at=over)

    answer = client.get(f"{order.manage_path}{registration.reference}/cancel/")

    assert answer.status_code == 409
    assert "ne peut plus être annulée" in read_text(answer)


def test_a_burst_of_changes_is_confirmed_in_one_mail(congress, run_tasks, mailoutbox):
    holder = make_registration(congress.tickets.get(), email="zoe@example.org")
    keynote, workshop = (
        make_session(
            congress, title=title, capacity=9, is_bookable=True, starts_at=congress.starts_at + start
        )
        for title, start in (("Ouverture", datetime.timedelta(0)), ("Atelier", datetime.timedelta(hours=3)))
    )
    book_session(registration=holder, session=keynote)
    book_session(registration=holder, session=workshop)
    leave_session(registration=holder, session=keynote)
    notify_changed_registrations()

    run_tasks()

    assert [mail for mail in mailoutbox if "modifications" in mail.subject] == []

    Registration.objects.filter(pk=holder.pk).update(changed_at=timezone.now() - QUIET_PERIOD)
    for _again in range(2):
        notify_changed_registrations()
        run_tasks()

    [mail] = [mail for mail in mailoutbox if "modifications" in mail.subject]

    assert mail.to == ["zoe@example.org"]
    assert "Atelier" in mail.body
    assert "Ouverture" not in mail.body


@pytest.mark.parametrize(
    ("address", "is_buyer"),
    [("buyer@example.org", True), ("", True), ("zoe@example.org", False)],
    ids=["buyer", "no own address", "attendee"],
)
def test_mail_about_changes_leads_the_buyer_to_the_order(congress, run_tasks, mailoutbox, address, is_buyer):
    registration = make_registration(congress.tickets.get(), email=address)
    Registration.objects.filter(pk=registration.pk).update(changed_at=timezone.now() - QUIET_PERIOD)
    order = registration.order
    notify_changed_registrations()

    run_tasks()

    secret = order.manage_secret if is_buyer else make_own_secret(registration)
    [mail] = [mail for mail in mailoutbox if "modifications" in mail.subject]
    assert mail.to == [address or order.email]
    assert order.build_path_with(secret) in mail.body


def test_without_refund_rules_cancel_page_announces_full_refund(client, congress):
    save_refund_rules(event=congress, refund_rules=[])
    order, [only] = make_paid_order(congress, 1)

    said = read_text(
        client.get(reverse("order-cancel", args=[order.reference, order.manage_secret, only.reference]))
    )

    assert "Annulation remboursée intégralement" in said
    assert "120 €" in said


def test_without_refund_rules_nothing_is_refunded_once_event_has_started(client, congress):
    save_refund_rules(event=congress, refund_rules=[])
    order, [only] = make_paid_order(congress, 1)
    Event.objects.update(starts_at=timezone.now() - datetime.timedelta(minutes=1))
    page = reverse("order-cancel", args=[order.reference, order.manage_secret, only.reference])
    said = read_text(client.get(page))

    client.post(page)

    only.refresh_from_db()
    assert "elles ne le sont plus" in said
    assert only.state == "cancelled"
    assert only.cancellation_fee == 12_000
    assert Refund.objects.count() == 0


def test_partly_cancelled_order_shows_each_state_and_badge_recipient(client):
    order = make_order(make_event())
    ticket = make_ticket(order.event)
    now = timezone.now()
    make_registration(ticket, order=order, first_name="Ana", email="buyer@example.org", cancelled_at=now)
    other = make_registration(ticket, order=order, first_name="Bob", email="bob@example.org")

    before = read_text(client.get(order.manage_path))
    Registration.objects.filter(pk=other.pk).update(confirmation_sent_at=now)
    after = read_text(client.get(order.manage_path))

    assert "<h1>1 confirmée, 1 annulée</h1>" in before
    assert "<dt>Annulée</dt><dd>Ana Müller</dd>" in before
    assert "Badge en cours d’envoi à buyer@example.org : Bob Müller" in before
    assert "Badge envoyé à buyer@example.org : Bob Müller" in after


def test_page_from_before_a_transfer_does_not_give_the_place_back(client):
    order = make_order(make_event(), email="buyer@example.org")
    registration = make_registration(
        make_ticket(order.event), order=order, first_name="Zoé", last_name="Alpha", email="zoe@example.org"
    )
    page = reverse("order-correct", args=[order.reference, order.manage_secret, registration.reference])
    [shown] = html.fromstring(client.get(page).content).xpath("//input[@name='holder_count']/@value")
    successor = {"first_name": "Nova", "last_name": "Bêta", "email": "nova@example.org"}
    stale = {"first_name": "Zoé", "last_name": "Alphaa", "email": "zoe@example.org", "holder_count": shown}

    first = client.post(page, successor | {"holder_count": shown})
    order.refresh_from_db()
    page = reverse("order-correct", args=[order.reference, order.manage_secret, registration.reference])
    repeated = client.post(page, successor | {"holder_count": shown})
    refused = client.post(page, stale)

    registration.refresh_from_db()
    assert first.status_code == 302
    assert repeated.status_code == 302
    assert "La place a changé de participant" in read_text(refused)
    assert registration.name == "Nova Bêta"
    assert registration.badge_version == 2


@pytest.mark.parametrize(
    ("email", "link", "is_stated"),
    [
        ("zoe@example.org", make_own_secret, True),
        ("zoe@example.org", lambda place: place.order.manage_secret, False),
        ("buyer@example.org", make_own_secret, False),
    ],
    ids=["attendee", "order", "buyer"],
)
def test_attendee_reads_that_the_refund_goes_to_the_buyer(client, email, link, is_stated):
    ticket = make_ticket(make_event(slug="congress"), price=12_000)
    order = make_order(ticket.event, email="buyer@example.org", payment="invoice", total=12_000)
    place = make_registration(ticket, order=order, price=12_000, email=email)

    page = client.get(f"/en{order.build_path_with(link(place))}{place.reference}/cancel/").text

    assert ("Any refund goes to the buyer" in page) == is_stated


def test_cancellation_names_the_credit_note_that_was_issued(client, congress):
    make_issuer()
    ticket = congress.tickets.get()
    order = make_order(congress, billing_name="Acme", payment="invoice", total=12_000, language="en")
    place = make_registration(ticket, order=order, price=12_000)
    issue_invoice(receivable=sync_receivable(order))
    cancel_with_fee(registration=place, fee_cents=0, reason="x")

    page = read_text(client.get(f"/en{order.manage_path.removeprefix('/en')}"))

    number = Invoice.objects.get(kind="credit_note").number
    assert f"There is no cancellation fee: credit note {number} has been issued." in page


def test_cancellation_of_several_places_names_all_credit_notes(client, congress):
    make_issuer()
    ticket = congress.tickets.get()
    order = make_order(congress, billing_name="Acme", payment="invoice", total=24_000, language="en")
    places = [make_registration(ticket, order=order, price=12_000) for _number in range(2)]
    issue_invoice(receivable=sync_receivable(order))

    for place in places:
        cancel_with_fee(registration=place, fee_cents=0, reason="x")

    page = read_text(client.get(f"/en{order.manage_path.removeprefix('/en')}"))
    credit_notes = Invoice.objects.filter(kind="credit_note")
    numbers = ", ".join(credit_note.number for credit_note in credit_notes)
    assert credit_notes.count() == 2
    assert f"There is no cancellation fee: credit notes {numbers} have been issued." in page


def test_transfer_page_copies_iban_and_reference(client, congress):
    issuer = make_issuer()
    order = make_order(congress, email="b@example.org", payment="invoice", total=12_000, language="en")
    make_registration(congress.tickets.get(), order=order, price=12_000)

    page = client.get(f"{order.manage_path}transfer/").text

    assert f'data-copy="{issuer.iban}"' in page
    assert f'data-copy="{order.creditor_reference}"' in page
