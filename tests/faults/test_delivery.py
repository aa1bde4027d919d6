"""Mails against a server that refuses, delays, hangs and cuts: none is lost, a repeat is told by its id."""

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

from badges.confirm import send_confirmation
from convention.leases import Taken, leased
from convention.mail import masked
from registrations import deliver
from registrations.correct import Correction, correct
from registrations.doors import own_secret
from registrations.models import Delivery, Registration
from registrations.order_request import OrderRequest, Place
from registrations.register import register
from registrations.resend import BadAddress, resend
from tests.factories import make_administrator, make_event, make_staff, make_ticket
from tests.rush import in_threads

pytestmark = pytest.mark.django_db
SMTP = "convention.smtp.EmailBackend"


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
    """A server whose mood a test sets."""
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
    place = Place(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    return register(
        event=event, request=OrderRequest(**{"email": "zoe@example.org", "places": (place,), **fields})
    )


def pass_time() -> None:
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())


def told() -> list[tuple[str, int, str]]:
    return list(Delivery.objects.order_by("pk").values_list("stem", "attempts", "answer"))


def test_what_the_server_said_is_kept(mood, run_tasks):
    order = ordered()
    run_tasks()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.answer) == ("accepted", "250 2.0.0 Ok: queued as 4XyZ")
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
    sentence = "1 mail did not reach anyone: correct the address and send it again."
    assert sentence in client.get("/en/organize/").content.decode()
    assert registration.reference in client.get(f"{page}?state=undelivered").content.decode()
    one = client.get(f"{page}{registration.reference}/").content.decode()
    assert "The mail server refused the e-mail" in one
    client.post(f"{page}{registration.reference}/resend/", {"email": "zoe@example.net"})
    run_tasks()
    assert [d.state for d in Delivery.objects.order_by("pk")] == ["refused", "accepted"]
    assert mood.ids == [f"confirmation-{order.reference}-2"]
    assert Delivery.objects.troubled().count() == 0
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
    correct(registration=order.registrations.get(), correction=wanted)
    run_tasks()
    order.refresh_from_db()
    assert (order.email, Delivery.objects.troubled().count(), len(mood.ids)) == ("zoe@example.net", 0, 1)


