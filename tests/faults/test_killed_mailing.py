"""A worker killed during a mailing: all recipients get it, and a repeat has the same Message-ID."""

import pytest
from django.db import connection

from badges.mailings.models import Recipient
from badges.mailings.sending.launch import launch_mailing
from tests.badges.mailings.factories import add_people, make_mailing
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.faults.processes import kill, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def is_sent(mailing) -> bool:
    mailing.refresh_from_db()
    return mailing.state == "sent"


@pytest.mark.long
def test_worker_killed_during_mailing_misses_no_recipient(site, receiver):
    """Kill between two e-mails, and after the mail server accepted one but before that was stored."""
    event = make_event()
    add_people(event, 250)
    mailing = launch_mailing(mailing=make_mailing(event))
    for function, taken in (("_send_mail", 99), ("_record_attempt", 199)):
        kill(site.halting(f"badges.mailings.sending.batch.{function}", 100, "worker", "--interval", "0.1"))
        assert len(receiver.messages) == taken
    site.worker()
    wait_until(lambda: is_sent(mailing), what="the end of the mailing")

    ids = [message["Message-ID"] for message in receiver.messages]

    assert len({message["To"] for message in receiver.messages}) == 250
    assert len(set(ids)) == 250
    assert len(ids) == 251
    assert Recipient.objects.filter(accepted_at__isnull=False).count() == 250


@pytest.mark.soak
@pytest.mark.skipif(connection.vendor == "sqlite", reason="at full size on PostgreSQL")
def test_mailing_to_ten_thousand_survives_two_killed_workers(site, receiver):
    event = make_event()
    ticket = make_ticket(event)
    for number in range(10_000):
        address = f"p{number}@example.org"
        make_registration(ticket, email=address, order=make_order(event, email=address))
    mailing = launch_mailing(mailing=make_mailing(event))
    for share in (3000, 6000):
        worker = site.worker()
        wait_until(lambda share=share: len(receiver.messages) >= share, what=f"{share} mails", seconds=600)
        kill(worker)
    for _each in range(2):
        site.worker()
    wait_until(lambda: is_sent(mailing), what="the end of the mailing", seconds=1200)

    ids = [message["Message-ID"] for message in receiver.messages]

    assert len({message["To"] for message in receiver.messages}) == 10_000
    assert len(set(ids)) == 10_000
    assert len(ids) <= 10_002
