"""The mails of an order, received by a real mail server: text, HTML, calendar, badge; each once."""

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
from badges.confirmations.mail_throttle import MAILS_PER_HOUR, seconds_until_mail_allowed
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
from tests.buyer_verification import by_verified
from tests.factories import make_event, make_member, make_ticket
from tests.pdf_readers import decode_qr, pdf_text, render_pdf
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def ordered(event: Event, *names: str, ticket: str = "guest", **fields) -> Order:
    places = tuple(
        RequestedPlace(
            ticket=ticket, first_name=name, last_name="Müller", email=f"{name.lower()}@example.org"
        )
        for name in names or ("Zoe",)
    )
    request = OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})
    return place_order(event=event, request=request, context=by_verified())


def part(message: EmailMessage, kind: str) -> EmailMessage:
    return next(part for part in message.walk() if part.get_content_type() == kind)


def text_of(message: EmailMessage) -> str:
    return part(message, "text/plain").get_content()


def test_the_confirmation_brings_text_html_calendar_and_badge(mail_receiver, run_tasks):
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
    order = ordered(event)
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["To"] == "buyer@example.org"
    assert message["Subject"] == "Inscription confirmée\u202f: La Convention"
    assert message["Reply-To"] == "club@example.org"
    assert order.manage_url in text_of(message)
    assert "Montant dû\u202f: 120\u00a0€" in text_of(message)
    html = part(message, "text/html").get_content()
    assert f'href="{order.manage_url}"' in html
    [entry] = icalendar.Calendar.from_ical(part(message, "text/calendar").get_content()).walk("VEVENT")
    assert entry.decoded("dtstart") == starts
    assert entry["dtstart"].params["TZID"] == "Europe/Paris"
    assert entry["location"] == "Palais, 1 quai, 74000 Annecy"
    assert part(message, "text/calendar").get_param("method") == "PUBLISH"
    pdf = part(message, "application/pdf").get_payload(decode=True)
    assert "Müller" in pdf_text(pdf)
    assert decode_qr(render_pdf(pdf)[0]) == [build_badge_code(order.registrations.get())]


def test_the_buyer_is_greeted_told_how_to_pay_and_by_whom(run_tasks, mailoutbox, settings):
    make_issuer()
    make_ticket(event := make_event(contact_email="club@example.org"), price=12_000)
    order = ordered(event, "Zoe", email="zoe@example.org")

    run_tasks()

    [mail] = mailoutbox
    [(html, _kind)] = mail.alternatives
    words = " ".join(mail.body.split())
    assert "Bonjour Zoe," in mail.body
    assert "Par virement à Club des infrastructures, IBAN FR14 2004 1010 0505 0001 3M02 606" in words
    assert f"{order.creditor_reference}" in words
    assert f"Bien cordialement,\n{settings.SITE_NAME}\nclub@example.org" in mail.body
    assert "IBAN FR14 2004 1010 0505 0001 3M02 606" in html
    assert f"/orders/{order.reference}/{order.manage_secret}/transfer/" in html


def test_the_due_date_and_the_way_to_pay_are_named_in_every_case(run_tasks, mailoutbox):
    issuer = make_issuer()
    make_ticket(event := make_event(), price=12_000)
    first = ordered(event, "Zoe", email="zoe@example.org", billing=BillingDetails(name="Acme"))
    Order.objects.update(purchase_order="BC 4711")
    run_tasks()
    issue_invoice(receivable=sync_receivable(first))
    first.registrations.update(confirmation_sent_at=None)
    send_order_mails.call(first.pk)
    issuer.issues_on = "payment"
    issuer.save()
    second = ordered(event, "Ana", email="ana@example.org")
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


def test_english_orders_get_english_mails(mail_receiver, run_tasks, settings):
    event = make_event(name="La Convention", name_en="The Convention")
    make_ticket(event)
    order = ordered(event, language="en")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["Subject"] == "Registration confirmed: The Convention"
    assert f"/en/orders/{order.reference}/" in text_of(message)
    assert text_of(message).rstrip().endswith(f"· {settings.SITE_URL}/en/")


