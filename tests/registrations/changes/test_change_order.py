"""Changing the ticket and the add-ons of a registration, with the money that follows."""

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import ConventionError, NotOpenNow, SoldOut
from registrations.billing.receivables import calculate_balance, sync_receivable
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.changes.cancel import cancel_registration
from registrations.changes.change_order import DifferenceChanged, OrderChangeRefused, change_order
from registrations.inventory.stock import CompanyFull
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Invoice, Receivable, Refund
from registrations.models import CompanyShare, Order, Registration
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_member, make_ticket
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    event = make_event()
    make_ticket(event, name="Visiteur", price=12_000, capacity=5)
    make_ticket(event, slug="full", name="Complet", price=20_000, capacity=1)
    make_addon(event, capacity=2)
    return event


@pytest.fixture
def registration(event) -> Registration:
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
    request = OrderRequest(email="b@example.org", places=(place,), billing=billing)
    order = place_order(event=event, request=request, context=make_verified_context())
    sync_receivable(order)
    return order.registrations.get()


def change(registration: Registration, slug: str, expected_cents: int, *addons) -> Registration:
    ticket = registration.event.tickets.get(slug=slug)
    return change_order(
        registration=registration, ticket=ticket, addons=addons, expected_cents=expected_cents
    )


def credit_first_invoice(registration: Registration) -> Receivable:
    """Invoice the registration and credit the whole invoice, so that nothing is owed."""
    make_issuer()
    receivable = sync_receivable(registration.order)
    credit_invoice(invoice=issue_invoice(receivable=receivable), reason="Geste")
    assert compute_balance(receivable).amount_owed == 0
    return receivable


def record_transfer(receivable: Receivable, cents: int) -> None:
    values = {"method": "transfer", "external_id": "bank-1", "received_on": timezone.localdate()}
    record_payment(receivable=receivable, amount=cents, **values)


def test_more_expensive_ticket_and_addon_are_charged_and_invoiced(event, registration, run_tasks, mailoutbox):
    make_issuer()
    receivable = sync_receivable(registration.order)
    issue_invoice(receivable=receivable)
    dinner = event.addons.get()

    changed = change(registration, "full", 12_500, dinner)
    run_tasks()

    balance = compute_balance(receivable)
    assert balance.amount_owed == 24_500
    assert changed.price == 20_000
    assert changed.order.total == 24_500
    documents = list(Invoice.objects.order_by("pk").values_list("kind", "total"))
    assert documents == [("invoice", 12_000), ("credit_note", 12_000), ("invoice", 24_500)]
    reason = Invoice.objects.get(kind="credit_note").reason
    assert reason == f"Modification de l’inscription\u202f: {registration.name}"
    assert {ticket.slug: ticket.reserved for ticket in event.tickets.all()} == {"guest": 0, "full": 1}
    assert event.addons.get().reserved == 1
    assert ["b@example.org"] in [mail.to for mail in mailoutbox]


@pytest.mark.once
def test_mail_and_page_show_paid_and_due_amounts_after_change_of_paid_order(
    event, registration, run_tasks, mailoutbox, client
):
    record_payment(receivable=sync_receivable(registration.order), amount=12_000, method="transfer")

    change(registration, "full", 8_000)
    run_tasks()
    page = client.get(registration.order.manage_path).text

    [body] = [mail.body for mail in mailoutbox if mail.to == ["b@example.org"]]
    assert "Total\u202f: 200\xa0€" in body
    assert "Montant dû\u202f: 80\xa0€" in body
    assert "Payé\u202f: 120\xa0€" in page
    assert "Reste à payer\u202f: 80\xa0€" in page


def test_difference_to_cheaper_ticket_is_refunded_to_its_payment(event, registration):
    change(registration, "full", 8_000)
    receivable = sync_receivable(registration.order)
    payment = record_payment(receivable=receivable, amount=20_000, method="card")
    registration.refresh_from_db()

    change(registration, "guest", -8_000)

    refund = Refund.objects.get()
    assert refund.amount == 8_000
    assert refund.payment == payment
    assert compute_balance(receivable).amount_due == 0


def test_addon_is_removed_and_booked_again(event, registration):
    dinner = event.addons.get()
    change(registration, "guest", 4_500, dinner)

    change(Registration.objects.get(), "guest", -4_500)
    change(Registration.objects.get(), "guest", 4_500, dinner)

    assert compute_balance(sync_receivable(registration.order)).amount_owed == 16_500
    assert event.addons.get().reserved == 1


