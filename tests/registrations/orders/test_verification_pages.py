"""An order to be confirmed: its page, its e-mail and the link, and what organizers, desk and treasurer do."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.check_in import check_in_registration
from convention.club.models import ClubRole
from convention.events.models import Event
from registrations.billing.receivables import bill_unbilled_orders
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
from tests.factories import make_event, make_member, make_person, make_staff, make_ticket
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.statements import camt
from tests.registrations.sponsors.factories import make_package, sponsor_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
STEP = "One more step: check your inbox"


@pytest.fixture
def event() -> Event:
    event = make_event(slug="congress", name="La Convention")
    make_ticket(event, price=12_000, capacity=9)
    return event


def ordered(event: Event, *emails: str, language: str = "en", **fields) -> Order:
    places = tuple(
        RequestedPlace(ticket="guest", first_name="Zoé", last_name=f"Müller {n}", email=email)
        for n, email in enumerate(emails or ("zoe@example.org",))
    )
    request = OrderRequest(email="zoe@example.org", places=places, language=language, **fields)
    return place_order(event=event, request=request, context=OrderContext())


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def link_of(order: Order) -> str:
    return f"/en/orders/confirm/{make_verification_token(order, order.email)}/"


def states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


# --- the order's page -----------------------------------------------------------------------------------


def test_the_last_screen_says_to_look_into_the_inbox(event: Event, client: Client):
    order = ordered(event)
    page = words(client.get(order.manage_path))
    assert STEP in page
    assert "We have sent an e-mail to zoe@example.org ; click the link in it to confirm." in page
    assert "We hold your place until" in page


def test_before_it_is_confirmed_nothing_is_to_pay_and_there_is_no_badge(event: Event, client: Client):
    make_issuer()
    order = ordered(event)
    one = order.registrations.get()
    page = words(client.get(order.manage_path))
    assert [text for text in ("Transfer reference", "Pro forma invoice", "Badge (PDF)") if text in page] == []
    own = [order.reference, order.manage_secret]
    assert client.get(reverse("order-pro-forma", args=own)).status_code == 404
    assert client.get(reverse("order-transfer", args=own))["Location"].endswith(order.manage_path[3:])
    assert client.get(reverse("order-badge", args=[*own, one.reference])).status_code in (404, 409)
    assert Receivable.objects.count() == 0
    order = open_link(order)
    page = words(client.get(order.manage_path))
    assert [text in page for text in ("Transfer reference", "Pro forma invoice", "Badge (PDF)")] == [True] * 3


def test_where_nothing_could_be_held_the_page_says_so(event: Event, client: Client):
    order = ordered(event)
    order.registrations.update(is_reserved=False)
    assert "nothing is held for you: confirm soon" in words(client.get(order.manage_path))


def test_after_a_day_the_page_says_that_the_link_still_works(event: Event, client: Client):
    order = ordered(event)
    order.registrations.update(hold_expires_at=timezone.now())
    page = words(client.get(order.manage_path))
    assert "The order was not confirmed in time" in page
    assert "still works while places are left" in page


def test_a_colleague_reads_that_the_buyer_must_confirm(event: Event, client: Client):
    order = ordered(event, "bob@example.org")
    own = order.build_path_with(make_own_secret(order.registrations.get()))
    page = words(client.get(own))
    assert "The person who placed the order still has to confirm it" in page
    assert "zoe@example.org" not in page
    answer = client.post(f"{own}confirm/", {"email": "eve@example.org"})
    assert answer.status_code == 404
    assert Order.objects.get().email == "zoe@example.org"


def test_the_e_mail_is_sent_again_also_to_a_corrected_address(
    event: Event, client: Client, run_tasks, mailoutbox
):
    order = ordered(event)
    run_tasks()
    answer = client.post(f"{order.manage_path}confirm/", {"email": "zoe@exemple.org"}, follow=True)
    assert "We are sending the e-mail to zoe@exemple.org." in words(answer)
    run_tasks()
    assert [mail.to for mail in mailoutbox] == [["zoe@example.org"], ["zoe@exemple.org"]]
    old = client.get(f"/en/orders/confirm/{make_verification_token(order, 'zoe@example.org')}/")
    assert old.status_code == 404
    order.refresh_from_db()
    wrong = client.post(f"{order.manage_path}confirm/", {"email": "nobody"}, follow=True)
    assert "is not an e-mail address" in words(wrong)


def test_the_e_mail_is_not_sent_again_for_ever(event: Event, client: Client, settings):
    order = ordered(event)
    settings.RATE_LIMITS = "on"
    answers = [client.post(f"{order.manage_path}confirm/", {"email": order.email}) for _again in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]


# --- the link -------------------------------------------------------------------------------------------


def test_opening_the_link_confirms_nothing_until_the_button_is_pressed(event: Event, client: Client):
    order = ordered(event, "zoe@example.org", "bob@example.org")
    link = link_of(order)
    page = words(client.get(link))
    assert ("Confirm your order" in page, "Müller 1, bob@example.org" in page, "€240" in page) == (True,) * 3
    assert client.head(link).status_code == 405
    assert states(order) == ["pending", "pending"]
    answer = client.post(link)
    assert client.get(order.manage_path).status_code == 404  # whoever sent the order may be a stranger
    order.refresh_from_db()
    assert answer["Location"] == order.manage_path
    assert states(order) == ["confirmed", "confirmed"]
    assert "This is already confirmed" in words(client.get(link))
    assert client.post(link)["Location"] == "/en/events/congress/"


def test_a_link_that_is_forged_or_of_another_address_opens_nothing(event: Event, client: Client):
    order = ordered(event)
    for token in ("x", make_verification_token(order, "eve@example.org"), make_verification_token(order, "")):
        assert client.get(f"/orders/confirm/{token}/").status_code == 404
        assert client.post(f"/orders/confirm/{token}/").status_code == 404
    assert states(order) == ["pending"]


def test_a_late_link_says_that_no_place_is_left(event: Event, client: Client):
    order = ordered(event)
    order.registrations.update(hold_expires_at=None)
    Ticket.objects.update(reserved=9)
    assert "you can still confirm while places are left" in words(client.get(link_of(order)))
    answer = client.post(link_of(order))
    assert answer.status_code == 409
    assert "No places are left" in words(answer)


# --- the e-mails ----------------------------------------------------------------------------------------


def test_the_link_comes_first_and_the_badge_once_it_was_opened(event: Event, client, run_tasks, mailoutbox):
    order = ordered(event, "zoe@example.org", "bob@example.org")
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


def test_one_link_is_sent_to_a_member_who_orders_with_their_own_address(event: Event, run_tasks, mailoutbox):
    make_ticket(event, slug="member", audience="member", price=20_000)
    make_member(email="zoe@example.org")
    place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    request = OrderRequest(email="zoe@example.org", places=(place,), language="en")
    open_link(order := place_order(event=event, request=request))
    order.registrations.update(confirmed_at=None, person=None, hold_expires_at=timezone.now())
    Order.objects.update(verified_at=None)
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"]


def test_a_colleague_who_is_a_member_gets_a_link_of_their_own(event: Event, run_tasks, mailoutbox):
    make_ticket(event, slug="member", audience="member", price=20_000)
    make_member(email="bob@example.org")
    place = RequestedPlace(ticket="member", first_name="Bob", last_name="Müller", email="bob@example.org")
    place_order(event=event, request=OrderRequest(email="zoe@example.org", places=(place,), language="en"))
    run_tasks()
    assert sorted((mail.to[0], mail.subject) for mail in mailoutbox) == [
        ("bob@example.org", "Confirm your place: La Convention"),
        ("zoe@example.org", "Confirm your order: La Convention"),
    ]


def test_an_organizer_sends_the_link_again(event: Event, run_tasks, mailoutbox):
    order = ordered(event)
    run_tasks()
    run_tasks()
    assert len(mailoutbox) == 1
    resend_mail(registration=order.registrations.get())
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"] * 2


# --- organizers, the desk, the door ---------------------------------------------------------------------


def test_an_organizer_confirms_the_order_on_the_registrations_page(event: Event, client: Client):
    order = ordered(event)
    client.force_login(make_staff(event))
    path = f"/en/organize/congress/registrations/{order.registrations.get().reference}/"
    assert "The buyer has not confirmed this order yet" in words(client.get(path))
    answer = client.post(f"{path}confirm/", {"reason": "Called"}, follow=True)
    assert f"Order {order.reference} is confirmed." in words(answer)
    assert "confirmed by an organizer" in words(answer).lower()
    assert "The buyer has not confirmed" not in words(answer)
    assert states(order) == ["confirmed"]


def test_the_desk_confirms_whoever_stands_there(event: Event, client: Client):
    order = ordered(event)
    client.force_login(make_staff(event, "desk"))
    found = words(client.get("/en/desk/congress/?q=muller"))
    assert "Confirm the order" in found
    answer = client.post(
        f"/en/desk/congress/guests/{order.registrations.get().reference}/confirm/", follow=True
    )
    assert "Print the badge" in words(answer)
    assert states(order) == ["confirmed"]


def test_strangers_confirm_nothing_by_hand(event: Event, client: Client):
    one = ordered(event).registrations.get()
    client.force_login(make_person())
    for path in ("organize/congress/registrations", "desk/congress/guests"):
        assert client.post(f"/{path}/{one.reference}/confirm/").status_code == 403
    assert Registration.objects.get().state == "pending"


def test_at_the_door_it_is_not_confirmed_and_never_called_unpaid(event: Event):
    door = Checkpoint.objects.create(event=event, name="Entrée", kind="entrance")
    on_invoice, by_card = ordered(event), ordered(event, payment="card")
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


def test_nothing_is_owed_before_it_is_confirmed(event: Event, client: Client):
    order = ordered(event)
    treasurer = make_person()
    ClubRole.objects.create(person=treasurer, role=ClubRole.Role.TREASURER, starts_on="2020-01-01")
    client.force_login(treasurer)
    bill_unbilled_orders()
    assert client.get(reverse("receivable", args=[order.reference])).status_code == 404
    assert (Receivable.objects.count(), states(order)) == (0, ["pending"])
    open_link(order)
    bill_unbilled_orders()
    assert Receivable.objects.get().reference == order.reference


def test_by_its_invoice_the_organizer_vouches_for_an_order(event: Event, tmp_path, capsys):
    make_issuer()
    order, file = ordered(event), tmp_path / "invoice.pdf"
    call_command("invoice", order.reference, "--output", str(file))
    assert (states(order), Invoice.objects.get().total) == (["confirmed"], 12_000)
    assert file.read_bytes()[:5] == b"%PDF-"
    lapsed = ordered(event)
    lapsed.registrations.update(hold_expires_at=None)
    Ticket.objects.update(reserved=9)
    with pytest.raises(SystemExit) as left:
        call_command("invoice", lapsed.reference, "--output", str(file))
    assert (left.value.code, states(lapsed), Invoice.objects.count()) == (2, ["expired"], 1)


def test_a_transfer_that_pays_all_confirms_without_the_link(event: Event):
    make_issuer()
    order = ordered(event)
    line = (12_000, "Acme", "Virement", order.creditor_reference)
    import_statement(file=read_statement("x.xml", camt(line)))
    order.refresh_from_db()
    assert states(order) == ["confirmed"]
    assert not order.awaits_verification


# --- sponsors -------------------------------------------------------------------------------------------


def test_a_package_on_invoice_is_held_until_its_link_is_opened(event: Event, run_tasks, mailoutbox):
    package = make_package(event, event.tickets.get(), capacity=1)
    one = take_package(package=package, sponsor_request=sponsor_of(language="en"), idempotency_key="a")
    run_tasks()
    package.refresh_from_db()
    assert (one.state, states(one.order), package.reserved) == ("pending", ["pending", "pending"], 1)
    assert Receivable.objects.count() == 0
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"]
    assert "Gold" in mailoutbox[0].body
    assert one.order.manage_secret not in mailoutbox[0].body
    open_link(one.order)
    run_tasks()
    one.refresh_from_db()
    assert (one.state, states(one.order)) == ("confirmed", ["confirmed", "confirmed"])
    assert Receivable.objects.get().reference == one.order.reference
    assert "Thank you for your support: La Convention" in [mail.subject for mail in mailoutbox]


def test_a_package_without_places_is_confirmed_by_its_link_and_owed(event: Event, run_tasks, mailoutbox):
    one = take_package(
        package=make_package(event, capacity=1),
        sponsor_request=sponsor_of(language="en"),
        idempotency_key="a",
    )
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: La Convention"]
    open_link(one.order)
    one.refresh_from_db()
    assert (one.state, Receivable.objects.count()) == ("confirmed", 1)


def test_the_sponsors_page_says_to_look_into_the_inbox(event: Event, client: Client):
    one = take_package(
        package=make_package(event), sponsor_request=sponsor_of(language="en"), idempotency_key="a"
    )
    path = reverse("order-sponsor", args=[one.order.reference, one.order.manage_secret])
    page = words(client.get(f"/en{path}"))
    assert STEP in page
    assert "Pay by bank transfer" not in page


def test_the_page_reveals_no_member(event: Event, client: Client):
    make_ticket(event, slug="member", audience="member", price=20_000)
    make_member(email="member@example.org")
    pages = []
    for address in ("member@example.org", "nobody@example.org"):
        place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email=address)
        order = place_order(event=event, request=OrderRequest(email=address, places=(place,), language="en"))
        page = words(client.get(order.manage_path))
        pages.append(
            page.replace(address, "X").replace(order.reference, "R").replace(order.manage_secret, "S")
        )
    assert pages[0] == pages[1]


def test_a_stranger_who_orders_a_members_place_is_written_the_truth(event: Event, run_tasks, mailoutbox):
    make_ticket(event, slug="member", audience="member", price=20_000)
    place = RequestedPlace(ticket="member", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    place_order(event=event, request=OrderRequest(email="zoe@example.org", places=(place,), language="en"))
    run_tasks()
    assert [mail.subject for mail in mailoutbox] == ["Place not confirmed: La Convention"]
