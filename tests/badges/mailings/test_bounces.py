"""Test that bounces are parsed, and that a bounced address is flagged and skipped until corrected."""

import pytest

from badges.mailings.bounces.bounced_addresses import (
    clear_bounce,
    forget_corrected_addresses,
    record_bounce,
    record_reported_bounces,
)
from badges.mailings.bounces.delivery_reports import DeliveryFailure, parse_delivery_report
from badges.mailings.composing.audience import build_audience
from badges.mailings.models import Recipient
from badges.mailings.sending.launch import launch_mailing
from convention.audit.models import AuditEntry
from convention.errors import NotFound, UnreadableFile
from convention.models import BouncedAddress
from registrations.changes.correct import Correction, correct_registration
from schedule.models import Speaker
from tests.badges.mailings.bounce_samples import QMAIL, REPORTS_BY_MAIL_SERVER
from tests.badges.mailings.factories import add_people, make_mailing
from tests.factories import make_event, make_order, make_registration, make_staff, make_ticket

REPORT = """\
From: MAILER-DAEMON@mx.example
To: convention@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Wed, 25 Nov 2026 10:00:00 +0000

{blocks}
--b
Content-Type: text/rfc822-headers

Message-ID: <{key}@localhost>
Subject: News
--b--
"""
BLOCK = """\
Original-Recipient: rfc822;{original}
Final-Recipient: rfc822; {final}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{final}>: no such user
"""


def make_report(
    final="ana0@example.org", *, action="failed", key="confirmation-X-1", original="ana0@example.org"
) -> str:
    return REPORT.format(blocks=BLOCK.format(original=original, final=final, action=action), key=key)


def test_delivery_report_is_parsed():
    notice = parse_delivery_report(make_report("Ana0@Example.org", key="mailing-3-17").encode())

    assert notice.message_key == "mailing-3-17"
    assert notice.failures == [
        DeliveryFailure(("ana0@example.org", "Ana0@Example.org"), "5.1.1 550 5.1.1 …: no such user")
    ]


def test_report_may_quote_whole_mail():
    quoted = make_report().replace("text/rfc822-headers", "message/rfc822").replace("News", "News\n\nHi")
    assert parse_delivery_report(quoted.encode()).message_key == "confirmation-X-1"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_only_permanent_failures_count(action):
    assert parse_delivery_report(make_report(action=action).encode()).failures == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"Subject: Hi\n\nI am away.", b"Content-Type: multipart/report\n\n--\n"]
)
def test_mail_without_report_is_refused(content):
    with pytest.raises(UnreadableFile):
        parse_delivery_report(content)


@pytest.mark.parametrize("server", REPORTS_BY_MAIL_SERVER)
def test_reports_of_older_servers_give_address_and_message_key(server):
    content = REPORTS_BY_MAIL_SERVER[server].format(key="mailing-3-17").encode()

    notice = parse_delivery_report(content)

    assert notice.failures == [DeliveryFailure(("ana0@example.org",), "")]
    assert notice.message_key == "mailing-3-17"


def test_report_without_quoted_mail_has_no_message_key():
    content = QMAIL.partition("--- Below")[0].encode()

    assert parse_delivery_report(content).message_key == ""


@pytest.mark.parametrize(
    "text",
    [
        "I am away until Monday. Write to ana0@example.org.",
        "Message-ID: <a@b.example>\n> Message-ID: <mailing-3-17@localhost>\n<ana0@example.org>: thank you!",
        "This is the Postfix program at host relay.example.\n\n<\xff\x00@\udcff>: no",
        "Hi. This is the qmail-send program.\n\n" + "<" * 100_000,
    ],
)
def test_personal_and_malformed_mails_are_refused(text):
    content = f"Subject: Re: Programme\n\n{text}".encode("utf-8", "surrogateescape")
    with pytest.raises(UnreadableFile):
        parse_delivery_report(content)


def test_empty_report_has_no_failures():
    empty = b"Content-Type: message/delivery-status\n\n"
    assert parse_delivery_report(empty).failures == []


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_command_marks_address_and_recipient_as_bounced(command, manage, tmp_path, mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 2)
    launch_mailing(mailing=make_mailing(event))
    run_tasks()
    first = Recipient.objects.get(registrations__email="ana0@example.org")
    # An alias of the recipient failed: our Message-ID leads to the address that we wrote to.
    file = tmp_path / "bounce.eml"
    file.write_text(
        make_report("alias@elsewhere.example", original="alias@elsewhere.example", key=first.message_key)
    )

    done = command("mail_bounces", str(file))

    assert done.returncode == 0
    assert done.stdout == "1 adresse marquée en erreur.\n"
    assert BouncedAddress.objects.get().email == "ana0@example.org"
    first.refresh_from_db()
    assert first.state == "bounced"
    assert first.answer == "5.1.1 550 5.1.1 …: no such user"

    bad = manage("mail_bounces", "-", stdin="Hello")

    assert bad.returncode == 2
    assert bad.stdout == ""
    assert bad.stderr.count("\n") == 1


