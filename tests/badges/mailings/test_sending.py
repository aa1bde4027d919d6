"""Test sending of mailings: each recipient once, through failures and cancellation, with a log."""

import datetime

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.confirmations.mail_throttle import CONFIRMATIONS_PER_HOUR, seconds_until_mail_allowed
from badges.confirmations.send import send_order_mails
from badges.mailings.composing.drafts import NotADraft
from badges.mailings.composing.segments import Segment
from badges.mailings.models import Mailing, Recipient
from badges.mailings.sending import batch
from badges.mailings.sending.launch import (
    MailingNotActive,
    MailingNotReady,
    cancel_mailing,
    launch_mailing,
    resume_mailing,
    schedule_mailing,
)
from badges.mailings.sending.log import count_recipients, make_log_sheet
from badges.mailings.sending.recipients import freeze_recipients
from badges.mailings.sending.run import enqueue_due_mailings, run_mailing
from convention.db.leases import hold_lease
from convention.tables.downloads import table_response
from registrations.models import Registration
from tests.badges.mailings.factories import add_people, make_mailing
from tests.factories import make_event
from tests.faults.processes import free_port
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
SMTP_BACKEND = "convention.mail.smtp_backend.EmailBackend"


class FakeMailServer:
    """A mail server with `refusals` by address and the number of connections."""

    def __init__(self) -> None:
        self.refusals: dict[str, str] = {}
        self.got: list[tuple[str, str]] = []
        self.greetings = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.greetings += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        key = next(line for line in envelope.content.split(b"\r\n") if line.lower().startswith(b"message-id"))
        self.got.append((envelope.rcpt_tos[0], key.decode().partition("<")[2].partition("@")[0]))
        return "250 2.0.0 Ok: queued as 4XyZ"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(settings, port):
    handler = FakeMailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.MAILERS = make_mailer(port)
    yield handler
    controller.stop()


