"""E-mails to each attendee of an order whose buyer asked to send everyone their own badge."""

import pytest
from django.utils import translation

from badges.codes import build_badge_code
from badges.confirmations.order_mails import describe_corrections
from convention.tables.files import ParsedTable
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_own_registration, correct_registration
from registrations.changes.reinstatement.reinstate import reinstate_and_notify
from registrations.changes.resend import reissue_badge, resend_mail
from registrations.changes.substitute import substitute_attendee
from registrations.import_export.import_registrations import import_registrations
from registrations.models import Order
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.permissions import make_own_secret
from tests.buyer_verification import make_verified_context, open_link
from tests.factories import make_event, make_ticket

pytestmark = pytest.mark.django_db

BUYER, ANA, BRUNO = "buyer@acme.example", "ana@acme.example", "bruno@acme.example"


def order_places(*, context=None, **fields) -> Order:
    event = make_event(slug="congress")
    make_ticket(event, price=12_000)
    places = tuple(
        RequestedPlace(ticket="guest", first_name=name, last_name="Silva", email=email)
        for name, email in (("Béa", BUYER), ("Ana", ANA), ("Bruno", BRUNO), ("Zoé", ""))
    )
    billing = BillingDetails(
        name="Acme", street="1 rue de la Paix", postcode="75002", city="Paris", country="FR"
    )
    values = {"language": "en", "billing": billing, "notifies_attendees": True, **fields}
    request = OrderRequest(email=BUYER, places=places, **values)
    return place_order(event=event, request=request, context=context or make_verified_context())


def list_recipients(mailoutbox) -> list[str]:
    return sorted(address for mail in mailoutbox for address in mail.to)


def read_html(mail) -> str:
    [(content, _mimetype)] = mail.alternatives
    return content


def test_each_attendee_with_an_address_gets_a_confirmation(run_tasks, mailoutbox):
    order_places()

    run_tasks()

    assert list_recipients(mailoutbox) == [ANA, BRUNO, BUYER]


def test_only_the_buyer_gets_one_unless_asked(run_tasks, mailoutbox):
    order_places(notifies_attendees=False)

    run_tasks()

    assert list_recipients(mailoutbox) == [BUYER]


def test_attendees_get_nothing_before_the_order_is_confirmed(run_tasks, mailoutbox):
    order = order_places(context=OrderContext())
    run_tasks()
    before = list_recipients(mailoutbox)

    open_link(order)
    run_tasks()

    assert before == [BUYER]
    assert list_recipients(mailoutbox) == [ANA, BRUNO, BUYER, BUYER]


def test_attendee_gets_own_badge_calendar_and_link(run_tasks, mailoutbox):
    order = order_places()
    ana = order.registrations.get(email=ANA)

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [ANA]]
    names = [attachment.filename for attachment in mail.attachments]
    assert names == ["congress.ics", f"badge-{ana.reference.lower()}.pdf"]
    assert make_own_secret(ana) in mail.body
    assert order.manage_secret not in mail.body


def test_attendee_reads_who_registered_them_and_no_amount(run_tasks, mailoutbox):
    order_places()

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [ANA]]
    assert "Béa Silva has registered you for this event." in mail.body
    assert "Béa Silva has registered you for this event." in read_html(mail)
    assert "€" not in mail.body
    assert "€" not in read_html(mail)


def test_buyer_reads_who_gets_their_own_badge(run_tasks, mailoutbox):
    order_places()

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [BUYER]]
    sentence = "Badge and personal link have also been e-mailed to: Ana Silva, Bruno Silva."
    assert sentence in mail.body
    assert sentence in read_html(mail)
    assert "has registered you" not in mail.body


def test_buyers_page_says_that_attendees_get_their_own_badge(client, run_tasks):
    order = order_places()
    run_tasks()

    page = client.get(order.manage_path).text

    assert "We also e-mail attendees their own badge and personal link." in page


def test_corrected_attendee_gets_the_new_badge_too(run_tasks, mailoutbox):
    order = order_places()
    run_tasks()
    mailoutbox.clear()
    correction = Correction(first_name="Anna", last_name="Silva", email=ANA, company="", no_photo=False)

    correct_registration(registration=order.registrations.get(email=ANA), correction=correction)
    run_tasks()

    assert list_recipients(mailoutbox) == [ANA, BUYER]
    assert {mail.subject for mail in mailoutbox} == {f"Registration updated: {order.event.title}"}


def test_buyer_and_attendee_read_what_was_corrected_and_that_the_badge_stays_valid(run_tasks, mailoutbox):
    order = order_places()
    run_tasks()
    mailoutbox.clear()
    new_address = "anna@acme.example"
    correction = Correction(
        first_name="Anna", last_name="Silva", email=new_address, company="", no_photo=False
    )

    correct_registration(registration=order.registrations.get(email=ANA), correction=correction)
    run_tasks()

    bodies = {mail.to[0]: mail.body for mail in mailoutbox if "updated" in mail.subject}
    sentence = "Changed for Anna Silva: name, e-mail address. The earlier badge stays valid."
    assert sentence in " ".join(bodies[BUYER].split())
    assert sentence in " ".join(bodies[new_address].split())
    assert ANA not in bodies[new_address]


