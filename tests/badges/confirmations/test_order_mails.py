"""Test that each e-mail of an order reaches a real mail server once, with text, HTML, calendar and badge."""

import datetime
import re
import smtplib
from email.message import EmailMessage

import icalendar
import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.codes import build_badge_code
from badges.confirmations.mail_history import MailHistory
from badges.confirmations.mail_throttle import CONFIRMATIONS_PER_HOUR, seconds_until_mail_allowed
from badges.confirmations.send import send_order_mails
from convention.events.models import Event, Venue
from convention.text.dates import format_date
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.booking.verification import load_verification, verify_address, verify_membership
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.links import build_attendee_url
from registrations.changes.resend import resend_mail
from registrations.changes.substitute import substitute_attendee
from registrations.invoices.documents.issuing import issue_invoice
from registrations.models import Order, Registration
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_event, make_member, make_ticket
from tests.pdf_readers import decode_qr, pdf_text, render_pdf
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def make_order(event: Event, *names: str, ticket: str = "guest", **fields) -> Order:
    places = tuple(
        RequestedPlace(
            ticket=ticket, first_name=name, last_name="Müller", email=f"{name.lower()}@example.org"
        )
        for name in names or ("Zoe",)
    )
    request = OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})
    return place_order(event=event, request=request, context=make_verified_context())


def get_part(message: EmailMessage, kind: str) -> EmailMessage:
    return next(part for part in message.walk() if part.get_content_type() == kind)


def get_text(message: EmailMessage) -> str:
    return get_part(message, "text/plain").get_content()


def test_confirmation_contains_text_html_calendar_and_badge(mail_receiver, run_tasks):
    venue = Venue.objects.create(name="Palais", street="1 quai", postcode="74000", city="Annecy")
    starts = datetime.datetime(2027, 6, 15, 7, 30, tzinfo=datetime.UTC)
    event = make_event(
        name="La Convention",
        venue=venue,
        starts_at=starts,
        ends_at=starts + datetime.timedelta(hours=34),
        contact_email="club@example.org",
    )
    make_ticket(event, price=12_000)
    order = make_order(event)
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["To"] == "buyer@example.org"
    assert message["Subject"] == "Inscription confirmée\u202f: La Convention"
    assert message["Reply-To"] == "club@example.org"
    assert order.manage_url in get_text(message)
    assert "Montant dû\u202f: 120\u00a0€" in get_text(message)
    html = get_part(message, "text/html").get_content()
    assert f'href="{order.manage_url}"' in html
    [entry] = icalendar.Calendar.from_ical(get_part(message, "text/calendar").get_content()).walk("VEVENT")
    assert entry.decoded("dtstart") == starts
    assert entry["dtstart"].params["TZID"] == "Europe/Paris"
    assert entry["location"] == "Palais, 1 quai, 74000 Annecy"
    assert get_part(message, "text/calendar").get_param("method") == "PUBLISH"
    pdf = get_part(message, "application/pdf").get_payload(decode=True)
    assert "Müller" in pdf_text(pdf)
    assert decode_qr(render_pdf(pdf)[0]) == [build_badge_code(order.registrations.get())]


def test_confirmation_greets_buyer_and_explains_payment(run_tasks, mailoutbox, settings):
    make_issuer()
    make_ticket(event := make_event(contact_email="club@example.org"), price=12_000)
    order = make_order(event, "Zoe", email="zoe@example.org")

    run_tasks()

    [mail] = mailoutbox
    [(html, _kind)] = mail.alternatives
    words = " ".join(mail.body.split())
    assert "Bonjour Zoe," in mail.body
    account = ["Club des infrastructures", "IBAN FR14 2004 1010 0505 0001 3M02 606", "BIC PSSTFRPP"]
    assert mail.body.splitlines()[mail.body.splitlines().index(account[0]) :][:3] == account
    assert f"{order.creditor_reference}" in words
    assert f"Bien cordialement,\n{settings.SITE_NAME}\nclub@example.org" in mail.body
    assert "IBAN FR14 2004 1010 0505 0001 3M02 606" in html
    assert f"/orders/{order.reference}/{order.manage_secret}/transfer/" in html