def make_mailer(port: int) -> dict:
    return {
        "default": {"BACKEND": SMTP_BACKEND, "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5}}
    }


def get_counts(mailing) -> dict[str, int]:
    return {name: number for name, number in count_recipients([mailing])[mailing.pk].items() if number}


def pass_time(mailing) -> None:
    """Make the mailing due and run the periodic task, as after the pause."""
    Recipient.objects.filter(mailing=mailing).update(due_at=timezone.now())
    Mailing.objects.filter(pk=mailing.pk).update(due_at=timezone.now())
    enqueue_due_mailings()


def test_each_recipient_gets_one_mail_over_one_connection_per_batch(server, run_tasks, monkeypatch):
    monkeypatch.setattr("badges.mailings.sending.run.BATCH_SIZE", 20)
    event = make_event()
    add_people(event, 50)
    add_people(event, 3, language="en", start=50)

    mailing = launch_mailing(mailing=make_mailing(event))

    assert mailing.state == Mailing.State.SENDING

    run_tasks()

    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert get_counts(mailing) == {"total": 53, "sent": 53, "done": 53}
    assert sorted(address for address, _key in server.got) == sorted(f"ana{n}@example.org" for n in range(53))
    assert len({key for _address, key in server.got}) == 53
    assert server.greetings == 3
    assert set(Recipient.objects.values_list("attempts", "answer")) == {(1, "250 2.0.0 Ok: queued as 4XyZ")}
    assert Recipient.objects.filter(language="en").count() == 3


def test_mail_has_expected_headers_and_bodies(mail_receiver, run_tasks):
    event = make_event(name="Convention", name_en="The Convention")
    add_people(event, 1, language="en")
    launch_mailing(mailing=make_mailing(event, purpose="news"))

    run_tasks()

    [message] = mail_receiver.messages
    recipient = Recipient.objects.get()
    assert message["Message-ID"] == f"<{recipient.message_key}@localhost>"
    assert message["Subject"] == "News of The Convention"
    assert message["To"] == "ana0@example.org"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    lines = message.get_body(("plain",)).get_content().splitlines()

    assert lines[:3] == ["News of The Convention", "", "Hello Ana0,"]
    assert "<strong>Guest</strong>" in message.get_body(("html",)).get_content()


def test_permanent_refusal_is_final_and_temporary_one_is_retried(server, run_tasks):
    event = make_event()
    add_people(event, 4)
    server.refusals = {
        "ana1@example.org": "550 5.1.1 <ana1@example.org>: no such mailbox",
        "ana2@example.org": "451 4.7.1 Greylisted",
    }
    mailing = launch_mailing(mailing=make_mailing(event))

    run_tasks()

    assert get_counts(mailing) == {"total": 4, "sent": 2, "refused": 1, "waiting": 1, "done": 3}
    mailing.refresh_from_db()
    assert mailing.state == "sending"
    assert mailing.fault == ""
    assert [r.answer for r in mailing.recipients.exclude(accepted_at__isnull=False)] == [
        "550 5.1.1 …: no such mailbox", "451 4.7.1 Greylisted",
    ]  # fmt: skip

    del server.refusals["ana2@example.org"]
    pass_time(mailing)

    run_tasks()

    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert get_counts(mailing)["sent"] == 3


def test_recipient_is_refused_after_all_retries(server, run_tasks):
    event = make_event()
    add_people(event, 1)
    server.refusals = {"ana0@example.org": "450 4.2.2 Mailbox full"}
    mailing = launch_mailing(mailing=make_mailing(event))
    run_tasks()

    for _pause in batch.RETRY_PAUSES_SECONDS:
        assert get_counts(mailing)["waiting"] == 1
        pass_time(mailing)
        run_tasks()

    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert get_counts(mailing) == {"total": 1, "refused": 1, "done": 1}


def test_mailing_stops_after_repeated_connection_errors_until_resumed(settings, port, run_tasks, server):
    settings.MAILERS = make_mailer(1)
    event = make_event()
    add_people(event, 2)
    mailing = launch_mailing(mailing=make_mailing(event))

    for attempt in range(len(batch.RETRY_PAUSES_SECONDS) + 1):
        run_tasks()
        mailing.refresh_from_db()
        assert mailing.faults == attempt + 1
        assert mailing.fault == "ConnectionRefusedError"
        if attempt < len(batch.RETRY_PAUSES_SECONDS):
            assert mailing.state == "sending"
            pass_time(mailing)

    assert mailing.state == "stopped"
    assert get_counts(mailing)["waiting"] == 2

    enqueue_due_mailings()

    assert not DBTaskResult.objects.ready().exists()

    settings.MAILERS = make_mailer(port)
    resume_mailing(mailing=mailing)

    run_tasks()

    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert mailing.fault == ""
    assert len(server.got) == 2


def test_server_failure_midway_sends_no_mail_twice(server, run_tasks, monkeypatch):
    event = make_event()
    add_people(event, 10)
    mailing = launch_mailing(mailing=make_mailing(event))
    server.refusals = {"ana5@example.org": "421 4.3.2 Shutting down"}

    run_tasks()

    mailing.refresh_from_db()
    assert mailing.faults == 1
    assert get_counts(mailing)["sent"] == 5

    server.refusals = {}
    pass_time(mailing)

    run_tasks()

    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert mailing.faults == 0
    assert len(server.got) == 10
    assert len(set(server.got)) == 10


def test_cancellation_midway_stops_sending(server, run_tasks, monkeypatch):
    event = make_event()
    add_people(event, 6)
    mailing = launch_mailing(mailing=make_mailing(event))
    real = batch._send_mail

    def until_the_third(recipient, *others):
        real(recipient, *others)
        if len(server.got) == 3:
            cancel_mailing(mailing=mailing)

    monkeypatch.setattr(batch, "_send_mail", until_the_third)
    run_tasks()
    mailing.refresh_from_db()
    assert mailing.state == "cancelled"
    assert get_counts(mailing)["waiting"] == 3
    assert len(server.got) == 3
    with pytest.raises(MailingNotActive):
        cancel_mailing(mailing=mailing)
    with pytest.raises(MailingNotActive):
        resume_mailing(mailing=mailing)


def test_scheduled_mailing_is_sent_at_its_time_to_current_attendees(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 1)
    mailing = schedule_mailing(mailing=make_mailing(event), at=timezone.now() + datetime.timedelta(hours=1))

    enqueue_due_mailings()

    assert run_tasks() == []
    assert mailing.state == "scheduled"

    add_people(event, 1, start=1)
    Mailing.objects.update(send_at=timezone.now(), due_at=timezone.now())
    enqueue_due_mailings()

    run_tasks()

    assert sorted(mail.to[0] for mail in mailoutbox) == ["ana0@example.org", "ana1@example.org"]


def test_cancelled_scheduled_mailing_is_draft_again(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 1)

    mailing = schedule_mailing(mailing=make_mailing(event), at=timezone.now() + datetime.timedelta(hours=1))

    assert cancel_mailing(mailing=mailing).is_draft

    launch_mailing(mailing=mailing)
    run_tasks()

    assert len(mailoutbox) == 1


def test_mailing_that_is_not_ready_is_refused(db):
    event = make_event()

    with pytest.raises(MailingNotReady, match="Aucun destinataire"):
        launch_mailing(mailing=make_mailing(event))

    add_people(event, 2, language="en")

    with pytest.raises(MailingNotReady, match="2 destinataires"):
        launch_mailing(mailing=make_mailing(event, text_en="", subject_en=""))
    with pytest.raises(MailingNotReady, match="un objet et un texte"):
        launch_mailing(mailing=make_mailing(event, text_en="", subject_en="", text_fr=""))
    with pytest.raises(MailingNotReady, match="date à venir"):
        schedule_mailing(mailing=make_mailing(event), at=timezone.now())

    mailing = launch_mailing(mailing=make_mailing(event))

    with pytest.raises(NotADraft):
        launch_mailing(mailing=mailing)


@pytest.mark.django_db(transaction=True)
def test_concurrent_launches_send_mailing_once(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 2)
    mailing = make_mailing(event)

    done = run_in_threads([lambda: launch_mailing(mailing=mailing)] * 4)

    assert sorted(type(one).__name__ for one in done) == ["Mailing", *["NotADraft"] * 3]

    run_tasks()

    assert len(mailoutbox) == 2


def test_recipients_are_frozen_once_and_contain_no_address(db):
    event = make_event()
    add_people(event, 3)
    mailing = make_mailing(event, send_at=timezone.now(), due_at=timezone.now())
    freeze_recipients(mailing=mailing)
    add_people(event, 1, start=3)

    freeze_recipients(mailing=mailing)

    assert mailing.recipients.count() == 3
    written = "".join(map(str, Recipient.objects.values())) + "".join(map(str, Mailing.objects.values()))
    assert "@" not in written


def test_corrected_address_is_used_and_deleted_registration_is_omitted(mailoutbox, run_tasks):
    event = make_event()
    ana, bob = add_people(event, 2)
    mailing = make_mailing(event, send_at=timezone.now(), due_at=timezone.now())
    freeze_recipients(mailing=mailing)
    Registration.objects.filter(pk=ana.pk).update(email="right@example.org")
    bob.delete()
    run_mailing.enqueue(mailing.pk)

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["right@example.org"]]
    assert get_counts(mailing) == {"total": 2, "sent": 1, "omitted": 1, "done": 2}