def test_badge_that_was_reissued_is_not_called_valid(run_tasks, mailoutbox):
    order = order_places()
    run_tasks()
    mailoutbox.clear()
    registration = order.registrations.get(email=ANA)
    correction = Correction(first_name="Anna", last_name="Silva", email=ANA, company="", no_photo=False)

    reissue_badge(registration=registration, reason="")
    registration.refresh_from_db()
    correct_registration(registration=registration, correction=correction)
    run_tasks()

    bodies = [mail.body for mail in mailoutbox if mail.to == [ANA]]
    assert "Changed for Anna Silva: name" in bodies[-1]
    assert "stays valid" not in bodies[-1]


def import_row(registration, *, first_name: str = "Ana", last_name: str = "Silva", company: str = ""):
    header = ["reference", "first_name", "last_name", "email", "company"]
    row = [registration.reference, first_name, last_name, registration.email, company]
    import_registrations(event=registration.event, table=ParsedTable(header, [[2, row]]))
    registration.refresh_from_db()


def describe_correction_after_import(registration) -> list[str]:
    correction = Correction(
        first_name=registration.first_name,
        last_name="Martins",
        email=registration.email,
        company=registration.company,
        no_photo=False,
    )
    correct_registration(registration=registration, correction=correction)
    registration.refresh_from_db()
    with translation.override("en"):
        return describe_corrections([registration], registration.order.deliveries.all())


def test_badge_is_not_called_valid_after_a_list_named_another_person(run_tasks):
    registration = order_places().registrations.get(email=ANA)
    run_tasks()

    import_row(registration, first_name="Paul", last_name="Martin")

    assert describe_correction_after_import(registration) == ["Changed for Paul Martins: name"]


def test_badge_stays_valid_after_a_list_changed_the_company(run_tasks):
    registration = order_places().registrations.get(email=ANA)
    run_tasks()

    import_row(registration, company="Acme")

    [sentence] = describe_correction_after_import(registration)
    assert sentence.endswith("The earlier badge stays valid.")


def correct_address(registration, email: str):
    correction = Correction(
        first_name=registration.first_name, last_name="Silva", email=email, company="", no_photo=False
    )
    return correct_registration(registration=registration, correction=correction)


def test_link_at_a_mistyped_address_opens_nothing_after_the_correction(client, run_tasks):
    order = order_places()
    ana = order.registrations.get(email=ANA)
    run_tasks()
    former_path = order.build_path_with(make_own_secret(ana))

    correct_address(ana, "anna@acme.example")

    assert client.get(former_path).status_code == 404


def test_corrected_address_gets_badge_and_new_link(client, run_tasks, mailoutbox):
    order = order_places()
    run_tasks()
    mailoutbox.clear()

    corrected = correct_address(order.registrations.get(email=ANA), "anna@acme.example")
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["anna@acme.example"]]
    assert make_own_secret(corrected) in mail.body
    assert f"badge-{corrected.reference.lower()}.pdf" in [each.filename for each in mail.attachments]
    assert client.get(order.build_path_with(make_own_secret(corrected))).status_code == 200


def test_badge_of_an_attendee_with_a_corrected_address_stays_valid(run_tasks):
    order = order_places()
    ana = order.registrations.get(email=ANA)
    run_tasks()

    corrected = correct_address(ana, "anna@acme.example")

    assert build_badge_code(corrected) == build_badge_code(ana)


def test_corrected_address_of_a_later_attendee_gets_the_new_link(run_tasks, mailoutbox):
    order = order_places(notifies_attendees=False)
    ana = order.registrations.get(email=ANA)
    run_tasks()
    paul = RequestedPlace(ticket="guest", first_name="Paul", last_name="Silva", email="pual@acme.example")
    given = substitute_attendee(registration=ana, new_attendee=paul)
    run_tasks()
    mailoutbox.clear()

    corrected = correct_address(given, "paul@acme.example")
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["paul@acme.example"]]
    assert mail.subject == "Links to your registrations"
    assert make_own_secret(corrected) in mail.body


def test_attendees_who_correct_their_own_address_keep_their_link(client, run_tasks):
    order = order_places()
    ana = order.registrations.get(email=ANA)
    run_tasks()
    correction = Correction(
        first_name="Ana", last_name="Silva", email="anna@acme.example", company="", no_photo=False
    )

    correct_own_registration(registration=ana, correction=correction)

    assert client.get(order.build_path_with(make_own_secret(ana))).status_code == 200


def test_sending_again_reaches_the_buyer_alone(run_tasks, mailoutbox):
    order = order_places()
    run_tasks()
    mailoutbox.clear()

    resend_mail(registration=order.registrations.get(email=ANA))
    run_tasks()

    assert list_recipients(mailoutbox) == [BUYER]


def test_sending_to_another_address_voids_the_link_of_the_former_one(client, run_tasks):
    order = order_places()
    ana = order.registrations.get(email=ANA)
    run_tasks()
    former_path = order.build_path_with(make_own_secret(ana))

    resend_mail(registration=ana, email="anna@acme.example")

    assert client.get(former_path).status_code == 404


def test_cancelled_and_reinstated_attendee_gets_one_email_about_each(run_tasks, mailoutbox):
    order = order_places()
    run_tasks()
    mailoutbox.clear()
    cancel_registration(registration=order.registrations.get(email=ANA))
    run_tasks()

    reinstate_and_notify(registration=order.registrations.get(email=ANA))
    run_tasks()

    subjects = [mail.subject.partition(":")[0] for mail in mailoutbox if mail.to == [ANA]]
    assert subjects == ["Registration cancelled", "Registration reinstated"]
