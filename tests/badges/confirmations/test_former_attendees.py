"""The e-mail to an attendee whose place was given to somebody else."""

import pytest
from django.test import Client
from django.utils import timezone, translation

from badges.confirmations.attendee_notices import list_former_attendees_to_notify
from badges.confirmations.send import send_order_mails
from convention.mail.messages import MailNotSent
from registrations.changes.correct import Correction, correct_as_organizer, correct_own_registration
from registrations.changes.substitute import substitute_as_organizer, substitute_attendee
from registrations.models import GivenBy, Order, Registration, TransferNotice
from registrations.order_request import RequestedPlace
from registrations.permissions import make_own_secret
from tests.factories import make_registration, make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
ANA = RequestedPlace(ticket="", first_name="Ana", last_name="Sol", email="ana@example.net")


@pytest.fixture
def registration(run_tasks, mailoutbox):
    """A colleague who was invited by e-mail by the company's contact, in English."""
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"))
    run_tasks()
    Order.objects.update(language="en")
    mailoutbox.clear()
    return Registration.objects.get()


def get_mail_to(mailoutbox, address: str):
    [mail] = [mail for mail in mailoutbox if mail.to == [address]]
    return mail


def test_former_attendee_reads_that_the_buyer_gave_the_place_away(registration, run_tasks, mailoutbox):
    substitute_attendee(registration=registration, new_attendee=ANA, given_by=GivenBy.BUYER)
    run_tasks()

    text = " ".join(get_mail_to(mailoutbox, "zoe@x.fr").body.split())
    assert "Cléo Contact has given your place at" in text
    assert "Your badge and your link are no longer valid." in text
    assert "Ana" not in text


def test_former_attendee_reads_that_the_organizers_gave_the_place_away(registration, run_tasks, mailoutbox):
    substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    text = " ".join(get_mail_to(mailoutbox, "zoe@x.fr").body.split())
    assert "The organizers have given your place at" in text


def test_correction_to_another_name_notifies_the_former_address(registration, run_tasks, mailoutbox):
    correction = Correction(
        first_name="Ana", last_name="Sol", email="ana@example.net", company="", no_photo=False
    )
    correct_as_organizer(registration=registration, correction=correction)
    run_tasks()

    assert "given to somebody else" in get_mail_to(mailoutbox, "zoe@x.fr").subject


def test_address_on_the_badge_is_notified_if_the_new_address_was_entered_first(
    registration, run_tasks, mailoutbox
):
    for first_name in ("Zoé", "Ana"):
        correction = Correction(
            first_name=first_name,
            last_name="Alpha" if first_name == "Zoé" else "Sol",
            email="ana@example.net",
            company="",
            no_photo=False,
        )
        correct_as_organizer(registration=registration, correction=correction)
    run_tasks()

    assert "given to somebody else" in get_mail_to(mailoutbox, "zoe@x.fr").subject


def correct(registration, first_name: str, last_name: str, email: str) -> None:
    registration.refresh_from_db()
    correction = Correction(
        first_name=first_name, last_name=last_name, email=email, company="", no_photo=False
    )
    correct_as_organizer(registration=registration, correction=correction)


@pytest.mark.parametrize("is_worker_fast", [True, False])
def test_address_corrected_after_the_name_notifies_the_former_address(
    registration, run_tasks, mailoutbox, is_worker_fast
):
    correct(registration, "Ana", "Sol", "zoe@x.fr")
    if is_worker_fast:
        run_tasks()
        mailoutbox.clear()

    correct(registration, "Ana", "Sol", "ana@example.net")
    run_tasks()

    notice = get_mail_to(mailoutbox, "zoe@x.fr")
    assert "given to somebody else" in notice.subject
    assert "Ana" not in notice.body
    assert "ana@example.net" in {address for mail in mailoutbox for address in mail.to}
    assert not TransferNotice.objects.exists()


def test_address_corrected_after_the_name_voids_the_link_of_the_former_address(registration):
    correct(registration, "Ana", "Sol", "zoe@x.fr")
    registration.refresh_from_db()
    path = registration.order.build_path_with(make_own_secret(registration))

    correct(registration, "Ana", "Sol", "ana@example.net")

    assert Client().get(path).status_code == 404


def test_next_address_after_that_is_a_correction(registration):
    correct(registration, "Ana", "Sol", "zoe@x.fr")
    correct(registration, "Ana", "Sol", "ana@example.net")
    registration.refresh_from_db()
    badge_version = registration.badge_version

    correct(registration, "Ana", "Sol", "ana@example.org")

    registration.refresh_from_db()
    assert registration.badge_version == badge_version