def test_confirmation_states_due_date_and_payment_method(run_tasks, mailoutbox):
    issuer = make_issuer()
    make_ticket(event := make_event(), price=12_000)
    first = make_order(event, "Zoe", email="zoe@example.org", billing=BillingDetails(name="Acme"))
    Order.objects.update(purchase_order="BC 4711")
    run_tasks()
    issue_invoice(receivable=sync_receivable(first))
    first.registrations.update(confirmation_sent_at=None)
    send_order_mails.call(first.pk)
    issuer.issues_on = "payment"
    issuer.save()
    second = make_order(event, "Ana", email="ana@example.org")
    Order.objects.filter(pk=second.pk).update(payment="card")
    run_tasks()

    by_hand, invoiced, by_card = mailoutbox[0], mailoutbox[1], mailoutbox[-1]
    due = format_date(timezone.localdate() + datetime.timedelta(days=issuer.payment_days))
    for mail, deadline in ((by_hand, "à 30 jours date de facture"), (invoiced, due), (by_card, due)):
        assert deadline in mail.body
        assert deadline in mail.alternatives[0][0]
    for mail in (by_hand, invoiced):
        assert "BC 4711" in mail.body
        assert "BC 4711" in mail.alternatives[0][0]
    path = f"/orders/{second.reference}/{second.manage_secret}/pay/"
    assert path in by_card.body
    assert path in by_card.alternatives[0][0]
    assert "IBAN" not in by_card.body


def test_english_order_gets_english_mail(mail_receiver, run_tasks, settings):
    event = make_event(name="La Convention", name_en="The Convention")
    make_ticket(event)
    order = make_order(event, language="en")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["Subject"] == "Registration confirmed: The Convention"
    assert f"/en/orders/{order.reference}/" in get_text(message)
    assert get_text(message).rstrip().endswith(f"· {settings.SITE_URL}/en/")