def test_refused_changes_leave_registration_unchanged(event, registration):
    full = event.tickets.get(slug="full")
    vip = make_addon(event, slug="vip", name="VIP")
    vip.tickets.add(full)
    member = make_ticket(event, slug="member", audience="member")
    foreign = make_ticket(event, slug="foreign", price=12_000, currency="CHF")
    foreign_dinner = make_addon(event, slug="dinner-chf", currency="CHF")

    refusals = {
        "nothing new": (OrderChangeRefused, "guest", 0, ()),
        "for another ticket": (OrderChangeRefused, "guest", 4_500, (vip,)),
        "members only": (OrderChangeRefused, member.slug, -12_000, ()),
        "ticket in another currency": (OrderChangeRefused, foreign.slug, 0, ()),
        "add-on in another currency": (OrderChangeRefused, "guest", 4_500, (foreign_dinner,)),
        "another price": (DifferenceChanged, "full", 7_000, ()),
    }
    for error, slug, cents, addons in refusals.values():
        with pytest.raises(error):
            change(registration, slug, cents, *addons)
    event.tickets.filter(slug="full").update(capacity=0)
    with pytest.raises(SoldOut):
        change(registration, "full", 8_000)
    cancelled = cancel_registration(registration=registration)
    with pytest.raises(NotOpenNow):
        change(cancelled, "full", 8_000)

    assert issubclass(DifferenceChanged, ConventionError)
    registration.refresh_from_db()
    assert registration.price == 12_000


@pytest.mark.once
def test_organizer_changes_ticket_after_preview(event, registration, organizer):
    address = reverse("organize-registration", args=[event.slug, registration.reference])
    full = event.tickets.get(slug="full")
    make_ticket(event, slug="foreign", name="Billet suisse", price=12_000, currency="CHF")

    detail = html.fromstring(organizer.get(address).content)
    [link] = detail.xpath("//a[contains(., 'Modifier le billet ou les options')]/@href")
    preview = organizer.get(link, {"ticket": full.pk})
    [choice] = html.fromstring(preview.content).xpath("//main//form[@method='get']")
    [form] = html.fromstring(preview.content).xpath("//main//form[@method='post']")
    answer = organizer.post(link, {**dict(form.form_values()), "reason": "surclassement"}, follow=True)

    # The reason must not be part of an address, because addresses are logged.
    assert "reason" not in choice.fields
    assert "reason" in form.fields
    assert "Billet suisse" not in preview.text
    assert "80\u00a0€ de plus" in preview.text
    assert "Complet (avant : Visiteur)" in preview.text
    assert "L’inscription a été modifiée" in answer.text
    assert "Billet\u202f: Visiteur → Complet, +\u00a080\u00a0€" in answer.text
    entry = AuditEntry.objects.get(verb="registration.change_order")
    assert entry.reason == "surclassement"


@pytest.mark.once
def test_organizer_removes_paid_addon_after_reading_the_refund(event, registration, organizer):
    change(registration, "guest", 4_500, event.addons.get())
    record_transfer(sync_receivable(registration.order), 16_500)
    page = organizer.get(f"/en/organize/{event.slug}/registrations/{registration.reference}/")
    [address] = html.fromstring(page.content).xpath("//a[contains(., 'Change ticket or add-ons')]/@href")

    preview = organizer.get(address, {"ticket": registration.ticket_id})
    [form] = html.fromstring(preview.content).xpath("//main//form[@method='post']")
    organizer.post(address, {**dict(form.form_values()), "reason": "allergy"}, follow=True)

    assert "Removed: Dinner" in preview.text
    assert "The price falls by €45." in preview.text
    assert "To refund to the buyer: €45, bank transfer." in preview.text
    assert Refund.objects.get().amount == 4_500
    assert registration.addons.get().cancelled_at is not None


def test_change_of_an_order_without_address_promises_no_confirmation(event, registration, organizer):
    Order.objects.filter(pk=registration.order_id).update(email="")
    address = reverse("organize-registration-change", args=[event.slug, registration.reference])

    preview = organizer.get(address, {"ticket": event.tickets.get(slug="full").pk})
    [form] = html.fromstring(preview.content).xpath("//main//form[@method='post']")
    answer = organizer.post(address, {**dict(form.form_values()), "reason": "surclassement"}, follow=True)

    assert "L’inscription a été modifiée." in answer.text
    assert "Une nouvelle confirmation" not in answer.text


def test_credited_ticket_is_owed_after_change_and_change_back(event, registration):
    receivable = credit_first_invoice(registration)
    change(registration, "full", 8_000)
    record_transfer(receivable, 20_000)

    change(registration, "guest", -8_000)

    balance = compute_balance(receivable)
    assert balance.amount_owed == 12_000
    assert balance.amount_paid == 20_000
    assert balance.amount_refunded == 8_000
    assert balance.amount_due == 0
    assert calculate_balance(registration.order).amount == 0
    documents = list(Invoice.objects.order_by("pk").values_list("kind", "total"))
    assert documents == [
        ("invoice", 12_000), ("credit_note", 12_000),
        ("invoice", 20_000), ("credit_note", 20_000),
        ("invoice", 12_000),
    ]  # fmt: skip


