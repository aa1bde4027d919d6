"""Mails to a server that refuses, delays, hangs and cuts: none is lost, a repeat has the same Message-ID."""

import contextlib
import email
import email.policy
import re
import socket
import threading
import time
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.confirmations.send import send_order_mails
from convention.club.models import ClubRole
from convention.club.seats import notify_seat_holder
from convention.db.leases import LeaseUnavailable, hold_lease
from convention.events.role_mails import notify_appointee
from convention.mail.messages import mask_addresses
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.links import queue_links_mail
from registrations.changes.resend import InvalidAddress, resend_mail
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models import InvoiceMail
from registrations.models import MailDelivery, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.orders import deliveries
from registrations.permissions import make_own_secret
from tests.factories import (
    make_administrator,
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
SMTP = "convention.mail.smtp_backend.EmailBackend"


class Moody:
    """A mail server: `answers` are given in turn to RCPT, then `data` to each DATA; then 250."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.data: list[str] = []
        self.ids: list[str] = []
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if self.answers and not self.answers[0].startswith("250"):
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        answer = self.data.pop(0) if self.data else "250 2.0.0 Ok: queued as 4XyZ"
        if answer == "cut":
            session.loop.call_soon(server.transport.abort)
            return "451 never heard"
        if answer.startswith("250"):
            self.ids.append(re.search(rb"(?im)^Message-ID: <(.+)@", envelope.content).group(1).decode())
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if answer == "250 unheard":
            server.transport.abort()
        return answer


@pytest.fixture
def mail_server(settings):
    """Run a server whose behaviour the test sets."""
    handler = Moody()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    settings.MAILERS = make_mailers(port)
    yield handler
    server.stop()


def make_mailers(port: int, timeout: float = 5) -> dict:
    return {"default": {"BACKEND": SMTP, "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": timeout}}}


def place_test_order(**fields):
    event = fields.pop("event", None) or make_event()
    if not event.tickets.exists():
        make_ticket(event)
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    return place_order(
        event=event, request=OrderRequest(**{"email": "zoe@example.org", "places": (place,), **fields})
    )


def pass_time() -> None:
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())


def list_deliveries() -> list[tuple[str, int, str]]:
    return list(MailDelivery.objects.order_by("pk").values_list("message_key", "attempts", "server_response"))


def test_server_response_is_stored(mail_server, run_tasks):
    order = place_test_order()
    run_tasks()
    delivery = MailDelivery.objects.get()
    assert (delivery.state, delivery.server_response) == ("accepted", "250 2.0.0 Ok: queued as 4XyZ")
    assert mail_server.ids == [f"confirmation-{order.reference}-1"]
    assert order.registrations.get().confirmation_sent_at is not None


@pytest.mark.parametrize("failing", ["451 4.7.1 Greylisted, try again later", "421 4.3.2 Shutting down"])
def test_temporary_failure_is_retried_with_same_message_id(mail_server, run_tasks, failing):
    mail_server.answers = [failing] * 2
    order = place_test_order()
    for _attempt in range(2):
        run_tasks(tolerate=True)
        assert order.registrations.get().confirmation_sent_at is None
        pass_time()
    run_tasks()
    assert list_deliveries() == [(f"confirmation-{order.reference}", 3, "250 2.0.0 Ok: queued as 4XyZ")]
    assert mail_server.ids == [f"confirmation-{order.reference}-1"]


def test_attendee_learns_of_cancellation_after_a_temporary_failure(mail_server, run_tasks):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "alpha@x.fr"))
    registration = Registration.objects.get()
    run_tasks()
    mail_server.mails.clear()

    mail_server.answers = ["451 4.7.1 Greylisted, try again later"]
    cancel_registration(registration=registration)
    run_tasks(tolerate=True)
    assert [mail["To"] for mail in mail_server.mails] == [desk.contact.email]
    pass_time()
    run_tasks()

    assert [mail["To"] for mail in mail_server.mails] == [desk.contact.email, "alpha@x.fr"]


def test_refused_mail_is_reported_and_resent_to_corrected_address(mail_server, run_tasks, client):
    mail_server.answers = ["550 5.1.1 <zoe@example.org>: Recipient address rejected"]
    order = place_test_order()
    registration = order.registrations.get()
    run_tasks()
    assert list_deliveries() == [
        (f"confirmation-{order.reference}", 1, "550 5.1.1 …: Recipient address rejected")
    ]
    assert DBTaskResult.objects.filter(status="READY").count() == 0
    client.force_login(make_staff(order.event))
    page = f"/en/organize/{order.event.slug}/registrations/"
    sentence = "1 e-mail was not delivered: correct the address and send it again."
    assert sentence in client.get("/en/organize/").content.decode()
    assert registration.reference in client.get(f"{page}?state=undelivered").content.decode()
    one = client.get(f"{page}{registration.reference}/").content.decode()
    assert "The mail server refused the e-mail" in one
    client.post(f"{page}{registration.reference}/resend/", {"email": "zoe@example.net"})
    run_tasks()
    assert [d.state for d in MailDelivery.objects.order_by("pk")] == ["refused", "accepted"]
    assert mail_server.ids == [f"confirmation-{order.reference}-2"]
    assert MailDelivery.objects.needing_attention().count() == 0
    assert sentence not in client.get("/en/organize/").content.decode()
    order.refresh_from_db()
    assert order.email == "zoe@example.net"


def test_refused_invoice_mail_is_shown_to_treasurer_and_can_be_sent_again(mail_server, run_tasks, client):
    mail_server.answers = ["550 5.1.1 no such user"]
    make_issuer()
    receivable = make_receivable()
    invoice = issue_invoice(receivable=receivable)
    treasurer = make_person()
    ClubRole.objects.create(person=treasurer, role=ClubRole.Role.TREASURER)
    client.force_login(treasurer)
    page = f"/en/organize/money/owed/{receivable.reference}/"
    send = reverse("invoice-send", args=[invoice.pk])

    client.post(send)
    run_tasks()
    refused = client.get(page).text
    client.post(send)
    run_tasks()
    sent = client.get(page).text

    assert "refused by the mail server" in refused
    mails = InvoiceMail.objects.order_by("pk")
    assert [(bool(mail.refused_at), bool(mail.sent_at)) for mail in mails] == [(True, False), (False, True)]
    assert len(mail_server.ids) == 1
    assert ">refused by the mail server<" not in sent


def test_correcting_registration_resends_refused_mail_to_new_address(mail_server, run_tasks):
    mail_server.answers = ["550 5.1.1 no such user"]
    order = place_test_order()
    run_tasks()
    wanted = Correction(
        first_name="Zoé", last_name="Müller", email="zoe@example.net", company="", no_photo=False
    )
    correct_registration(registration=order.registrations.get(), correction=wanted)
    run_tasks()
    order.refresh_from_db()
    assert (order.email, MailDelivery.objects.needing_attention().count(), len(mail_server.ids)) == (
        "zoe@example.net",
        0,
        1,
    )


def test_log_of_refused_mail_names_no_address(mail_server, run_tasks, caplog):
    mail_server.answers = ["550 5.1.1 <zoe@example.org>: Recipient address rejected"]
    order = place_test_order()
    run_tasks()
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail")]
    assert f"The mail server refused confirmation-{order.reference}-1." in ours
    assert [message for message in ours if "zoe@" in message] == []


def test_refused_mails_about_a_seat_and_an_event_role_are_logged(mail_server, caplog):
    seat = make_member().seats.get()
    role = make_staff(make_event()).event_roles.get()
    mail_server.answers = ["550 5.1.1 no such user"] * 2

    notify_seat_holder.func(seat.pk)
    notify_appointee.func(role.pk)

    keys = [f"seat-{seat.pk}", f"role-{role.pk}-{role.starts_on}-{role.ends_on}"]
    assert [text for text in caplog.messages if "refused" in text] == [
        f"The mail server refused {key}." for key in keys
    ]


def place_order_for_two():
    places = tuple(
        RequestedPlace(ticket="guest", first_name=name, last_name="M", email=f"{name}@example.org")
        for name in "ab"
    )
    return place_test_order(email="boss@example.org", places=places)


def test_colleague_with_corrected_address_gets_own_link_only(client, mailoutbox, run_tasks):
    order = place_order_for_two()
    run_tasks()
    mailoutbox.clear()
    client.force_login(make_staff(order.event))
    one = order.registrations.get(email="a@example.org")
    address = f"/en/organize/{order.event.slug}/registrations/{one.reference}/resend/"
    answer = client.post(address, {"email": "a@example.net"}, follow=True)
    assert "We are sending the e-mail to a@example.net." in answer.text
    run_tasks()
    order.refresh_from_db()
    one.refresh_from_db()
    assert (order.email, one.email) == ("boss@example.org", "a@example.net")
    mails = {message.to[0]: message.body for message in mailoutbox}
    assert make_own_secret(one) in mails["a@example.net"]
    assert order.manage_secret not in mails["a@example.net"]
    assert set(mails) == {"a@example.net", "boss@example.org"}


def test_buyer_with_corrected_address_gets_whole_order(client, mail_server, run_tasks):
    mail_server.answers = ["550 5.1.1 no such user"]
    order = place_order_for_two()
    run_tasks()
    client.force_login(make_staff(order.event))
    page = f"/en/organize/{order.event.slug}/registrations/{order.registrations.first().reference}/"
    assert "Send the whole order" in client.get(page).text
    client.post(f"{page}resend/", {"email": "boss@example.net", "order": "1"})
    run_tasks()
    order.refresh_from_db()
    assert (order.email, MailDelivery.objects.needing_attention().count()) == ("boss@example.net", 0)
    [mail] = mail_server.mails
    text = mail.get_body(("plain",)).get_content()
    assert mail["To"] == "boss@example.net"
    assert [name for name in ("a M", "b M", order.manage_secret) if name not in text] == []
    refused = client.post(f"{page}resend/", {"email": " ", "order": "1"}, follow=True)
    assert "Add an e-mail address first." in refused.text


def test_refused_mail_sent_again_to_same_address_is_about_whole_order(client, mail_server, run_tasks):
    mail_server.answers = ["550 5.1.1 no such user"]
    order = place_order_for_two()
    run_tasks()
    client.force_login(make_staff(order.event))
    one = order.registrations.first()
    client.post(f"/en/organize/{order.event.slug}/registrations/{one.reference}/resend/", {"email": ""})
    run_tasks()
    [mail] = mail_server.mails
    text = mail.get_body(("plain",)).get_content()
    assert [name for name in ("a M", "b M") if name not in text] == []


def test_resend_to_invalid_address_is_refused(mail_server):
    order = place_test_order()
    with pytest.raises(InvalidAddress):
        resend_mail(registration=order.registrations.get(), email="zoe")


def test_refused_content_is_final_but_cut_connection_is_retried(mail_server, run_tasks):
    mail_server.data = ["554 5.7.1 Looks like spam", "cut"]
    first = place_test_order()
    run_tasks(tolerate=True)
    second = place_test_order()
    run_tasks(tolerate=True)
    states = {d.order_id: d.state for d in MailDelivery.objects.all()}
    assert states == {first.pk: "refused", second.pk: "trying"}
    pass_time()
    run_tasks()
    assert mail_server.ids == [f"confirmation-{second.reference}-1"]


def test_mail_with_lost_acceptance_is_resent_with_same_message_id(mail_server, run_tasks):
    """The server accepts the mail and dies before its reply: the only possible repeat, with the same id."""
    mail_server.data = ["250 unheard"]
    order = place_test_order()
    run_tasks(tolerate=True)
    pass_time()
    run_tasks()
    assert mail_server.ids == [f"confirmation-{order.reference}-1"] * 2


@pytest.mark.once
def test_unresponsive_server_times_out(settings, run_tasks):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.MAILERS = make_mailers(silent.getsockname()[1], timeout=0.3)
        place_test_order()
        began = time.monotonic()
        run_tasks(tolerate=True)
    assert time.monotonic() - began < 10
    assert MailDelivery.objects.get().server_response == "SMTPServerDisconnected"
    assert DBTaskResult.objects.get().status == "READY"


@pytest.mark.once
def test_delivery_needs_attention_after_three_failed_attempts(settings, run_tasks):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.MAILERS = make_mailers(closed.getsockname()[1])
    place_test_order()
    for attempts in range(1, 4):
        assert MailDelivery.objects.needing_attention().count() == 0
        run_tasks(tolerate=True)
        pass_time()
        assert MailDelivery.objects.get().attempts == attempts
    assert MailDelivery.objects.needing_attention().count() == 1


def test_delayed_verification_mail_does_not_block_others(mail_server, run_tasks):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    mail_server.answers = ["450 4.2.1 Mailbox busy"]
    places = tuple(
        RequestedPlace(ticket="member", first_name=name, last_name="M", email=f"{name}@example.org")
        for name in "ab"
    )
    place_test_order(event=event, places=places)
    run_tasks(tolerate=True)
    assert len(mail_server.ids) == 1
    pass_time()
    run_tasks()
    assert len(set(mail_server.ids)) == 2
    assert Registration.objects.filter(member_verification_sent_at=None).count() == 0


def test_correction_during_sending_queues_another_mail(mail_server, run_tasks, monkeypatch):
    order = place_test_order()
    wanted = Correction(
        first_name="Zoe", last_name="Muller", email="zoe@example.org", company="", no_photo=False
    )
    real = deliveries.send_mail_message

    def send_and_correct(message):
        monkeypatch.setattr(deliveries, "send_mail_message", real)
        answer = real(message)
        correct_registration(registration=order.registrations.get(), correction=wanted)
        return answer

    monkeypatch.setattr(deliveries, "send_mail_message", send_and_correct)
    run_tasks()
    assert mail_server.ids == [f"confirmation-{order.reference}-{number}" for number in (1, 2)]


def test_address_corrected_during_sending_also_gets_the_mail(mailoutbox, run_tasks, monkeypatch):
    order = place_test_order()
    wanted = Correction(
        first_name="Zoé", last_name="Müller", email="zoe@example.net", company="", no_photo=False
    )

    def leased_after_a_correction(name):
        monkeypatch.setattr("badges.confirmations.send.hold_lease", hold_lease)
        correct_registration(registration=order.registrations.get(), correction=wanted)
        return hold_lease(name)

    monkeypatch.setattr("badges.confirmations.send.hold_lease", leased_after_a_correction)
    run_tasks()
    assert [message.to for message in mailoutbox] == [["zoe@example.org"], ["zoe@example.net"]]


@pytest.mark.django_db(transaction=True)
def test_database_error_after_acceptance_does_not_send_twice(mail_server, run_tasks, monkeypatch):
    place_test_order()
    real, failures = deliveries._save_result, [OperationalError("gone"), OperationalError("still gone")]

    def stumbling(delivery, due):
        if failures:
            raise failures.pop()
        real(delivery, due)

    monkeypatch.setattr(deliveries, "_save_result", stumbling)
    run_tasks()
    assert (len(mail_server.ids), MailDelivery.objects.get().state) == (1, "accepted")


def try_to_send(order_id: int) -> None:
    with contextlib.suppress(LeaseUnavailable):
        send_order_mails.call(order_id)


@pytest.mark.django_db(transaction=True)
def test_eight_concurrent_workers_send_order_mail_once(mail_server):
    order = place_test_order()
    run_in_threads([lambda: try_to_send(order.pk)] * 8)
    try_to_send(order.pk)
    assert mail_server.ids == [f"confirmation-{order.reference}-1"]


@pytest.mark.django_db(transaction=True)
def test_control_without_lease_order_mail_is_sent_repeatedly(mail_server, monkeypatch):
    """Negative control: a barrier holds every thread until all have read the delivery."""
    order = place_test_order()
    gate = threading.Barrier(4, timeout=20)
    real = deliveries.send_mail_message
    monkeypatch.setattr("badges.confirmations.send.hold_lease", lambda _name: contextlib.nullcontext())
    monkeypatch.setattr(deliveries, "send_mail_message", lambda message: (gate.wait(), real(message))[1])
    deliveries.find_or_create_delivery(order, MailDelivery.Kind.CONFIRMATION, [order.registrations.get()])
    run_in_threads([lambda: try_to_send(order.pk)] * 4, threads=4)
    assert len(mail_server.ids) == 4


@pytest.mark.django_db(transaction=True)
def test_worker_retries_later_while_another_sends(mail_server, run_tasks):
    order = place_test_order()
    with hold_lease(f"mails:{order.pk}"):
        run_tasks(tolerate=True)
    assert (mail_server.ids, DBTaskResult.objects.get().status) == ([], "READY")
    pass_time()
    run_tasks()
    assert len(mail_server.ids) == 1


def test_mask_addresses_removes_email_addresses():
    said = "550 5.1.1 <zoe.müller@example.org>: no\r\n such zoe@example.org"
    assert mask_addresses(said) == "550 5.1.1 …: no such …"


def test_organizer_home_query_count_is_constant(
    client, mail_server, run_tasks, django_assert_max_num_queries
):
    client.force_login(make_administrator())
    mail_server.answers = ["550 no"] * 4
    place_test_order()
    run_tasks()
    client.get("/organize/")
    with django_assert_max_num_queries(40) as captured:
        client.get("/organize/")
    before = len(captured)
    event = Registration.objects.get().event
    for _each in range(3):
        place_test_order(event=event)
    run_tasks()
    client.get("/organize/")
    with django_assert_max_num_queries(40) as captured:
        client.get("/organize/")
    assert len(captured) == before


def test_refused_address_does_not_block_links_to_others(mail_server, run_tasks):
    ticket = make_ticket()
    for address in ("Boss@example.org", "boss@example.org"):
        make_registration(ticket, order=make_order(ticket.event, email=address), email=address)
    mail_server.answers = ["550 5.1.1 no such user"]

    queue_links_mail(email="boss@example.org")
    run_tasks(tolerate=True)

    assert len(mail_server.ids) == 1
