"""The language of e-mails to an attendee, where it is not the order's."""

import pytest

from badges.mailings.composing.audience import build_audience
from badges.mailings.composing.segments import Segment, select_registrations
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.substitute import substitute_attendee
from registrations.models import Order, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from tests.badges.mailings.factories import make_mailing
from tests.buyer_verification import open_link
from tests.factories import make_event, make_ticket

pytestmark = pytest.mark.django_db

BUYER, ANA = "buyer@acme.example", "ana@acme.example"


@pytest.fixture
def order() -> Order:
    """Return a French order with an attendee who reads English."""
    event = make_event(slug="congress")
    make_ticket(event)
    places = (
        RequestedPlace(ticket="guest", first_name="Béa", last_name="Silva", email=BUYER),
        RequestedPlace(ticket="guest", first_name="Ana", last_name="Silva", email=ANA, language="en"),
    )
    request = OrderRequest(email=BUYER, places=places, language="fr", notifies_attendees=True)
    return place_order(event=event, request=request)


def find_mail(mailoutbox, address: str):
    return [mail for mail in mailoutbox if mail.to == [address]][-1]


def test_confirmation_and_link_are_in_the_attendees_language(order, run_tasks, mailoutbox):
    run_tasks()

    mail = find_mail(mailoutbox, ANA)
    assert mail.subject.startswith("Registration confirmed")
    assert "has registered you for this event." in mail.body
    assert f"/en/orders/{order.reference}/" in mail.body


def test_buyers_confirmation_is_in_the_language_of_the_order(order, run_tasks, mailoutbox):
    run_tasks()

    assert find_mail(mailoutbox, BUYER).subject.startswith("Inscriptions confirmées")


def test_cancellation_is_in_the_attendees_language(order, run_tasks, mailoutbox):
    run_tasks()

    cancel_registration(registration=order.registrations.get(email=ANA))
    run_tasks()

    assert find_mail(mailoutbox, ANA).subject.startswith("Registration cancelled")
    assert find_mail(mailoutbox, BUYER).subject.startswith("Annulation")


@pytest.mark.parametrize(
    ("email", "language", "expected"),
    [(ANA, "", "fr"), (ANA, "en", "en"), (BUYER, "en", "fr"), ("", "en", "fr")],
)
def test_mail_language_is_the_attendees_at_their_own_address_only(order, email, language, expected):
    registration = order.registrations.get(email=ANA)
    registration.email, registration.language = email, language

    assert registration.mail_language == expected


def post_correction(client, order: Order, **fields: str) -> None:
    """Correct Ana's registration on the buyer's page."""
    ana = order.registrations.get(email=ANA)
    values = {"first_name": "Ana", "last_name": "Silva", "email": ANA, "company": "", **fields}
    client.post(f"/en{order.manage_path}{ana.reference}/correct/", values)


def test_buyer_changes_the_language_without_a_new_badge(client, order, run_tasks, mailoutbox):
    run_tasks()
    mailoutbox.clear()

    post_correction(client, order, language="")
    run_tasks()

    assert order.registrations.get(email=ANA).language == ""
    assert mailoutbox == []


def test_correction_on_a_page_without_the_language_keeps_it(client, order):
    post_correction(client, order, company="Acme")

    ana = order.registrations.get(email=ANA)
    assert ana.company == "Acme"
    assert ana.language == "en"


def test_language_is_offered_for_attendees_with_an_address_of_their_own_only(client, order):
    references = [order.registrations.get(email=address).reference for address in (ANA, BUYER)]

    pages = [client.get(f"{order.manage_path}{reference}/correct/").text for reference in references]

    assert ['name="language"' in page.partition("<main")[2] for page in pages] == [True, False]


def test_mailing_is_in_the_attendees_language(order):
    audience = build_audience(make_mailing(order.event))

    languages = {group.address: group.language for group in audience.groups}
    assert languages == {BUYER: "fr", ANA: "en"}


def test_mailing_in_one_language_selects_attendees_by_their_own(order):
    found = select_registrations(Segment(language="en"), order.event)

    assert [registration.email for registration in found] == [ANA]


def give_to_paul(order: Order, *, language: str | None = None) -> Registration:
    """Give Ana's place to Paul by a correction, and the language that is chosen for him."""
    paul = Correction(
        first_name="Paul",
        last_name="Roche",
        email="paul@acme.example",
        company="",
        no_photo=False,
        language=language,
    )
    return correct_registration(registration=order.registrations.get(email=ANA), correction=paul)


def test_former_attendee_is_notified_in_their_own_language(order, run_tasks, mailoutbox):
    open_link(order)
    run_tasks()

    give_to_paul(order)
    run_tasks()

    assert find_mail(mailoutbox, ANA).subject.startswith("Your place has been given to somebody else")


def test_former_attendee_is_notified_in_their_own_language_of_a_substitution(order, run_tasks, mailoutbox):
    open_link(order)
    run_tasks()
    paul = RequestedPlace(ticket="", first_name="Paul", last_name="Roche", email="paul@acme.example")

    substitute_attendee(registration=order.registrations.get(email=ANA), new_attendee=paul)
    run_tasks()

    assert find_mail(mailoutbox, ANA).subject.startswith("Your place has been given to somebody else")


@pytest.mark.parametrize(("chosen", "expected"), [(None, ""), ("en", ""), ("fr", "fr")])
def test_next_attendee_does_not_inherit_the_language(order, chosen, expected):
    given = give_to_paul(order, language=chosen)

    given.refresh_from_db()
    assert given.language == expected


@pytest.mark.parametrize(
    ("email", "language", "selected_by"),
    [(ANA, "en", "en"), (ANA, "", "fr"), ("", "en", "fr"), (BUYER.upper(), "en", "fr")],
)
def test_segment_selects_by_the_language_of_the_e_mail(order, email, language, selected_by):
    Registration.objects.filter(email=ANA).update(email=email, language=language, last_name="Selected")

    selected = {
        each
        for each in ("fr", "en")
        if select_registrations(Segment(states=(), language=each), order.event)
        .filter(last_name="Selected")
        .exists()
    }

    assert selected == {selected_by}