def test_mailing_is_run_by_one_process_at_a_time(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 1)
    mailing = launch_mailing(mailing=make_mailing(event))
    with hold_lease(f"mailing:{mailing.pk}"):
        run_tasks()
        assert mailoutbox == []
    pass_time(mailing)

    run_tasks()

    assert len(mailoutbox) == 1


def test_order_mail_is_sent_before_mailing_that_was_launched_earlier(run_tasks, mailoutbox):
    event = make_event()
    [ana] = add_people(event, 1)
    mailing = launch_mailing(mailing=make_mailing(event))
    send_order_mails.enqueue(ana.order_id)

    run_tasks()

    assert len(mailoutbox) == 2
    assert mailoutbox[1].subject == f"Nouvelles de {event.name}"
    assert get_counts(mailing)["sent"] == 1


def test_rate_limited_address_gets_mail_later(mailoutbox, run_tasks, settings):
    settings.RATE_LIMITS = "on"
    event = make_event()
    add_people(event, 1)
    for _each in range(CONFIRMATIONS_PER_HOUR):
        seconds_until_mail_allowed("ana0@example.org")
    mailing = launch_mailing(mailing=make_mailing(event))

    run_tasks()

    mailing.refresh_from_db()
    assert mailoutbox == []
    assert get_counts(mailing)["waiting"] == 1
    assert timezone.now() < mailing.due_at <= timezone.now() + datetime.timedelta(hours=1)


def test_log_is_exported_as_csv_and_xlsx(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 2)
    mailing = launch_mailing(mailing=make_mailing(event, segment=Segment(states=())))
    run_tasks()
    Recipient.objects.filter(pk=mailing.recipients.first().pk).update(
        bounced_at=timezone.now(), answer="5.1.1"
    )
    file = table_response(make_log_sheet(mailing, "bounced"), name="log", kind="csv")

    lines = file.content.decode("utf-8-sig").splitlines()

    assert lines[0].startswith("Nom,Adresse e-mail,Entreprise,Langue,État,Motif,Tentatives,Quand,")
    assert lines[1].startswith("Ana0 Müller,ana0@example.org,Acme,fr,non remis,,1,")
    assert len(lines) == 2
    assert table_response(make_log_sheet(mailing, ""), name="log", kind="xlsx").content.startswith(b"PK")