def test_new_attendees_married_name_at_the_former_address_is_a_correction(registration):
    correct(registration, "Ana", "Sol", "zoe@x.fr")
    registration.refresh_from_db()
    badge_version = registration.badge_version

    correct(registration, "Ana", "Martin", "zoe@x.fr")

    registration.refresh_from_db()
    assert registration.badge_version == badge_version


def test_place_given_away_and_back_sends_no_notice_to_its_attendee(registration, run_tasks, mailoutbox):
    back = RequestedPlace(ticket="", first_name="Zoé", last_name="Alpha", email="ZOE@x.fr")
    substitute_as_organizer(registration=registration, new_attendee=ANA)
    registration.refresh_from_db()
    substitute_as_organizer(registration=registration, new_attendee=back)
    run_tasks()

    subjects = [mail.subject for mail in mailoutbox if mail.to[0].casefold() == "zoe@x.fr"]
    assert [subject for subject in subjects if "given to somebody else" in subject] == []
    assert not TransferNotice.objects.exists()


def test_attendee_who_gave_the_place_away_is_not_notified(registration, run_tasks, mailoutbox):
    correction = Correction(
        first_name="Ana", last_name="Sol", email="ana@example.net", company="", no_photo=False
    )
    correct_own_registration(registration=registration, correction=correction)
    run_tasks()

    assert [mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]] == []


def test_attendee_who_may_have_the_badge_from_the_buyer_is_notified(registration, run_tasks, mailoutbox):
    registration.invitations.update(sent_at=None)

    substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    assert "given to somebody else" in get_mail_to(mailoutbox, "zoe@x.fr").subject


def test_second_attendee_without_an_email_of_their_own_is_not_notified(registration, run_tasks, mailoutbox):
    """The buyer's mail had the badge of the first attendee only."""
    registration.invitations.update(sent_at=None)
    Registration.objects.update(badge_version=2)
    registration.refresh_from_db()

    substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    assert [mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]] == []


def test_attendee_whose_badge_nobody_ever_got_is_not_notified(registration, run_tasks, mailoutbox):
    registration.invitations.update(sent_at=None)
    registration.order.deliveries.update(accepted_at=None)

    substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    assert [mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]] == []
    assert not TransferNotice.objects.exists()


def test_notice_is_deleted_once_it_was_sent(registration, run_tasks):
    substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    assert not TransferNotice.objects.exists()


def test_notice_waits_while_the_mail_server_is_away(registration, settings):
    substitute_as_organizer(registration=registration, new_attendee=ANA)
    options = {"host": "127.0.0.1", "port": 1, "timeout": 2}
    settings.MAILERS = {"default": {"BACKEND": SMTP_BACKEND, "OPTIONS": options}}

    with pytest.raises(MailNotSent):
        send_order_mails.call(registration.order_id)

    assert TransferNotice.objects.get().email == "zoe@x.fr"


def test_two_places_of_one_address_are_one_email(registration, run_tasks, mailoutbox):
    for holder_count in (3, 4):
        registration.invitations.create(holder_count=holder_count, sent_at=timezone.now())
        TransferNotice.objects.create(
            registration=registration,
            holder_count=holder_count,
            email="zoe@x.fr" if holder_count == 3 else "ZOE@x.fr",
            given_by=GivenBy.ORGANIZER,
        )

    with translation.override("en"):
        substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    assert len([mail for mail in mailoutbox if mail.to[0].casefold() == "zoe@x.fr"]) == 1


def test_one_email_names_all_places_of_an_address(registration, run_tasks, mailoutbox):
    vip = make_ticket(registration.event, slug="vip", name="VIP dinner")
    second = make_registration(vip, order=registration.order, email="ana@example.net", badge_version=2)
    second.invitations.create(holder_count=1, sent_at=timezone.now())
    TransferNotice.objects.create(
        registration=second, holder_count=1, email="ZOE@x.fr", given_by=GivenBy.ORGANIZER
    )

    substitute_as_organizer(registration=registration, new_attendee=ANA)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to[0].casefold() == "zoe@x.fr"]
    assert mail.subject.startswith("Your places have been given to somebody else")
    assert f"Registration: {registration.reference}" in mail.body
    assert f"Registration: {second.reference}" in mail.body
    assert f"Registration: {second.reference}" in mail.alternatives[0][0]
    assert "(ticket “VIP dinner”)" in mail.body


def test_listing_the_attendees_to_notify_deletes_nothing(registration):
    registration.invitations.update(sent_at=None)
    substitute_as_organizer(registration=registration, new_attendee=ANA)

    list_former_attendees_to_notify(registration.order)

    assert TransferNotice.objects.count() == 1
