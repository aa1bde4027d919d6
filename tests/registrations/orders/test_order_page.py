"""The page behind an order's link: what is paid, what is left to pay, and the next step."""

import datetime
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from convention.events.models import Event
from convention.text.dates import format_deadline
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.booking.verification import select_links_after_payment
from registrations.changes.cancel import cancel_registration
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import complete_refund, fail_refund, request_refund
from registrations.invoices.models import Refund
from registrations.models import Order, Registration, Sponsorship
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.payments.cards.settlement import record_order_payment
from registrations.payments.payment_problems import list_overpaid_card_receivables, list_unplaced_orders
from registrations.periodic_jobs import release_expired_holds
from registrations.permissions import get_order_by_link
from tests.factories import make_addon, make_member, make_order, make_registration, make_staff, make_ticket
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.factories import expire_holds, order_by_card
from tests.registrations.sponsors.factories import make_package, make_sponsorship

pytestmark = pytest.mark.django_db


def read_facts(answer) -> dict[str, str]:
    """Return the page's facts, label by label."""
    page = html.fromstring(answer.content)
    return {
        row.findtext("dt"): " ".join(" ".join(row.find("dd").itertext()).split())
        for row in page.xpath("//main//dl[contains(@class, 'facts')]/div")
    }


def make_invoice_order(event: Event, **fields):
    order = make_order(event, payment="invoice", total=15_500, email="z@example.org", language="en", **fields)
    make_registration(event.tickets.get(), order=order, price=15_500)
    return order


def test_unpaid_order_shows_amount_due_and_how_to_transfer_it(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)

    facts = read_facts(client.get(order.manage_path))

    assert facts["Amount due"].startswith("€155 ")
    assert facts["Transfer reference"].endswith("Pay by bank transfer")


def test_part_paid_order_shows_total_and_what_is_left_to_transfer(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)
    record_payment(receivable=sync_receivable(order), amount=10_000, method="transfer")

    facts = read_facts(client.get(order.manage_path))

    assert "Amount due" not in facts
    assert facts["Total"].endswith("Paid: €100 Still to pay: €55")
    assert facts["Transfer reference"].endswith("Pay by bank transfer")


def test_paid_order_invites_no_payment(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)
    record_payment(receivable=sync_receivable(order), amount=15_500, method="cash")

    facts = read_facts(client.get(order.manage_path))

    assert facts["Total"] == "€155, paid incl. €25.83 VAT (20%)"
    assert "Amount due" not in facts
    assert "Transfer reference" not in facts


def test_order_page_tells_what_was_paid_and_refunded(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)
    ticket = event.tickets.get()
    cancelled = make_registration(ticket, order=order, price=9_000)
    Order.objects.filter(pk=order.pk).update(total=24_500)
    order.refresh_from_db()
    record_payment(receivable=sync_receivable(order), amount=24_500, method="transfer")
    cancel_registration(registration=cancelled)

    requested = read_facts(client.get(order.manage_path))["Total"]
    complete_refund(refund=Refund.objects.get(), refunded_on=datetime.date(2026, 5, 4))
    completed = read_facts(client.get(order.manage_path))["Total"]

    assert requested.endswith("Paid: €245 Refund requested · €90")
    assert completed.endswith("Paid: €245 Refunded on 4 May 2026 · €90")


@pytest.fixture
def order_of_three(event: Event):
    """Return an order of three places at 100 euros, paid by one transfer."""
    make_issuer()
    order = make_order(event, payment="invoice", total=30_000, email="z@example.org", language="en")
    for _number in range(3):
        make_registration(event.tickets.get(), order=order, price=10_000)
    record_payment(receivable=sync_receivable(order), amount=30_000, method="transfer")
    return order


def test_order_page_shows_failed_refund_beside_that_of_another_place(client, order_of_three):
    first, second = order_of_three.registrations.order_by("pk")[:2]
    cancel_registration(registration=first)
    fail_refund(refund=Refund.objects.get(), reason="compte fermé")
    cancel_registration(registration=second)

    answer = client.get(order_of_three.manage_path)

    total = read_facts(answer)["Total"]
    assert "Refund failed · €100" in total
    assert "Refund requested · €100" in total
    assert "Total refund" not in answer.text


def test_order_page_hides_failed_refund_that_was_requested_again(client, order_of_three):
    first = order_of_three.registrations.order_by("pk").first()
    cancel_registration(registration=first)
    failed = Refund.objects.get()
    fail_refund(refund=failed, reason="compte fermé")
    request_refund(payment=failed.payment, amount=10_000, reason="Nouvel IBAN")

    total = read_facts(client.get(order_of_three.manage_path))["Total"]

    assert "Refund failed" not in total
    assert "Refund requested · €100" in total