def order_of_two():
    places = tuple(
        Place(ticket="guest", first_name=name, last_name="M", email=f"{name}@example.org") for name in "ab"
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
    assert "The e-mail to a@example.net is on its way." in answer.text
    run_tasks()
    order.refresh_from_db()
    one.refresh_from_db()
    assert (order.email, one.email) == ("boss@example.org", "a@example.net")
    mails = {message.to[0]: message.body for message in mailoutbox}
    assert (own_secret(one) in mails["a@example.net"], order.manage_secret in mails["a@example.net"]) == (
        True,
        False,
    )
    assert set(mails) == {"a@example.net", "boss@example.org"}


def test_a_buyer_whose_address_is_corrected_gets_the_whole_order(client, mood, run_tasks):
    mood.answers = ["550 5.1.1 no such user"]
    order = order_of_two()
    run_tasks()
    client.force_login(make_staff(order.event))
    page = f"/en/organize/{order.event.slug}/registrations/{order.registrations.first().reference}/"
    assert "send the whole order there" in client.get(page).text
    client.post(f"{page}resend/", {"email": "boss@example.net", "order": "1"})
    run_tasks()
    order.refresh_from_db()
    assert (order.email, Delivery.objects.troubled().count()) == ("boss@example.net", 0)
    assert client.post(f"{page}resend/", {"email": " ", "order": "1"}).status_code == 422


def test_what_is_no_address_is_refused_at_once(mood):
    order = ordered()
    with pytest.raises(BadAddress):
        resend(registration=order.registrations.get(), email="zoe")


def test_content_refused_for_good_is_final_and_a_cut_in_the_middle_is_not(mood, run_tasks):
    mood.data = ["554 5.7.1 Looks like spam", "cut"]
    first = ordered()
    run_tasks(tolerate=True)
    second = ordered()
    run_tasks(tolerate=True)
    states = {d.order_id: d.state for d in Delivery.objects.all()}
    assert states == {first.pk: "refused", second.pk: "trying"}
    pass_time()
    run_tasks()
    assert mood.ids == [f"confirmation-{second.reference}-1"]


def test_taken_but_unheard_comes_again_under_the_same_id(mood, run_tasks):
    """The server took it and died before its answer: the only double there can be, and it is told apart."""
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
    assert Delivery.objects.get().answer == "SMTPServerDisconnected"
    assert DBTaskResult.objects.get().status == "READY"


@pytest.mark.once
def test_tried_in_vain_it_needs_attention(settings, run_tasks):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.MAILERS = mailer(closed.getsockname()[1])
    ordered()
    for attempts in range(1, 4):
        assert Delivery.objects.troubled().count() == 0
        run_tasks(tolerate=True)
        pass_time()
        assert Delivery.objects.get().attempts == attempts
    assert Delivery.objects.troubled().count() == 1


def test_one_refused_link_does_not_keep_back_the_others(mood, run_tasks):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    mood.answers = ["450 4.2.1 Mailbox busy"]
    places = tuple(
        Place(ticket="member", first_name=name, last_name="M", email=f"{name}@example.org") for name in "ab"
    )
    ordered(event=event, places=places)
    run_tasks(tolerate=True)
    assert len(mood.ids) == 1
    pass_time()
    run_tasks()
    assert len(set(mood.ids)) == 2
    assert Registration.objects.filter(proof_sent_at=None).count() == 0


def test_a_change_while_the_mail_is_on_its_way_is_another_mail(mood, run_tasks, monkeypatch):
    order = ordered()
    wanted = Correction(
        first_name="Zoe", last_name="Muller", email="zoe@example.org", company="", no_photo=False
    )
    real = deliver.send

    def send_and_correct(letter):
        monkeypatch.setattr(deliver, "send", real)
        answer = real(letter)
        correct(registration=order.registrations.get(), correction=wanted)
        return answer

    monkeypatch.setattr(deliver, "send", send_and_correct)
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
        monkeypatch.setattr("badges.confirm.leased", leased)
        correct(registration=order.registrations.get(), correction=wanted)
        return leased(name)

    monkeypatch.setattr("badges.confirm.leased", leased_after_a_correction)
    run_tasks()
    assert [message.to for message in mailoutbox] == [["zoe@example.org"], ["zoe@example.net"]]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stumbles_after_the_mail_was_taken_costs_no_second_mail(mood, run_tasks, monkeypatch):
    ordered()
    real, failures = deliver._note, [OperationalError("gone"), OperationalError("still gone")]

    def stumbling(delivery, due):
        if failures:
            raise failures.pop()
        real(delivery, due)

    monkeypatch.setattr(deliver, "_note", stumbling)
    run_tasks()
    assert (len(mood.ids), Delivery.objects.get().state) == (1, "accepted")


def try_to_send(order_id: int) -> None:
    with contextlib.suppress(Taken):
        send_confirmation.call(order_id)


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_send_an_orders_mail_once(mood):
    order = ordered()
    in_threads([lambda: try_to_send(order.pk)] * 8)
    try_to_send(order.pk)
    assert mood.ids == [f"confirmation-{order.reference}-1"]


@pytest.mark.django_db(transaction=True)
def test_without_the_lease_the_same_rush_sends_it_often(mood, monkeypatch):
    """The negative control; all are held at the door until all have looked."""
    order = ordered()
    gate = threading.Barrier(4, timeout=20)
    real = deliver.send
    monkeypatch.setattr("badges.confirm.leased", lambda _name: contextlib.nullcontext())
    monkeypatch.setattr(deliver, "send", lambda letter: (gate.wait(), real(letter))[1])
    deliver.open_delivery(order, Delivery.Kind.CONFIRMATION, [order.registrations.get()])
    in_threads([lambda: try_to_send(order.pk)] * 4, threads=4)
    assert len(mood.ids) == 4


@pytest.mark.django_db(transaction=True)
def test_while_one_sends_another_comes_back_later(mood, run_tasks):
    order = ordered()
    with leased(f"mails:{order.pk}"):
        run_tasks(tolerate=True)
    assert (mood.ids, DBTaskResult.objects.get().status) == ([], "READY")
    pass_time()
    run_tasks()
    assert len(mood.ids) == 1


def test_the_log_keeps_no_address():
    said = "550 5.1.1 <zoe.müller@example.org>: no\r\n such zoe@example.org"
    assert masked(said) == "550 5.1.1 …: no such …"


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