def test_repeated_task_sends_no_second_mail(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    order = make_order(event)
    run_tasks()
    send_order_mails.call(order.pk)
    send_order_mails.call(order.pk)
    assert len(mail_receiver.messages) == 1


def test_mail_is_sent_after_mail_server_failure(mail_receiver, run_tasks, settings):
    make_ticket(event := make_event())
    order = make_order(event)
    working = settings.MAILERS
    broken = {"host": mail_receiver.hostname, "port": 1, "timeout": 2}
    settings.MAILERS = {"default": {**working["default"], "OPTIONS": broken}}
    with pytest.raises((OSError, smtplib.SMTPException)):
        send_order_mails.call(order.pk)
    settings.MAILERS = working
    send_order_mails.call(order.pk)
    assert len(mail_receiver.wait_for(1)) == 1


def test_order_for_several_attendees_gets_one_mail_with_every_badge(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    make_order(event, "Ana", "Bob", "Cleo")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    badges = [p for p in message.walk() if p.get_content_type() == "application/pdf"]
    assert len(badges) == 3
    assert "3 personnes" in message["Subject"]


def test_verification_mail_states_event_time_and_place(mail_receiver, run_tasks):
    venue = Venue.objects.create(name="Site du port", street="2 quai", postcode="44000", city="Nantes")
    starts = datetime.datetime(2099, 6, 16, 7, 30, tzinfo=datetime.UTC)
    until = starts + datetime.timedelta(hours=3)
    event = make_event(name="Visite", venue=venue, starts_at=starts, ends_at=until)
    make_ticket(event, slug="member", audience="member")
    make_member(email="zoe@example.org")
    make_order(event, ticket="member")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    told = get_text(message).replace("\u202f", " ").replace("\u00a0", " ").splitlines()
    assert [line for line in told if line.startswith(("Événement", "Quand", "Où"))] == [
        "Événement : Visite",
        "Quand : mardi 16 juin 2099, 9 h 30 – 12 h 30",
        "Où : Site du port, 2 quai, 44000 Nantes",
    ]
    html = get_part(message, "text/html").get_content()
    assert "Site du port" in html
    assert "12\u00a0h\u00a030" in html


def test_member_gets_verification_link_and_then_badge(mail_receiver, run_tasks):
    event = make_event()
    make_ticket(event, slug="member", audience="member", capacity=1, company_cap=1)
    member = make_member(email="zoe@example.org")
    registration = make_order(event, ticket="member").registrations.get()
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert (message["To"], message["Subject"][:22]) == ("zoe@example.org", "Confirmez votre place\u202f")
    assert "buyer@example.org" in get_text(message)
    [token] = re.findall(r"/orders/confirm/([^/\s]+)/", get_text(message))
    found = load_verification(token)
    verify_address(order=found.order, address=found.address)
    run_tasks()
    [_proof, badge, notice] = mail_receiver.wait_for(3)
    assert [m["To"] for m in (badge, notice)] == ["zoe@example.org", "buyer@example.org"]
    assert "application/pdf" in {part.get_content_type() for part in badge.walk()}
    assert {part.get_content_type() for part in notice.walk() if not part.is_multipart()} == {
        "text/plain", "text/html",
    }  # fmt: skip
    registration.refresh_from_db()
    assert (registration.person, registration.state) == (member, "confirmed")


def test_non_member_is_informed_by_mail_without_link(mail_receiver, run_tasks):
    event = make_event(contact_email="club@example.org")
    make_ticket(event, slug="member", audience="member")
    make_ticket(event)
    make_order(event, ticket="member")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["Subject"][:19] == "Place non confirmée"
    assert "/orders/confirm/" not in get_text(message)
    assert "écrivez à club@example.org" in " ".join(get_text(message).split())
    assert f"/events/{event.slug}/register/" in get_text(message)


def test_correction_sends_new_badge_with_same_code(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = make_order(event).registrations.get()
    run_tasks()
    code = build_badge_code(registration)
    correction = Correction(
        first_name="Zoé", last_name="Müller", email="zoe@example.org", company="", no_photo=False
    )
    correct_registration(registration=registration, correction=correction)
    run_tasks()
    second = mail_receiver.wait_for(2)[1]
    assert second["Subject"] == f"Inscription mise à jour\u202f: {event.title}"
    assert f"Inscription mise à jour : Zoé Müller, {event.title}" in get_text(second)
    assert "Modifié pour Zoé Müller : nom" in get_text(second)
    assert decode_qr(render_pdf(get_part(second, "application/pdf").get_payload(decode=True))[0]) == [code]


ANA = {"first_name": "Ana", "last_name": "Sol", "email": "ana@example.net"}


def change_attendee(registration: Registration, **fields) -> Registration:
    """Transfer the place to another attendee, or correct the current one."""
    said = {"company": "", "no_photo": False, **ANA, **fields}
    return correct_registration(registration=registration, correction=Correction(**said))


def list_sent_mails(mail_receiver, run_tasks, number: int) -> list[tuple[str, str]]:
    """Return the recipient and the first words of the subject of each e-mail."""
    run_tasks()
    messages = mail_receiver.wait_for(number)
    assert len(messages) == number
    return [(message["To"], message["Subject"].partition("\u202f")[0]) for message in messages]


REGISTERED = ("buyer@example.org", "Inscription confirmée")
TO_BUYER, TO_ANA = (
    ("buyer@example.org", "Place cédée"),
    ("ana@example.net", "Une place vous a été cédée"),
)
# The buyer may have forwarded the badge.
TO_ZOE = ("zoe@example.org", "Votre place a été attribuée à une autre personne")


def test_transfer_notifies_buyer_and_new_attendee(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    order = make_order(event)
    registration = order.registrations.get()
    run_tasks()
    old = build_badge_code(registration)
    change_attendee(registration)
    assert list_sent_mails(mail_receiver, run_tasks, 4) == [REGISTERED, TO_BUYER, TO_ZOE, TO_ANA]
    registration.refresh_from_db()
    _first, buyer, _former, ana = mail_receiver.messages
    for message in (buyer, ana):
        pdf = get_part(message, "application/pdf").get_payload(decode=True)
        assert decode_qr(render_pdf(pdf)[0]) == [build_badge_code(registration)] != [old]
    assert "Une place vous a été cédée" in get_text(ana)
    assert build_attendee_url(registration) in get_text(ana)
    pieces = [piece.get_payload(decode=True) for piece in ana.walk() if not piece.is_multipart()]
    assert order.manage_secret.encode() not in b"".join(pieces)
    assert order.manage_url in get_text(buyer)
    words = " ".join(get_text(buyer).split())
    assert "est maintenant attribuée à Ana Sol" in words
    assert "envoyé à ana@example.net" in words
    send_order_mails.call(order.pk)
    assert len(mail_receiver.messages) == 4


@pytest.mark.parametrize("address", ["", "Buyer@example.org"])
def test_buyer_forwards_badge_to_attendee_without_own_address(mail_receiver, run_tasks, address):
    make_ticket(event := make_event())
    registration = make_order(event).registrations.get()
    run_tasks()
    change_attendee(registration, email=address)
    assert list_sent_mails(mail_receiver, run_tasks, 3) == [REGISTERED, TO_BUYER, TO_ZOE]
    assert "merci de le transmettre" in " ".join(get_text(mail_receiver.messages[1]).split())


def test_correction_after_transfer_does_not_welcome_attendee_again(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = make_order(event).registrations.get()
    run_tasks()
    change_attendee(registration)
    run_tasks()
    change_attendee(registration, company="Acme")
    corrected = ("buyer@example.org", "Inscription mise à jour")
    assert list_sent_mails(mail_receiver, run_tasks, 5) == [REGISTERED, TO_BUYER, TO_ZOE, TO_ANA, corrected]
    change_attendee(registration, first_name="Bo", last_name="Li", email="bo@example.net")
    bo = ("bo@example.net", "Une place vous a été cédée")
    to_buyer, (former_address, _subject), to_bo = list_sent_mails(mail_receiver, run_tasks, 8)[5:]
    assert to_buyer == TO_BUYER
    assert former_address == "ana@example.net"
    assert to_bo == bo


def test_transfer_and_correction_in_one_order_are_separate_mails(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    first, second = make_order(event, "Zoe", "Max").registrations.order_by("pk")
    run_tasks()
    change_attendee(first)
    change_attendee(second, first_name="Max", last_name="Mueller", email="max@example.org")
    corrected = ("buyer@example.org", "Inscription mise à jour")
    assert list_sent_mails(mail_receiver, run_tasks, 5)[1:] == [corrected, TO_BUYER, TO_ZOE, TO_ANA]


def test_transfer_before_confirmation_mail_is_new_registration_for_buyer(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    change_attendee(make_order(event).registrations.get())
    assert list_sent_mails(mail_receiver, run_tasks, 2) == [REGISTERED, TO_ANA]


def test_transfer_mails_are_sent_after_mail_server_failure(mail_receiver, run_tasks, settings):
    make_ticket(event := make_event())
    registration = make_order(event).registrations.get()
    run_tasks()
    change_attendee(registration)
    working = settings.MAILERS
    broken = {"host": mail_receiver.hostname, "port": 1, "timeout": 2}
    settings.MAILERS = {"default": {**working["default"], "OPTIONS": broken}}
    with pytest.raises((OSError, smtplib.SMTPException)):
        send_order_mails.call(registration.order_id)
    settings.MAILERS = working
    assert list_sent_mails(mail_receiver, run_tasks, 4) == [REGISTERED, TO_BUYER, TO_ZOE, TO_ANA]


def test_mail_history_of_order_takes_one_query(django_assert_num_queries):
    make_ticket(event := make_event())
    people = list(make_order(event, "Ana", "Bob", "Cleo").registrations.select_related("order"))
    with django_assert_num_queries(1):
        told = MailHistory.load(people[0].order)
        said = [
            (told.buyer_was_notified(person), told.needs_buyer_mail(person), told.needs_holder_mail(person))
            for person in people
        ]
    assert said == [(False, False, False)] * 3


def test_resent_mail_and_later_verification_are_not_corrections(mail_receiver, run_tasks):
    event = make_event()
    make_ticket(event)
    make_ticket(event, slug="member", audience="member")
    make_member(email="bob@example.org")
    places = tuple(
        RequestedPlace(ticket=ticket, first_name=name, last_name="Müller", email=f"{name}@example.org")
        for name, ticket in (("zoe", "guest"), ("bob", "member"))
    )
    place_order(event=event, request=OrderRequest(email="buyer@example.org", places=places))
    zoe, bob = Registration.objects.order_by("pk")
    run_tasks()
    verify_membership(registration=bob)
    run_tasks()
    resend_mail(registration=zoe)
    run_tasks()
    confirmed, later = f"Inscription confirmée\u202f: {event.title}", f"Place confirmée\u202f: {event.title}"
    told = [(m["To"], m["Subject"]) for m in mail_receiver.wait_for(5)[1:]]
    assert sorted(told) == [
        ("bob@example.org", confirmed),
        ("buyer@example.org", confirmed),
        ("buyer@example.org", confirmed),
        ("buyer@example.org", later),
    ]


def test_cancellation_mail_is_sent_once(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = make_order(event).registrations.get()
    run_tasks()
    cancel_registration(registration=registration)
    run_tasks()
    messages = mail_receiver.wait_for(3)

    send_order_mails.call(registration.order_id)

    # The attendee may have the badge from the buyer.
    assert sorted(message["To"] for message in messages[1:]) == ["buyer@example.org", "zoe@example.org"]
    assert {message["Subject"][:10] for message in messages[1:]} == {"Annulation"}
    assert len(mail_receiver.messages) == 3


@pytest.mark.parametrize(("kind", "is_offered"), [("convention", True), ("site_visit", False)])
def test_cancellation_mail_offers_registration_unless_site_visit(mailoutbox, run_tasks, kind, is_offered):
    event = make_event(kind=kind)
    make_ticket(event)
    cancel_registration(registration=make_order(event).registrations.get())
    run_tasks()

    assert ("Se réinscrire" in mailoutbox[-1].body) is is_offered


def test_place_cancelled_before_confirmation_gets_only_cancellation_mail(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = make_order(event).registrations.get()
    cancel_registration(registration=registration)
    run_tasks()
    assert [m["Subject"][:10] for m in mail_receiver.wait_for(1)] == ["Annulation"]


def test_expired_hold_gets_no_verification_link(mail_receiver, run_tasks):
    make_ticket(event := make_event(), slug="member", audience="member")
    make_order(event, ticket="member")
    Registration.objects.update(hold_expires_at=None)
    run_tasks()
    assert mail_receiver.messages == []


def test_line_break_in_event_name_does_not_inject_header(mail_receiver, run_tasks):
    event = make_event(name="A\nBcc: x@example.org")
    make_ticket(event)
    make_order(event)
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["Bcc"] is None
    assert timezone.now() - message["Date"].datetime < datetime.timedelta(minutes=1)


def test_rate_limited_mails_of_order_share_one_later_task(settings, run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    order = make_order(event, "Ana", "Ben", "Eve")
    run_tasks()
    settings.RATE_LIMITS = "on"
    for _each in range(CONFIRMATIONS_PER_HOUR):
        seconds_until_mail_allowed("assistant@example.org")
    for registration in order.registrations.all():
        substitute_attendee(
            registration=registration,
            new_attendee=RequestedPlace(
                ticket="guest",
                first_name="New",
                last_name=registration.first_name,
                email="assistant@example.org",
            ),
        )
    DBTaskResult.objects.all().delete()
    send_order_mails.func(order.pk)
    assert DBTaskResult.objects.filter(run_after__gt=timezone.now()).count() == 1


def test_rate_limited_verification_link_is_sent_later(settings, mailoutbox):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    make_member(email="zoe@example.org")
    order = make_order(event, ticket="member")
    DBTaskResult.objects.all().delete()
    settings.RATE_LIMITS = "on"
    for _each in range(CONFIRMATIONS_PER_HOUR):
        seconds_until_mail_allowed("zoe@example.org")

    send_order_mails.func(order.pk)

    assert [message.to for message in mailoutbox if message.to == ["zoe@example.org"]] == []
    assert DBTaskResult.objects.filter(run_after__gt=timezone.now()).count() == 1


def test_task_without_due_mail_does_not_use_rate_limit(settings, run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    order = make_order(event)
    run_tasks()
    settings.RATE_LIMITS = "on"

    for _each in range(CONFIRMATIONS_PER_HOUR):
        send_order_mails.func(order.pk)

    assert seconds_until_mail_allowed("buyer@example.org") == 0