@pytest.fixture
def member_order(event: Event, settings, run_tasks):
    """Return an order by card, by an anonymous member, of a free place with a dinner at €65."""
    settings.CARD_PAYMENT = True
    make_ticket(event, slug="member", audience="member")
    make_addon(event, price=6_500)
    make_member(email="zoe@example.org")
    place = RequestedPlace(
        ticket="member", first_name="Zoe", last_name="Müller", email="zoe@example.org", addons=("dinner",)
    )
    request = OrderRequest(email="zoe@example.org", places=(place,), payment="card", language="en")
    order = place_order(event=event, request=request)
    run_tasks()
    return order


def read_main_text(answer) -> str:
    [main] = html.fromstring(answer.content).xpath("//main")
    return " ".join(" ".join(main.itertext()).split())


def test_members_link_is_mailed_once_the_order_is_paid(client, member_order, run_tasks, mailoutbox):
    before = read_main_text(client.get(member_order.manage_path))
    mails_before_payment = len(mailoutbox)

    record_demo_payment(order=member_order)
    run_tasks()

    after = read_main_text(client.get(member_order.manage_path))
    [mail] = mailoutbox
    held_until = re.search(r"is held until (.+?)\.$", mail.body, re.DOTALL | re.MULTILINE).group(1)
    assert mails_before_payment == 0
    assert "Pay €65" in before
    assert "Once the order is paid, we will e-mail zoe@example.org a link" in before
    assert after.startswith("The Convention One more step: check your inbox")
    assert "Pay €" not in after
    hold_expires_at = member_order.registrations.get().hold_expires_at
    assert str(timezone.localtime(hold_expires_at).year) in held_until
    assert f"We are holding Zoe Müller’s place until {' '.join(held_until.split())}." in after
    assert "You have paid €65 for this place and its add-ons." in mail.body
    assert member_order.manage_url in mail.body
    assert "you can ignore this e-mail" not in mail.body


def test_payment_is_looked_up_once_for_all_members_places(member_order, django_assert_num_queries):
    [place] = get_order_by_link(member_order.reference, member_order.manage_secret).registrations
    with CaptureQueriesContext(connection) as queries_for_one:
        select_links_after_payment(place.order, [place])

    with django_assert_num_queries(len(queries_for_one)):
        selected = select_links_after_payment(place.order, [place] * 3)

    assert selected == [place] * 3


def test_cancelled_place_of_unpaid_order_announces_no_link(client, member_order):
    [place] = member_order.registrations.all()
    make_registration(place.ticket, order=member_order, confirmed_at=None, price=12_000)
    Registration.objects.filter(pk=place.pk).update(cancelled_at=timezone.now())

    text = read_main_text(client.get(member_order.manage_path))

    assert "we will e-mail zoe@example.org a link" not in text


def test_organizer_reads_that_members_link_follows_the_payment(client, member_order, run_tasks, mailoutbox):
    registration = member_order.registrations.get()
    client.force_login(make_staff(member_order.event))
    path = reverse("organize-registration-resend", args=[member_order.event.slug, registration.reference])

    answer = client.post(path, follow=True)
    run_tasks()

    assert "Zoe Müller recevra le lien qui confirme la place une fois la commande payée" in answer.text
    assert "Nous envoyons" not in answer.text
    assert mailoutbox == []


def test_page_behind_members_link_says_what_was_paid(client, member_order, run_tasks, mailoutbox):
    record_demo_payment(order=member_order)
    run_tasks()
    [mail] = mailoutbox
    link = re.search(r"https?://[^/]+(/\S*/orders/confirm/\S+)", mail.body).group(1)

    page = read_main_text(client.get(link))

    assert "You have paid €65 for this place and its add-ons." in page
    assert "If you neither confirm nor cancel, we will refund it automatically, by" in page
    assert "nothing will be invoiced" not in page


def test_non_member_reads_what_was_paid_and_how_it_is_refunded(member_order, run_tasks, mailoutbox):
    Registration.objects.update(email="guest@example.org")
    Order.objects.update(email="guest@example.org")

    record_demo_payment(order=Order.objects.get())
    run_tasks()

    [mail] = mailoutbox
    body = " ".join(mail.body.split())
    assert mail.subject == "Place not confirmed: The Convention"
    assert "You have paid €65 for this place and its add-ons." in body
    assert "we will refund €65 automatically, by" in body
    assert "You can then register with another ticket." in body
    assert member_order.manage_url in body
    assert "Register with the e-mail address the club has for you" not in body