@pytest.mark.once
def test_preview_shows_full_price_when_old_ticket_was_credited(event, registration, organizer):
    credit_first_invoice(registration)
    address = reverse("organize-registration-change", args=[event.slug, registration.reference])

    preview = organizer.get(address, {"ticket": event.tickets.get(slug="full").pk})

    assert "200\u00a0€ de plus" in preview.text


def test_credited_ticket_is_owed_after_change_to_free_ticket_and_back(event, registration):
    make_ticket(event, slug="staff", name="Équipe", price=0)
    receivable = credit_first_invoice(registration)
    change(registration, "staff", -12_000)

    change(registration, "guest", 12_000)

    assert compute_balance(receivable).amount_owed == 12_000


def test_credited_addon_is_owed_after_removal_and_new_booking(event, registration):
    dinner = event.addons.get()
    change(registration, "guest", 4_500, dinner)
    receivable = credit_first_invoice(registration)
    change(registration, "guest", -4_500)

    change(registration, "guest", 4_500, dinner)

    # The ticket is the same, and stays credited.
    assert compute_balance(receivable).amount_owed == 4_500


def test_credited_ticket_stays_credited_when_addon_is_added(event, registration):
    receivable = credit_first_invoice(registration)

    change(registration, "guest", 4_500, event.addons.get())

    assert compute_balance(receivable).amount_owed == 4_500


def test_member_ticket_is_given_to_somebody_else_with_a_reason(organizer, event, registration):
    member = make_ticket(event, slug="member", name="Adhérent", audience="member")
    page = f"/organize/{event.slug}/registrations/{registration.reference}/change/"
    typed = {"ticket": member.pk, "difference": -12_000}

    preview = organizer.get(page, {"ticket": member.pk}).text
    refused = organizer.post(page, typed).text
    unchanged = Registration.objects.get().ticket
    organizer.post(page, typed | {"reason": "adhésion en cours"})

    assert "cette inscription n’est pas celle d’un adhérent" in preview
    assert "cette inscription n’est pas celle d’un adhérent" in refused
    assert unchanged.slug == "guest"
    assert Registration.objects.get().ticket == member


def test_member_keeps_membership_and_counts_for_company_with_a_ticket_for_members(
    organizer, event, registration
):
    ticket = make_ticket(event, slug="member", name="Adhérent", audience="member", company_cap=1)
    member = make_member(email="zoe@example.org", first_name="Zoé", last_name="Müller")
    company = member.employments.get().company
    page = f"/organize/{event.slug}/registrations/{registration.reference}/change/"

    preview = organizer.get(page, {"ticket": ticket.pk}).text
    organizer.post(page, {"ticket": ticket.pk, "difference": -12_000})

    assert "réservé aux adhérents" not in preview
    assert Registration.objects.get().member_of == company
    assert CompanyShare.objects.get(ticket=ticket, company=company).reserved == 1
    place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email=member.email)
    second = place_order(event=event, request=OrderRequest(email=member.email, places=(place,)))
    with pytest.raises(CompanyFull):
        verify_membership(registration=second.registrations.get())


def test_change_to_a_ticket_for_members_is_refused_when_company_is_full(organizer, event, registration):
    ticket = make_ticket(event, slug="member", name="Adhérent", audience="member", company_cap=0)
    make_member(email="zoe@example.org")
    page = f"/en/organize/{event.slug}/registrations/{registration.reference}/change/"

    answer = organizer.post(page, {"ticket": ticket.pk, "difference": -12_000}).text

    assert "would have more than the maximum of 0 places per company" in answer
    unchanged = Registration.objects.get()
    assert (unchanged.ticket.slug, unchanged.member_of) == ("guest", None)


def test_reason_that_is_too_long_stays_on_the_page_with_the_preview(organizer, event, registration):
    full = event.tickets.get(slug="full")
    page = f"/organize/{event.slug}/registrations/{registration.reference}/change/"
    reason = "a" * 301

    answer = organizer.post(page, {"ticket": full.pk, "difference": 8_000, "reason": reason})

    [form] = html.fromstring(answer.content).xpath("//main//form[@method='post']")
    assert form.fields["reason"] == reason
    assert form.fields["difference"] == "8000"
    assert "300" in form.text_content()
    assert Registration.objects.get().ticket.slug == "guest"
