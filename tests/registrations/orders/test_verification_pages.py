"""Orders to be confirmed: page, e-mail, verification link, and actions of organizers, desk and treasurer."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from convention.club.models import ClubRole
from convention.events.models import Event
from registrations.billing.unbilled import bill_unbilled_orders
from registrations.booking.place_order import place_order
from registrations.booking.verification import make_verification_token
from registrations.changes.resend import resend_mail
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.models import Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_files import read_statement
from registrations.permissions import make_own_secret
from registrations.sponsors.sponsorships import take_package
from tests.buyer_verification import open_link
from tests.factories import make_addon, make_event, make_member, make_person, make_staff, make_ticket
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.statements import camt
from tests.registrations.sponsors.factories import make_package, make_sponsor_request

pytestmark = [pytest.mark.django_db, pytest.mark.once]
STEP = "One more step: check your inbox"


@pytest.fixture
def event() -> Event:
    event = make_event(slug="congress", name="La Convention")
    make_ticket(event, price=12_000, capacity=9)
    return event


def place_unverified_order(event: Event, *emails: str, language: str = "en", **fields) -> Order:
    places = tuple(
        RequestedPlace(ticket="guest", first_name="Zoé", last_name=f"Müller {n}", email=email)
        for n, email in enumerate(emails or ("zoe@example.org",))
    )
    request = OrderRequest(email="zoe@example.org", places=places, language=language, **fields)
    return place_order(event=event, request=request, context=OrderContext())


def read_words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def make_link_path(order: Order) -> str:
    return f"/en/orders/confirm/{make_verification_token(order, order.email)}/"


def list_states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


# --- the order's page -----------------------------------------------------------------------------------


def test_order_page_asks_to_confirm_by_email(event: Event, client: Client):
    order = place_unverified_order(event)
    page = read_words(client.get(order.manage_path))
    assert STEP in page
    assert "We have sent an e-mail to zoe@example.org ; click the link in it to confirm." in page
    assert "We hold your place until" in page


def test_unconfirmed_order_has_no_payment_details_and_no_badge(event: Event, client: Client):
    make_issuer()
    order = place_unverified_order(event)
    one = order.registrations.get()
    page = read_words(client.get(order.manage_path))
    assert [text for text in ("Transfer reference", "Pro forma invoice", "Badge (PDF)") if text in page] == []
    own = [order.reference, order.manage_secret]
    assert client.get(reverse("order-pro-forma", args=own)).status_code == 404
    assert client.get(reverse("order-transfer", args=own))["Location"].endswith(order.manage_path[3:])
    assert client.get(reverse("order-badge", args=[*own, one.reference])).status_code in (404, 409)
    assert Receivable.objects.count() == 0
    order = open_link(order)
    page = read_words(client.get(order.manage_path))
    assert [text in page for text in ("Transfer reference", "Pro forma invoice", "Badge (PDF)")] == [True] * 3


def test_page_says_if_no_place_is_held(event: Event, client: Client):
    order = place_unverified_order(event)
    order.registrations.update(is_reserved=False)
    assert "nothing is held for you: confirm soon" in read_words(client.get(order.manage_path))


def test_page_of_expired_order_says_link_still_works(event: Event, client: Client):
    order = place_unverified_order(event)
    order.registrations.update(hold_expires_at=timezone.now())
    page = read_words(client.get(order.manage_path))
    assert "The order was not confirmed in time" in page
    assert "still works while places are left" in page


def test_colleague_sees_that_buyer_must_confirm(event: Event, client: Client):
    order = place_unverified_order(event, "bob@example.org")
    own = order.build_path_with(make_own_secret(order.registrations.get()))
    page = read_words(client.get(own))
    assert "The person who placed the order still has to confirm it" in page
    assert "zoe@example.org" not in page
    answer = client.post(f"{own}confirm/", {"email": "eve@example.org"})
    assert answer.status_code == 404
    assert Order.objects.get().email == "zoe@example.org"


def test_verification_mail_is_sent_again_to_corrected_address(
    event: Event, client: Client, run_tasks, mailoutbox
):
    order = place_unverified_order(event)
    run_tasks()
    answer = client.post(f"{order.manage_path}confirm/", {"email": "zoe@exemple.org"}, follow=True)
    assert "We are sending the e-mail to zoe@exemple.org." in read_words(answer)
    run_tasks()
    assert [mail.to for mail in mailoutbox] == [["zoe@example.org"], ["zoe@exemple.org"]]
    old = client.get(f"/en/orders/confirm/{make_verification_token(order, 'zoe@example.org')}/")
    assert old.status_code == 404
    order.refresh_from_db()
    wrong = client.post(f"{order.manage_path}confirm/", {"email": "nobody"}, follow=True)
    assert "is not an e-mail address" in read_words(wrong)


def test_resending_verification_mail_is_rate_limited(event: Event, client: Client, settings):
    order = place_unverified_order(event)
    settings.RATE_LIMITS = "on"
    answers = [client.post(f"{order.manage_path}confirm/", {"email": order.email}) for _again in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]


# --- the link -------------------------------------------------------------------------------------------


def test_verification_link_confirms_only_on_post(event: Event, client: Client):
    order = place_unverified_order(event, "zoe@example.org", "bob@example.org")
    link = make_link_path(order)
    page = read_words(client.get(link))
    assert ("Confirm your order" in page, "Müller 1, bob@example.org" in page, "€240" in page) == (True,) * 3
    assert client.head(link).status_code == 200
    assert list_states(order) == ["pending", "pending"]
    answer = client.post(link)
    assert client.get(order.manage_path).status_code == 404  # a stranger may have sent the order
    order.refresh_from_db()
    assert answer["Location"] == order.manage_path
    assert list_states(order) == ["confirmed", "confirmed"]
    assert "This is already confirmed" in read_words(client.get(link))
    assert client.post(link)["Location"] == "/en/events/congress/"


def test_link_forged_or_for_another_address_is_not_found(event: Event, client: Client):
    order = place_unverified_order(event)
    for token in ("x", make_verification_token(order, "eve@example.org"), make_verification_token(order, "")):
        assert client.get(f"/orders/confirm/{token}/").status_code == 404
        assert client.post(f"/orders/confirm/{token}/").status_code == 404
    assert list_states(order) == ["pending"]


def test_expired_order_cannot_be_confirmed_when_sold_out(event: Event, client: Client):
    order = place_unverified_order(event)
    order.registrations.update(hold_expires_at=None)
    Ticket.objects.update(reserved=9)
    assert "you can still confirm while places are left" in read_words(client.get(make_link_path(order)))
    answer = client.post(make_link_path(order))
    assert answer.status_code == 409
    assert "No places are left" in read_words(answer)


# --- the e-mails ----------------------------------------------------------------------------------------


def test_mail_and_page_to_confirm_an_order_list_its_addons(
    event: Event, client: Client, run_tasks, mailoutbox
):
    make_addon(event)
    place = RequestedPlace(
        ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org", addons=("dinner",)
    )
    request = OrderRequest(email="zoe@example.org", places=(place,), language="en")
    order = place_order(event=event, request=request, context=OrderContext())
    run_tasks()

    page = read_words(client.get(make_link_path(order)))

    [mail] = mailoutbox
    assert "1 × Guest\n1 × Dinner\n" in mail.body
    assert "Guest · Dinner" in page


def test_badges_are_mailed_only_after_verification(event: Event, client, run_tasks, mailoutbox):
    order = place_unverified_order(event, "zoe@example.org", "bob@example.org")
    run_tasks()
    [mail] = mailoutbox
    assert (mail.to, mail.subject) == (["zoe@example.org"], "Confirm your order: La Convention")
    assert "2 × Guest" in mail.body
    assert "€240" in mail.body
    assert mail.attachments == []
    assert "Müller" not in mail.body
    assert order.manage_secret not in mail.body
    [token] = re.findall(r"/orders/confirm/([^/\s]+)/", mail.body)
    client.post(f"/en/orders/confirm/{token}/")
    run_tasks()
    assert [one.subject for one in mailoutbox[1:]] == ["Registrations confirmed (2 people): La Convention"]
    assert len(mailoutbox[1].attachments) == 3


def test_member_ordering_with_own_address_gets_one_link(event: Event, run_tasks, mailoutbox):
    make_ticket(event, slug="member", audience="member", price=20_000)
    make_member(email="zoe@example.org")
    place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    request = OrderRequest(email="zoe@example.org", places=(place,), language="en")
    order = place_order(event=event, request=request)
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"]
    open_link(order)
    assert list_states(order) == ["confirmed"]


def test_member_colleague_gets_separate_membership_link(event: Event, run_tasks, mailoutbox):
    make_ticket(event, slug="member", audience="member", price=20_000)
    make_member(email="bob@example.org")
    place = RequestedPlace(ticket="member", first_name="Bob", last_name="Müller", email="bob@example.org")
    place_order(event=event, request=OrderRequest(email="zoe@example.org", places=(place,), language="en"))
    run_tasks()
    assert sorted((mail.to[0], mail.subject) for mail in mailoutbox) == [
        ("bob@example.org", "Confirm your place: La Convention"),
        ("zoe@example.org", "Confirm your order: La Convention"),
    ]


def test_organizer_resends_verification_link(event: Event, run_tasks, mailoutbox):
    order = place_unverified_order(event)
    run_tasks()
    run_tasks()
    assert len(mailoutbox) == 1
    resend_mail(registration=order.registrations.get())
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"] * 2


# --- organizers, desk and checkpoint --------------------------------------------------------------------


def test_organizer_confirms_order_on_registration_page(event: Event, client: Client):
    order = place_unverified_order(event)
    client.force_login(make_staff(event))
    path = f"/en/organize/congress/registrations/{order.registrations.get().reference}/"
    assert "The buyer has not confirmed this order yet" in read_words(client.get(path))
    answer = client.post(f"{path}confirm/", {"reason": "Called"}, follow=True)
    assert f"Order {order.reference} is confirmed." in read_words(answer)
    assert "confirmed by an organizer" in read_words(answer).lower()
    assert "The buyer has not confirmed" not in read_words(answer)
    assert list_states(order) == ["confirmed"]


def test_desk_confirms_unverified_order(event: Event, client: Client):
    order = place_unverified_order(event)
    client.force_login(make_staff(event, "desk"))
    found = read_words(client.get("/en/desk/congress/?q=muller"))
    assert "Confirm the order" in found
    answer = client.post(
        f"/en/desk/congress/guests/{order.registrations.get().reference}/confirm/", follow=True
    )
    assert "Print the badge" in read_words(answer)
    assert list_states(order) == ["confirmed"]


def test_confirming_by_hand_needs_permission(event: Event, client: Client):
    one = place_unverified_order(event).registrations.get()
    client.force_login(make_person())
    for path in ("organize/congress/registrations", "desk/congress/guests"):
        assert client.post(f"/{path}/{one.reference}/confirm/").status_code == 403
    assert Registration.objects.get().state == "pending"


def test_scan_of_unverified_order_says_unconfirmed_not_unpaid(event: Event):
    door = Checkpoint.objects.create(event=event, name="Entrée", kind="entrance")
    on_invoice, by_card = place_unverified_order(event), place_unverified_order(event, payment="card")
    said = [
        (result.verdict, result.reason)
        for order in (on_invoice, by_card)
        for result in [
            check_in_registration(registration=order.registrations.get(), checkpoint=door, operator=None)
        ]
    ]
    assert said == [("action", "unconfirmed"), ("action", "unpaid")]
    open_link(on_invoice)
    result = check_in_registration(
        registration=on_invoice.registrations.get(), checkpoint=door, operator=None
    )
    assert (result.verdict, result.reason) == ("admitted", "")


# --- the treasurer --------------------------------------------------------------------------------------


def test_unconfirmed_order_is_not_billed(event: Event, client: Client):
    order = place_unverified_order(event)
    treasurer = make_person()
    ClubRole.objects.create(person=treasurer, role=ClubRole.Role.TREASURER, starts_on="2020-01-01")
    client.force_login(treasurer)
    bill_unbilled_orders()
    assert client.get(reverse("receivable", args=[order.reference])).status_code == 404
    assert (Receivable.objects.count(), list_states(order)) == (0, ["pending"])
    open_link(order)
    bill_unbilled_orders()
    assert Receivable.objects.get().reference == order.reference


def test_invoice_command_confirms_pending_order(event: Event, tmp_path, capsys):
    make_issuer()
    order, file = place_unverified_order(event), tmp_path / "invoice.pdf"
    call_command("invoice", order.reference, "--output", str(file))
    assert (list_states(order), Invoice.objects.get().total) == (["confirmed"], 12_000)
    assert file.read_bytes()[:5] == b"%PDF-"
    lapsed = place_unverified_order(event)
    lapsed.registrations.update(hold_expires_at=None)
    Ticket.objects.update(reserved=9)
    with pytest.raises(SystemExit) as left:
        call_command("invoice", lapsed.reference, "--output", str(file))
    assert (left.value.code, list_states(lapsed), Invoice.objects.count()) == (2, ["expired"], 1)


def test_full_bank_transfer_confirms_unverified_order(event: Event):
    make_issuer()
    order = place_unverified_order(event)
    line = (12_000, "Acme", "Virement", order.creditor_reference)
    import_statement(file=read_statement("x.xml", camt(line)))
    order.refresh_from_db()
    assert list_states(order) == ["confirmed"]
    assert not order.awaits_verification


# --- sponsors -------------------------------------------------------------------------------------------


def test_package_on_invoice_is_pending_until_link_is_opened(event: Event, run_tasks, mailoutbox):
    package = make_package(event, event.tickets.get(), capacity=1)
    one = take_package(
        package=package, sponsor_request=make_sponsor_request(language="en"), idempotency_key="a"
    )
    run_tasks()
    package.refresh_from_db()
    assert (one.state, list_states(one.order), package.reserved) == ("pending", ["pending", "pending"], 1)
    assert Receivable.objects.count() == 0
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"]
    assert "Package: Gold" in mailoutbox[0].body.splitlines()
    assert one.order.manage_secret not in mailoutbox[0].body
    open_link(one.order)
    run_tasks()
    one.refresh_from_db()
    assert (one.state, list_states(one.order)) == ("confirmed", ["confirmed", "confirmed"])
    assert Receivable.objects.get().reference == one.order.reference
    assert "Thank you for your support: La Convention" in [mail.subject for mail in mailoutbox]


def test_package_without_places_is_confirmed_and_billed_by_link(event: Event, run_tasks, mailoutbox):
    one = take_package(
        package=make_package(event, capacity=1),
        sponsor_request=make_sponsor_request(language="en"),
        idempotency_key="a",
    )
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"]
    open_link(one.order)
    one.refresh_from_db()
    assert (one.state, Receivable.objects.count()) == ("confirmed", 1)


def test_sponsor_page_asks_to_confirm_by_email(event: Event, client: Client):
    one = take_package(
        package=make_package(event), sponsor_request=make_sponsor_request(language="en"), idempotency_key="a"
    )
    path = reverse("order-sponsor", args=[one.order.reference, one.order.manage_secret])
    page = read_words(client.get(f"/en{path}"))
    assert STEP in page
    assert "Pay by bank transfer" not in page


def test_order_page_does_not_reveal_membership(event: Event, client: Client):
    make_ticket(event, slug="member", audience="member", price=20_000)
    make_member(email="member@example.org")
    pages = []
    for address in ("member@example.org", "nobody@example.org"):
        place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email=address)
        order = place_order(event=event, request=OrderRequest(email=address, places=(place,), language="en"))
        page = read_words(client.get(order.manage_path))
        pages.append(
            page.replace(address, "X").replace(order.reference, "R").replace(order.manage_secret, "S")
        )
    assert pages[0] == pages[1]


def test_non_member_is_mailed_that_member_ticket_is_not_confirmed(event: Event, run_tasks, mailoutbox):
    make_ticket(event, slug="member", audience="member", price=20_000)
    place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    place_order(event=event, request=OrderRequest(email="zoe@example.org", places=(place,), language="en"))
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Place not confirmed: La Convention"]
