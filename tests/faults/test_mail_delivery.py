"""Mails to a server that refuses, delays, hangs and cuts: none is lost, a repeat has the same Message-ID."""

import contextlib
import re
import socket
import threading
import time

import pytest
from aiosmtpd.controller import Controller
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.confirmations.send import send_order_mails
from convention.db.leases import LeaseUnavailable, hold_lease
from convention.mail.messages import mask_addresses
from registrations.booking.place_order import place_order
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.links import queue_links_mail
from registrations.changes.resend import InvalidAddress, resend_mail
from registrations.models import MailDelivery, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.orders import deliveries
from registrations.permissions import make_own_secret
from tests.factories import (
    make_administrator,
    make_event,
    make_order,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.threads import in_threads

pytestmark = pytest.mark.django_db
SMTP = "convention.mail.smtp_backend.EmailBackend"


class Moody:
    """A mail server: `answers` are given in turn to RCPT, then `data` to each DATA; then all is well."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.data: list[str] = []
        self.ids: list[str] = []

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
        if answer == "250 unheard":
            server.transport.abort()
        return answer


@pytest.fixture
def mood(settings):
    """Run a server whose behaviour the test sets."""
    handler = Moody()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    settings.MAILERS = mailer(port)
    yield handler
    server.stop()


def mailer(port: int, timeout: float = 5) -> dict:
    return {"default": {"BACKEND": SMTP, "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": timeout}}}


def ordered(**fields):
    event = fields.pop("event", None) or make_event()
    if not event.tickets.exists():
        make_ticket(event)
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    return place_order(
        event=event, request=OrderRequest(**{"email": "zoe@example.org", "places": (place,), **fields})
    )


def pass_time() -> None:
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())


def told() -> list[tuple[str, int, str]]:
    return list(MailDelivery.objects.order_by("pk").values_list("message_key", "attempts", "server_response"))


def test_what_the_server_said_is_kept(mood, run_tasks):
    order = ordered()
    run_tasks()
    delivery = MailDelivery.objects.get()
    assert (delivery.state, delivery.server_response) == ("accepted", "250 2.0.0 Ok: queued as 4XyZ")
    assert mood.ids == [f"confirmation-{order.reference}-1"]
    assert order.registrations.get().confirmation_sent_at is not None


@pytest.mark.parametrize("failing", ["451 4.7.1 Greylisted, try again later", "421 4.3.2 Shutting down"])
def test_a_delay_is_waited_out_under_the_same_id(mood, run_tasks, failing):
    mood.answers = [failing] * 2
    order = ordered()
    for _attempt in range(2):
        run_tasks(tolerate=True)
        assert order.registrations.get().confirmation_sent_at is None
        pass_time()
    run_tasks()
    assert told() == [(f"confirmation-{order.reference}", 3, "250 2.0.0 Ok: queued as 4XyZ")]
    assert mood.ids == [f"confirmation-{order.reference}-1"]


def test_a_refusal_is_final_seen_and_sent_again_to_the_corrected_address(mood, run_tasks, client):
    mood.answers = ["550 5.1.1 <zoe@example.org>: Recipient address rejected"]
    order = ordered()
    registration = order.registrations.get()
    run_tasks()
    assert told() == [(f"confirmation-{order.reference}", 1, "550 5.1.1 …: Recipient address rejected")]
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
    assert mood.ids == [f"confirmation-{order.reference}-2"]
    assert MailDelivery.objects.needing_attention().count() == 0
    assert sentence not in client.get("/en/organize/").content.decode()
    order.refresh_from_db()
    assert order.email == "zoe@example.net"


def test_correcting_the_person_corrects_where_their_own_mail_goes(mood, run_tasks):
    mood.answers = ["550 5.1.1 no such user"]
    order = ordered()
    run_tasks()
    wanted = Correction(
        first_name="Zoé", last_name="Müller", email="zoe@example.net", company="", no_photo=False
    )
    correct_registration(registration=order.registrations.get(), correction=wanted)
    run_tasks()
    order.refresh_from_db()
    assert (order.email, MailDelivery.objects.needing_attention().count(), len(mood.ids)) == (
        "zoe@example.net",
        0,
        1,
    )


def order_of_two():
    places = tuple(
        RequestedPlace(ticket="guest", first_name=name, last_name="M", email=f"{name}@example.org")
        for name in "ab"
    )
    return ordered(email="boss@example.org", places=places)


def test_a_colleague_whose_address_is_corrected_gets_their_own_link_alone(client, mailoutbox, run_tasks):
    order = order_of_two()
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


def test_a_buyer_whose_address_is_corrected_gets_the_whole_order(client, mood, run_tasks):
    mood.answers = ["550 5.1.1 no such user"]
    order = order_of_two()
    run_tasks()
    client.force_login(make_staff(order.event))
    page = f"/en/organize/{order.event.slug}/registrations/{order.registrations.first().reference}/"
    assert "Send the whole order" in client.get(page).text
    client.post(f"{page}resend/", {"email": "boss@example.net", "order": "1"})
    run_tasks()
    order.refresh_from_db()
    assert (order.email, MailDelivery.objects.needing_attention().count()) == ("boss@example.net", 0)
    assert client.post(f"{page}resend/", {"email": " ", "order": "1"}).status_code == 422


def test_what_is_no_address_is_refused_at_once(mood):
    order = ordered()
    with pytest.raises(InvalidAddress):
        resend_mail(registration=order.registrations.get(), email="zoe")


def test_content_refused_for_good_is_final_and_a_cut_in_the_middle_is_not(mood, run_tasks):
    mood.data = ["554 5.7.1 Looks like spam", "cut"]
    first = ordered()
    run_tasks(tolerate=True)
    second = ordered()
    run_tasks(tolerate=True)
    states = {d.order_id: d.state for d in MailDelivery.objects.all()}
    assert states == {first.pk: "refused", second.pk: "trying"}
    pass_time()
    run_tasks()
    assert mood.ids == [f"confirmation-{second.reference}-1"]


def test_taken_but_unheard_comes_again_under_the_same_id(mood, run_tasks):
    """The server accepts the mail and dies before its reply: the only possible repeat, with the same id."""
    mood.data = ["250 unheard"]
    order = ordered()
    run_tasks(tolerate=True)
    pass_time()
    run_tasks()
    assert mood.ids == [f"confirmation-{order.reference}-1"] * 2


@pytest.mark.once
def test_a_server_that_hangs_is_left_after_the_timeout(settings, run_tasks):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.MAILERS = mailer(silent.getsockname()[1], timeout=0.3)
        ordered()
        began = time.monotonic()
        run_tasks(tolerate=True)
    assert time.monotonic() - began < 10
    assert MailDelivery.objects.get().server_response == "SMTPServerDisconnected"
    assert DBTaskResult.objects.get().status == "READY"


@pytest.mark.once
def test_tried_in_vain_it_needs_attention(settings, run_tasks):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.MAILERS = mailer(closed.getsockname()[1])
    ordered()
    for attempts in range(1, 4):
        assert MailDelivery.objects.needing_attention().count() == 0
        run_tasks(tolerate=True)
        pass_time()
        assert MailDelivery.objects.get().attempts == attempts
    assert MailDelivery.objects.needing_attention().count() == 1


def test_one_refused_link_does_not_keep_back_the_others(mood, run_tasks):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    mood.answers = ["450 4.2.1 Mailbox busy"]
    places = tuple(
        RequestedPlace(ticket="member", first_name=name, last_name="M", email=f"{name}@example.org")
        for name in "ab"
    )
    ordered(event=event, places=places)
    run_tasks(tolerate=True)
    assert len(mood.ids) == 1
    pass_time()
    run_tasks()
    assert len(set(mood.ids)) == 2
    assert Registration.objects.filter(member_verification_sent_at=None).count() == 0


def test_a_change_while_the_mail_is_on_its_way_is_another_mail(mood, run_tasks, monkeypatch):
    order = ordered()
    wanted = Correction(
        first_name="Zoe", last_name="Muller", email="zoe@example.org", company="", no_photo=False
    )
    real = deliveries.send_mail_message

    def send_and_correct(letter):
        monkeypatch.setattr(deliveries, "send_mail_message", real)
        answer = real(letter)
        correct_registration(registration=order.registrations.get(), correction=wanted)
        return answer

    monkeypatch.setattr(deliveries, "send_mail_message", send_and_correct)
    run_tasks()
    assert mood.ids == [f"confirmation-{order.reference}-{number}" for number in (1, 2)]


def test_an_address_corrected_while_the_mail_is_written_is_written_to_as_well(
    mailoutbox, run_tasks, monkeypatch
):
    order = ordered()
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
def test_a_database_that_stumbles_after_the_mail_was_taken_costs_no_second_mail(mood, run_tasks, monkeypatch):
    ordered()
    real, failures = deliveries._save_result, [OperationalError("gone"), OperationalError("still gone")]

    def stumbling(delivery, due):
        if failures:
            raise failures.pop()
        real(delivery, due)

    monkeypatch.setattr(deliveries, "_save_result", stumbling)
    run_tasks()
    assert (len(mood.ids), MailDelivery.objects.get().state) == (1, "accepted")


def try_to_send(order_id: int) -> None:
    with contextlib.suppress(LeaseUnavailable):
        send_order_mails.call(order_id)


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_send_an_orders_mail_once(mood):
    order = ordered()
    in_threads([lambda: try_to_send(order.pk)] * 8)
    try_to_send(order.pk)
    assert mood.ids == [f"confirmation-{order.reference}-1"]


@pytest.mark.django_db(transaction=True)
def test_without_the_lease_the_same_rush_sends_it_often(mood, monkeypatch):
    """The negative control; all wait at the gate until all have read."""
    order = ordered()
    gate = threading.Barrier(4, timeout=20)
    real = deliveries.send_mail_message
    monkeypatch.setattr("badges.confirmations.send.hold_lease", lambda _name: contextlib.nullcontext())
    monkeypatch.setattr(deliveries, "send_mail_message", lambda letter: (gate.wait(), real(letter))[1])
    deliveries.find_or_create_delivery(order, MailDelivery.Kind.CONFIRMATION, [order.registrations.get()])
    in_threads([lambda: try_to_send(order.pk)] * 4, threads=4)
    assert len(mood.ids) == 4


@pytest.mark.django_db(transaction=True)
def test_while_one_sends_another_comes_back_later(mood, run_tasks):
    order = ordered()
    with hold_lease(f"mails:{order.pk}"):
        run_tasks(tolerate=True)
    assert (mood.ids, DBTaskResult.objects.get().status) == ([], "READY")
    pass_time()
    run_tasks()
    assert len(mood.ids) == 1


def test_the_log_keeps_no_address():
    said = "550 5.1.1 <zoe.müller@example.org>: no\r\n such zoe@example.org"
    assert mask_addresses(said) == "550 5.1.1 …: no such …"


def test_the_home_asks_as_often_for_one_as_for_many(client, mood, run_tasks, django_assert_max_num_queries):
    client.force_login(make_administrator())
    mood.answers = ["550 no"] * 4
    ordered()
    run_tasks()
    client.get("/organize/")
    with django_assert_max_num_queries(40) as captured:
        client.get("/organize/")
    before = len(captured)
    event = Registration.objects.get().event
    for _each in range(3):
        ordered(event=event)
    run_tasks()
    client.get("/organize/")
    with django_assert_max_num_queries(40) as captured:
        client.get("/organize/")
    assert len(captured) == before


def test_refused_address_does_not_keep_links_from_the_others(mood, run_tasks):
    ticket = make_ticket()
    for address in ("Boss@example.org", "boss@example.org"):
        make_registration(ticket, order=make_order(ticket.event, email=address), email=address)
    mood.answers = ["550 5.1.1 no such user"]

    queue_links_mail(email="boss@example.org")
    run_tasks(tolerate=True)

    assert len(mood.ids) == 1
