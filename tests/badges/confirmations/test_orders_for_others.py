"""Test that a buyer for others gets every e-mail, and that no attendee sees the other attendees."""

import pytest
from django.test import Client

from registrations.booking.place_order import place_order
from registrations.changes.correct import Correction, correct_registration
from registrations.models import Order, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.permissions import make_own_secret
from tests.buyer_verification import make_verified_context, open_link
from tests.factories import make_event, make_ticket
from tests.pdf_readers import pdf_text

pytestmark = pytest.mark.django_db

NAMES = ("Ana", "Bruno", "Chloé")


def find_names(text: str) -> list[str]:
    return [name for name in NAMES if name in text]


def test_assistant_gets_all_mails_and_attendee_link_shows_one_attendee(mail_receiver, run_tasks):
    event = make_event(slug="congress")
    make_ticket(event, price=12_000)
    places = tuple(
        RequestedPlace(
            ticket="guest", first_name=name, last_name="Silva", email=f"{name[0].lower()}@boss.example"
        )
        for name in NAMES
    )
    request = OrderRequest(email="assistant@acme.example", places=places, company="Acme")
    order = open_link(place_order(event=event, request=request))
    run_tasks()

    messages = mail_receiver.wait_for(1)

    assert [message["To"] for message in messages] == ["assistant@acme.example"]

    badges = [part for part in messages[0].walk() if part.get_content_type() == "application/pdf"]

    assert [find_names(pdf_text(badge.get_payload(decode=True))) for badge in badges] == [
        [name] for name in NAMES
    ]

    client = Client()

    assert find_names(client.get(order.manage_path).text) == list(NAMES)

    for registration in order.registrations.order_by("pk"):
        own = f"/orders/{order.reference}/{make_own_secret(registration)}/"
        page = client.get(own).text
        assert find_names(page) == [registration.first_name]
        assert [told for told in ("assistant@", order.manage_secret) if told in page] == []
        assert client.get(f"{own}pro-forma.pdf").status_code == 404

    assert find_names(client.get("/events/congress/").text) == []


def order_for_two(event) -> Order:
    make_ticket(event, price=9_000)
    make_ticket(event, slug="dinner", price=6_500)
    places = (
        RequestedPlace(ticket="guest", first_name="Ana", last_name="Silva", email="ana@boss.example"),
        RequestedPlace(ticket="dinner", first_name="Bruno", last_name="Silva"),
    )
    request = OrderRequest(email="buyer@boss.example", places=places)
    return place_order(event=event, request=request, context=make_verified_context())


def read_html(message) -> str:
    [(content, _mimetype)] = message.alternatives
    return content


def read(message) -> str:
    return message.body.replace("\u202f", " ").replace("\u00a0", " ")


def test_mail_about_one_of_two_attendees_says_that_amount_is_for_whole_order(run_tasks, mailoutbox):
    order = order_for_two(make_event())
    run_tasks()
    ana = order.registrations.get(first_name="Ana")
    correction = Correction(first_name="Anna", last_name="Silva", email=ana.email, company="", no_photo=False)

    correct_registration(registration=ana, correction=correction)
    run_tasks()

    [confirmation, *_others] = [mail for mail in mailoutbox if mail.to == [order.email]]
    update = mailoutbox[-1]
    assert "commande entière" not in read(confirmation)
    assert "Montant dû : 155 €" in read(update)
    assert "Ce montant est celui de la commande entière" in read(update)
    assert "Ce montant est celui de la commande entière" in read_html(update)


@pytest.mark.parametrize("by", ["attendee", "buyer"])
def test_cancellation_mail_states_amount_due_and_cancelling_attendee(client, run_tasks, mailoutbox, by):
    order = order_for_two(make_event())
    run_tasks()
    ana = order.registrations.get(first_name="Ana")
    secret = make_own_secret(ana) if by == "attendee" else order.manage_secret

    client.post(f"/orders/{order.reference}/{secret}/{ana.reference}/cancel/")
    run_tasks()

    [notice] = [mail for mail in mailoutbox if mail.to == [order.email] and "Annulation" in mail.subject]
    assert "Montant désormais dû pour la commande : 65 €" in read(notice)
    assert ("avec son lien personnel" in read(notice)) is (by == "attendee")
    assert "Montant désormais dû pour la commande" in read_html(notice)


def test_attendee_who_may_have_the_badge_reads_that_the_buyer_cancelled_the_place(
    client, run_tasks, mailoutbox
):
    order = order_for_two(make_event())
    run_tasks()
    ana = order.registrations.get(first_name="Ana")

    client.post(f"/orders/{order.reference}/{order.manage_secret}/{ana.reference}/cancel/")
    run_tasks()

    [notice] = [mail for mail in mailoutbox if mail.to == [ana.email]]
    assert "Annulation" in notice.subject
    assert "€" not in notice.body


def test_attendee_reads_of_the_cancellation_also_while_an_email_to_the_buyer_is_due(
    client, run_tasks, mailoutbox
):
    order = order_for_two(make_event())
    run_tasks()
    # As a paid change does until the buyer's next e-mail.
    Registration.objects.update(confirmation_sent_at=None)
    ana = order.registrations.get(first_name="Ana")

    client.post(f"/orders/{order.reference}/{order.manage_secret}/{ana.reference}/cancel/")
    run_tasks()

    assert [mail.to for mail in mailoutbox if mail.to == [ana.email]] == [[ana.email]]


def test_attendee_of_a_place_cancelled_before_its_first_email_is_not_notified(client, run_tasks, mailoutbox):
    order = order_for_two(make_event())
    ana = order.registrations.get(first_name="Ana")

    client.post(f"/orders/{order.reference}/{order.manage_secret}/{ana.reference}/cancel/")
    run_tasks()

    assert [mail for mail in mailoutbox if mail.to == [ana.email]] == []