def test_link_of_verified_buyer_is_permanent_while_a_colleague_still_has_to_confirm(client, event: Event):
    until = timezone.now() + datetime.timedelta(hours=1)
    member_ticket = make_ticket(event, slug="member", audience="member")
    order = make_order(
        event, email="buyer@example.org", language="en", needs_verification=True, verified_at=timezone.now()
    )
    make_registration(event.tickets.get(slug="guest"), order=order, email="buyer@example.org")
    make_registration(
        member_ticket, order=order, email="zoe@example.org", confirmed_at=None, hold_expires_at=until
    )

    text = read_main_text(client.get(order.manage_path))

    assert "This page works until you confirm." not in text
    assert "Bookmark this page." in text


def test_refunds_of_two_payments_are_summed_up(client, event: Event):
    order = make_invoice_order(event)
    with transaction.atomic():
        for cents in (12_000, 3_500):
            record_payment(
                receivable=sync_receivable(order),
                amount=cents,
                method="transfer",
                received_on=timezone.localdate(),
            )
    [registration] = order.registrations.all()
    cancel_path = f"{order.manage_path}{registration.reference}/cancel/"

    preview = read_main_text(client.get(cancel_path))
    client.post(cancel_path)

    text = read_main_text(client.get(order.manage_path))
    sentence = "The treasurer will refund €155 by bank transfer"
    assert sentence in preview
    assert text.count(sentence) == 1
    assert Refund.objects.count() == 2


@pytest.mark.parametrize("is_held", [True, False])
@pytest.mark.parametrize("address", ["zoe@example.org", "nobody@example.org"])
def test_page_says_how_a_paid_place_without_a_member_is_refunded(client, member_order, is_held, address):
    """The page must not reveal whether the address is a member's."""
    Registration.objects.update(email=address)
    record_demo_payment(order=member_order)
    if not is_held:
        expire_holds(member_order)

    text = read_main_text(client.get(member_order.manage_path))

    assert "If the membership is not confirmed, we will refund €65 automatically, by" in text


@pytest.mark.parametrize("is_held", [True, False])
def test_paid_place_that_member_cancels_unconfirmed_is_refunded_in_full(client, member_order, is_held):
    record_demo_payment(order=member_order)
    if not is_held:
        expire_holds(member_order)
    [registration] = member_order.registrations.all()
    cancel_path = f"{member_order.manage_path}{registration.reference}/cancel/"

    page = client.get(member_order.manage_path)
    client.post(cancel_path)

    assert cancel_path in page.content.decode()
    assert Refund.objects.get().amount == 6_500


def test_link_is_mailed_when_payment_arrives_after_the_hold(member_order, run_tasks, mailoutbox):
    Registration.objects.update(hold_expires_at=None)

    with transaction.atomic():
        record_order_payment(order=member_order, amount=6_500, method="transfer")
    run_tasks()

    [mail] = mailoutbox
    assert "It is not held for you, so confirm it soon." in " ".join(mail.body.split())


def test_payment_after_last_place_was_taken_is_announced_as_refund(client, event: Event, settings):
    settings.CARD_PAYMENT = True
    event.tickets.update(capacity=1)
    order = order_by_card(event)
    Order.objects.update(language="en")
    expire_holds(order)
    order_by_card(event)

    with transaction.atomic():
        record_order_payment(order=order, amount=12_000, method="transfer")

    text = read_main_text(client.get(Order.objects.get(pk=order.pk).manage_path))
    assert "no places were left. We will refund the amount" in text
    assert "Pay " not in text


def test_payment_after_last_package_was_taken_is_announced_as_refund(client, event: Event, settings):
    settings.CARD_PAYMENT = True
    package = make_package(event, capacity=1)
    late = make_sponsorship(package, has_logo=False, payment="card", language="en")
    Sponsorship.objects.update(hold_expires_at=timezone.now())
    release_expired_holds()
    make_sponsorship(package, has_logo=False)

    with transaction.atomic():
        record_order_payment(order=late.order, amount=120_000, method="transfer")

    assert list_unplaced_orders().get() == late.order
    assert "We will refund the amount" in read_main_text(client.get(late.order.manage_path))


def test_transfer_for_an_unverified_order_without_places_left_is_announced_as_refund(client, event: Event):
    """The buyer has not opened the mailed link, but has paid."""
    order = make_order(
        event, payment="invoice", total=12_000, email="z@example.org", language="en", needs_verification=True
    )
    make_registration(event.tickets.get(), order=order, price=12_000, confirmed_at=None)
    event.tickets.update(capacity=0)

    with transaction.atomic():
        record_order_payment(order=order, amount=12_000, method="transfer")

    text = read_main_text(client.get(order.manage_path))
    assert list_unplaced_orders().get() == order
    assert "We will refund the amount" in text
    assert "still works while places are left" not in text