def test_trying_again_sends_nothing_again(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    order = ordered(event)
    run_tasks()
    send_order_mails.call(order.pk)
    send_order_mails.call(order.pk)
    assert len(mail_receiver.messages) == 1


def test_a_mail_server_that_fails_loses_nothing(mail_receiver, run_tasks, settings):
    make_ticket(event := make_event())
    order = ordered(event)
    working = settings.MAILERS
    broken = {"host": mail_receiver.hostname, "port": 1, "timeout": 2}
    settings.MAILERS = {"default": {**working["default"], "OPTIONS": broken}}
    with pytest.raises((OSError, smtplib.SMTPException)):
        send_order_mails.call(order.pk)
    settings.MAILERS = working
    send_order_mails.call(order.pk)
    assert len(mail_receiver.wait_for(1)) == 1


def test_several_people_one_mail_with_every_badge(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    ordered(event, "Ana", "Bob", "Cleo")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    badges = [p for p in message.walk() if p.get_content_type() == "application/pdf"]
    assert len(badges) == 3
    assert "3 personnes" in message["Subject"]


def test_the_link_comes_with_what_when_and_where(mail_receiver, run_tasks):
    venue = Venue.objects.create(name="Site du port", street="2 quai", postcode="44000", city="Nantes")
    starts = datetime.datetime(2099, 6, 16, 7, 30, tzinfo=datetime.UTC)
    until = starts + datetime.timedelta(hours=3)
    event = make_event(name="Visite", venue=venue, starts_at=starts, ends_at=until)
    make_ticket(event, slug="member", audience="member")
    make_member(email="zoe@example.org")
    ordered(event, ticket="member")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    told = text_of(message).replace("\u202f", " ").replace("\u00a0", " ").splitlines()
    assert [line for line in told if line.startswith(("Événement", "Quand", "Où"))] == [
        "Événement : Visite",
        "Quand : mardi 16 juin 2099, 9 h 30 – 12 h 30",
        "Où : Site du port, 2 quai, 44000 Nantes",
    ]
    html = part(message, "text/html").get_content()
    assert "Site du port" in html
    assert "12\u00a0h\u00a030" in html


def test_a_member_gets_a_link_and_then_the_badge(mail_receiver, run_tasks):
    event = make_event()
    make_ticket(event, slug="member", audience="member", capacity=1, company_cap=1)
    member = make_member(email="zoe@example.org")
    registration = ordered(event, ticket="member").registrations.get()
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert (message["To"], message["Subject"][:22]) == ("zoe@example.org", "Confirmez votre place\u202f")
    assert "buyer@example.org" in text_of(message)
    [token] = re.findall(r"/orders/confirm/([^/\s]+)/", text_of(message))
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


def test_anyone_else_is_told_the_truth_by_mail_only(mail_receiver, run_tasks):
    event = make_event(contact_email="club@example.org")
    make_ticket(event, slug="member", audience="member")
    make_ticket(event)
    ordered(event, ticket="member")
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["Subject"][:19] == "Place non confirmée"
    assert "/orders/confirm/" not in text_of(message)
    assert "écrivez à club@example.org" in " ".join(text_of(message).split())
    assert f"/events/{event.slug}/register/" in text_of(message)


def test_a_correction_brings_a_new_badge_with_the_same_code(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = ordered(event).registrations.get()
    run_tasks()
    code = build_badge_code(registration)
    correction = Correction(
        first_name="Zoé", last_name="Müller", email="zoe@example.org", company="", no_photo=False
    )
    correct_registration(registration=registration, correction=correction)
    run_tasks()
    second = mail_receiver.wait_for(2)[1]
    assert second["Subject"] == f"Inscription corrigée\u202f: {event.title}"
    assert f"Inscription corrigée : {event.title}" in text_of(second)
    assert decode_qr(render_pdf(part(second, "application/pdf").get_payload(decode=True))[0]) == [code]


ANA = {"first_name": "Ana", "last_name": "Sol", "email": "ana@example.net"}


def give(registration: Registration, **fields) -> Registration:
    """Hand the place to somebody else, or correct who has it now."""
    said = {"company": "", "no_photo": False, **ANA, **fields}
    return correct_registration(registration=registration, correction=Correction(**said))


def told_so_far(mail_receiver, run_tasks, number: int) -> list[tuple[str, str]]:
    """To whom each mail went, and the first words of its subject."""
    run_tasks()
    messages = mail_receiver.wait_for(number)
    assert len(messages) == number
    return [(message["To"], message["Subject"].partition("\u202f")[0]) for message in messages]


REGISTERED = ("buyer@example.org", "Inscription confirmée")
TO_BUYER, TO_ANA = ("buyer@example.org", "Place cédée"), ("ana@example.net", "Une place pour vous")


def test_a_place_that_changes_hands_is_told_to_both(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    order = ordered(event)
    registration = order.registrations.get()
    run_tasks()
    old = build_badge_code(registration)
    give(registration)
    assert told_so_far(mail_receiver, run_tasks, 3) == [REGISTERED, TO_BUYER, TO_ANA]
    registration.refresh_from_db()
    _first, buyer, ana = mail_receiver.messages
    for message in (buyer, ana):
        pdf = part(message, "application/pdf").get_payload(decode=True)
        assert decode_qr(render_pdf(pdf)[0]) == [build_badge_code(registration)] != [old]
    assert "Une place vous a été cédée" in text_of(ana)
    assert build_attendee_url(registration) in text_of(ana)
    pieces = [piece.get_payload(decode=True) for piece in ana.walk() if not piece.is_multipart()]
    assert order.manage_secret.encode() not in b"".join(pieces)
    assert order.manage_url in text_of(buyer)
    words = " ".join(text_of(buyer).split())
    assert "est maintenant attribuée à Ana Sol" in words
    assert "envoyé à ana@example.net" in words
    send_order_mails.call(order.pk)
    assert len(mail_receiver.messages) == 3


@pytest.mark.parametrize("address", ["", "Buyer@example.org"])
def test_who_has_no_mailbox_apart_gets_the_badge_from_whoever_ordered(mail_receiver, run_tasks, address):
    make_ticket(event := make_event())
    registration = ordered(event).registrations.get()
    run_tasks()
    give(registration, email=address)
    assert told_so_far(mail_receiver, run_tasks, 2) == [REGISTERED, TO_BUYER]
    assert "merci de le transmettre" in " ".join(text_of(mail_receiver.messages[1]).split())


def test_a_new_holder_who_is_corrected_is_not_welcomed_again(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = ordered(event).registrations.get()
    run_tasks()
    give(registration)
    run_tasks()
    give(registration, company="Acme")
    corrected = ("buyer@example.org", "Inscription corrigée")
    assert told_so_far(mail_receiver, run_tasks, 4) == [REGISTERED, TO_BUYER, TO_ANA, corrected]
    give(registration, first_name="Bo", last_name="Li", email="bo@example.net")
    bo = ("bo@example.net", "Une place pour vous")
    assert told_so_far(mail_receiver, run_tasks, 6)[4:] == [TO_BUYER, bo]


def test_others_of_the_order_are_told_of_apart(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    first, second = ordered(event, "Zoe", "Max").registrations.order_by("pk")
    run_tasks()
    give(first)
    give(second, first_name="Max", last_name="Mueller", email="max@example.org")
    corrected = ("buyer@example.org", "Inscription corrigée")
    assert told_so_far(mail_receiver, run_tasks, 4)[1:] == [corrected, TO_BUYER, TO_ANA]


def test_a_place_given_away_before_anybody_was_told_is_a_registration(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    give(ordered(event).registrations.get())
    assert told_so_far(mail_receiver, run_tasks, 2) == [REGISTERED, TO_ANA]


def test_a_new_holder_is_told_once_the_mail_server_is_back(mail_receiver, run_tasks, settings):
    make_ticket(event := make_event())
    registration = ordered(event).registrations.get()
    run_tasks()
    give(registration)
    working = settings.MAILERS
    broken = {"host": mail_receiver.hostname, "port": 1, "timeout": 2}
    settings.MAILERS = {"default": {**working["default"], "OPTIONS": broken}}
    with pytest.raises((OSError, smtplib.SMTPException)):
        send_order_mails.call(registration.order_id)
    settings.MAILERS = working
    assert told_so_far(mail_receiver, run_tasks, 3) == [REGISTERED, TO_BUYER, TO_ANA]


def test_what_an_order_was_told_is_one_question_for_all_of_it(django_assert_num_queries):
    make_ticket(event := make_event())
    people = list(ordered(event, "Ana", "Bob", "Cleo").registrations.select_related("order"))
    with django_assert_num_queries(1):
        told = MailHistory.load(people[0].order)
        said = [
            (told.buyer_was_notified(person), told.needs_buyer_mail(person), told.needs_holder_mail(person))
            for person in people
        ]
    assert said == [(False, False, False)] * 3


def test_a_mail_sent_again_and_one_of_a_later_proof_are_no_corrections(mail_receiver, run_tasks):
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


def test_a_cancellation_is_said_once(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = ordered(event).registrations.get()
    run_tasks()
    cancel_registration(registration=registration)
    run_tasks()
    messages = mail_receiver.wait_for(2)
    assert messages[1]["Subject"].startswith("Annulation d’inscription")
    send_order_mails.call(registration.order_id)
    assert len(mail_receiver.messages) == 2


@pytest.mark.parametrize(("kind", "is_offered"), [("convention", True), ("site_visit", False)])
def test_a_cancellation_offers_to_register_again_where_one_can(mailoutbox, run_tasks, kind, is_offered):
    event = make_event(kind=kind)
    make_ticket(event)
    cancel_registration(registration=ordered(event).registrations.get())
    run_tasks()

    assert ("Se réinscrire" in mailoutbox[-1].body) is is_offered


def test_a_place_cancelled_before_the_mail_went_gets_one_mail_about_that(mail_receiver, run_tasks):
    make_ticket(event := make_event())
    registration = ordered(event).registrations.get()
    cancel_registration(registration=registration)
    run_tasks()
    assert [m["Subject"][:10] for m in mail_receiver.wait_for(1)] == ["Annulation"]


def test_a_place_that_lapsed_gets_no_link_any_more(mail_receiver, run_tasks):
    make_ticket(event := make_event(), slug="member", audience="member")
    ordered(event, ticket="member")
    Registration.objects.update(hold_expires_at=None)
    run_tasks()
    assert mail_receiver.messages == []


def test_names_that_would_break_a_header_do_not(mail_receiver, run_tasks):
    event = make_event(name="A\nBcc: x@example.org")
    make_ticket(event)
    ordered(event)
    run_tasks()
    [message] = mail_receiver.wait_for(1)
    assert message["Bcc"] is None
    assert timezone.now() - message["Date"].datetime < datetime.timedelta(minutes=1)


def test_holders_whose_mailbox_is_full_wait_for_one_later_look(settings, run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    order = ordered(event, "Ana", "Ben", "Eve")
    run_tasks()
    settings.RATE_LIMITS = "on"
    for _each in range(MAILS_PER_HOUR):
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


def test_a_member_whose_mailbox_is_full_gets_the_link_later(settings, mailoutbox):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    make_member(email="zoe@example.org")
    order = ordered(event, ticket="member")
    DBTaskResult.objects.all().delete()
    settings.RATE_LIMITS = "on"
    for _each in range(MAILS_PER_HOUR):
        seconds_until_mail_allowed("zoe@example.org")

    send_order_mails.func(order.pk)

    assert [message.to for message in mailoutbox if message.to == ["zoe@example.org"]] == []
    assert DBTaskResult.objects.filter(run_after__gt=timezone.now()).count() == 1


def test_a_look_without_a_due_mail_counts_as_no_mail(settings, run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    order = ordered(event)
    run_tasks()
    settings.RATE_LIMITS = "on"

    for _each in range(MAILS_PER_HOUR):
        send_order_mails.func(order.pk)

    assert seconds_until_mail_allowed("buyer@example.org") == 0