@pytest.mark.django_db
def test_bounce_is_recorded_for_known_address_only(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 2)
    launch_mailing(mailing=make_mailing(event))

    run_tasks()

    for address, marked in (("Ana1@example.org", ["ana1@example.org"]), ("x@y.example", [])):
        assert (
            record_reported_bounces(
                report=parse_delivery_report(make_report(address, original=address).encode())
            )
            == marked
        )
    assert BouncedAddress.objects.get().answer == "5.1.1 550 5.1.1 …: no such user"
    assert Recipient.objects.get(bounced_at__isnull=False).registrations.get().email == "ana1@example.org"


@pytest.mark.django_db
def test_bounce_of_speaker_is_stored_until_speaker_is_deleted():
    speaker = Speaker.objects.create(event=make_event(), name="Ana", email="Ana@speakers.example")
    failed = make_report("ana@speakers.example", original="ana@speakers.example")

    recorded = record_reported_bounces(report=parse_delivery_report(failed.encode()))

    assert recorded == ["ana@speakers.example"]
    forget_corrected_addresses()
    assert BouncedAddress.objects.exists()
    speaker.delete()
    forget_corrected_addresses()
    assert not BouncedAddress.objects.exists()


@pytest.mark.django_db
class TestAttention:
    @pytest.fixture
    def event(self):
        return make_event()

    def test_bounced_address_needs_attention_until_corrected(self, event, client):
        client.force_login(make_staff(event))
        [ana, _bob] = add_people(event, 2)
        address = f"/en/organize/{event.slug}"
        sentence = "1 e-mail was not delivered: correct the address and send it again."

        client.post(f"{address}/mail/bounces/", {"addresses": "ANA0@example.org"})

        assert sentence in client.get("/en/organize/").content.decode()
        listed = client.get(f"{address}/registrations/?state=undelivered").context["page_obj"]
        assert [one.pk for one in listed] == [ana.pk]

        page = client.get(f"{address}/registrations/{ana.reference}/").content.decode()

        assert "An e-mail to ana0@example.org bounced" in page
        assert "Ana0 Müller" in client.get(f"{address}/mail/bounces/").content.decode()

        mailing = make_mailing(event)

        assert [group.address for group in build_audience(mailing).selected_groups] == ["ana1@example.org"]

        correct_registration(
            registration=ana,
            correction=Correction(
                first_name="Ana0", last_name="Müller", email="right@example.org", company="", no_photo=False
            ),
        )

        assert len(build_audience(mailing).selected_groups) == 2
        assert sentence not in client.get("/en/organize/").content.decode()

        forget_corrected_addresses()

        assert BouncedAddress.objects.count() == 0

    def test_pasted_addresses_are_marked_and_unknown_ones_stay_in_form(self, event, client):
        client.force_login(make_staff(event))
        add_people(event, 3)
        add_people(make_event(), 1, start=9)
        address = f"/en/organize/{event.slug}/mail/bounces/"
        pasted = (
            'Ana Müller <ana0@example.org>; 550\n"ana1@example.org",hard\nana9@example.org ana0@example.org'
        )
        page = client.post(address, {"addresses": pasted})

        said = page.content.decode()

        assert "2 addresses marked as bounced: mailings skip them" in said
        assert "No registration for this event uses the address below." in said
        assert page.context["form"]["addresses"].value() == "ana9@example.org"
        marked = BouncedAddress.objects.order_by("email").values_list("email", flat=True)
        assert list(marked) == ["ana0@example.org", "ana1@example.org"]

        for nothing in ("", "   ", "no address here"):
            answer = client.post(address, {"addresses": nothing})
            assert answer.status_code == 200
            assert answer.context["form"].errors

        assert client.post(address, {"addresses": "ana2@example.org"}).status_code == 302

    def test_bounce_is_cleared_for_correct_address(self, event):
        [ana] = add_people(event, 1)
        record_bounce(event=event, address="ana0@example.org")
        record_bounce(event=event, address="ana0@example.org")

        forget_corrected_addresses()

        assert build_audience(make_mailing(event)).bounced_count == 1

        clear_bounce(registration=ana)

        assert build_audience(make_mailing(event)).bounced_count == 0
        verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["address.bounced", "address.right"]

    def test_bounced_buyer_address_counts_for_attendee_without_address(self, event):
        order = make_order(event, email="boss@example.org")
        make_registration(make_ticket(event), order=order, email="")

        record_bounce(event=event, address="boss@example.org")

        assert build_audience(make_mailing(event)).bounced_count == 1

    @pytest.mark.parametrize("address", ["stranger@example.org", "boſs@example.org"])
    def test_bounce_of_unknown_address_is_not_stored(self, event, address):
        add_people(event, 1)
        make_registration(event.tickets.get(), email="boss@example.org")

        with pytest.raises(NotFound):
            record_bounce(event=event, address=address)
        assert not BouncedAddress.objects.exists()