def test_unverified_members_place_that_was_paid_twice_counts_as_overpaid(client, member_order):
    record_demo_payment(order=member_order)
    with transaction.atomic():
        record_order_payment(order=member_order, amount=6_500, method="transfer")
    expire_holds(member_order)
    release_expired_holds()

    text = read_main_text(client.get(member_order.manage_path))

    assert "the link sent there still works while places are left." in text
    assert "We will refund the amount" not in text
    assert not list_unplaced_orders()
    assert [row.amount_overpaid for row in list_overpaid_card_receivables()] == [6_500]


def test_page_names_only_the_attendee_whose_badge_is_sent_again(client, event: Event):
    order = make_order(event, email="contact@example.org", language="en")
    luc, _zoe = (
        make_registration(event.tickets.get(), order=order, first_name=name, last_name="Roi")
        for name in ("Luc", "Zoé")
    )
    Registration.objects.filter(pk=luc.pk).update(confirmation_sent_at=timezone.now())

    text = read_main_text(client.get(order.manage_path))

    assert "The badge of Zoé Roi is on its way to contact@example.org." in text


def test_page_of_past_event_does_not_speak_of_changes(client, event: Event):
    order = make_order(event, email="z@example.org", language="en")
    make_registration(event.tickets.get(), order=order)
    past = timezone.now() - datetime.timedelta(days=1)
    Event.objects.update(starts_at=past - datetime.timedelta(hours=2), ends_at=past)

    text = read_main_text(client.get(order.manage_path))

    assert "Anyone with the link can view this registration." in text
    assert "change or cancel" not in text


def test_unpaid_order_by_card_says_until_when_it_is_held(client, event: Event, settings):
    settings.CARD_PAYMENT = True
    order = order_by_card(event)
    Order.objects.update(language="en")
    [registration] = order.registrations.all()

    text = read_main_text(client.get(Order.objects.get().manage_path))

    with translation.override("en"):
        held_until = " ".join(format_deadline(registration.hold_expires_at, event.zone).split())
    assert "payment pending" in text
    assert "awaiting confirmation" not in text
    assert f"We hold your place until {held_until};" in text


@pytest.fixture(params=["package", "private place"])
def order_of_package(request, event: Event, settings):
    """Return an unpaid order by card of a package with two places, one of its holds, and their common end."""
    settings.CARD_PAYMENT = True
    package = make_package(event, event.tickets.get())
    sponsorship = make_sponsorship(package, has_logo=False, payment="card", language="en")
    order, hold_ends_at = sponsorship.order, sponsorship.hold_expires_at
    if request.param == "package":
        return order, Sponsorship.objects.filter(order=order), hold_ends_at
    order.registrations.filter(pk=order.registrations.latest("pk").pk).update(is_private=True)
    return order, order.registrations.filter(is_private=True), hold_ends_at


def test_unpaid_order_is_held_until_its_first_hold_ends_as_on_the_page_to_pay(
    client, event: Event, order_of_package
):
    order, one_hold, hold_ends_at = order_of_package
    first_end = hold_ends_at - datetime.timedelta(minutes=9)
    one_hold.update(hold_expires_at=first_end)

    order_text = read_main_text(client.get(order.manage_path))
    payment_text = read_main_text(client.get(f"{order.manage_path}pay/"))

    with translation.override("en"):
        held_until = " ".join(format_deadline(first_end, event.zone).split())
    assert re.search(rf"We hold your places? until {held_until};", order_text)
    assert f"The package is held until {held_until}." in payment_text


def test_unpaid_order_promises_no_hold_once_one_of_its_holds_has_expired(client, order_of_package):
    order, one_hold, _hold_ends_at = order_of_package
    one_hold.update(hold_expires_at=timezone.now())

    text = read_main_text(client.get(order.manage_path))

    assert "Your hold has expired" in text
    assert "We hold" not in text


def test_page_announces_the_badges_of_several_attendees(client, event: Event):
    order = make_order(event, email="contact@example.org", language="en")
    for name in ("Luc", "Zoé"):
        make_registration(event.tickets.get(), order=order, first_name=name)
    Registration.objects.update(confirmation_sent_at=timezone.now())

    text = read_main_text(client.get(order.manage_path))

    assert "We have e-mailed the confirmation to contact@example.org, with the badges and" in text
