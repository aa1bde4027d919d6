"""Test that page and e-mails agree after a place is transferred or named, with one e-mail per recipient."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from badges.codes import build_badge_code
from badges.confirmations import send
from convention.audit.models import AuditEntry
from convention.errors import NotFound
from convention.events.models import Event
from registrations.booking.join_waiting_list import join_session_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_by_rules, cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.changes.links import build_attendee_url, replace_attendee_link
from registrations.changes.reinstatement.reinstate import reinstate_and_notify
from registrations.changes.substitute import substitute_as_organizer, substitute_attendee
from registrations.company.models import Invitation
from registrations.models import MailDelivery, Order, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.permissions import get_order_by_link, make_own_secret
from registrations.sessions.booking import book_session
from tests.buyer_verification import make_verified_context
from tests.factories import (
    make_addon,
    make_contact,
    make_event,
    make_registration,
    make_session,
    make_ticket,
)
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.orders.test_order_page import read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ANA = {"first_name": "Ana", "last_name": "Sol", "email": "ana@example.net"}


def make_order(*places: tuple[str, str]):
    """Order places for these first names and addresses, as buyer@example.org."""
    make_ticket(event := make_event())
    requested = tuple(
        RequestedPlace(
            ticket="guest",
            first_name=name,
            last_name=name and "Müller",
            email=address,
            is_to_follow=not name,
        )
        for name, address in places
    )
    request = OrderRequest(email="buyer@example.org", places=requested)
    return place_order(event=event, request=request, context=make_verified_context())


def make_page_path(registration: Registration, name: str) -> str:
    return f"{registration.order.manage_path}{registration.reference}/{name}/"


def post(client, page: str, fields: dict[str, str]) -> str:
    """Post the form; return the words of the page that follows."""
    return " ".join(client.post(page, fields, follow=True).text.split())


def get_plain_text(mail) -> str:
    return " ".join(mail.body.replace("\u202f", " ").split())


def test_transfer_notifies_buyer_and_new_attendee_once(client, run_tasks, mailoutbox):
    ordered = make_order(("Zoe", "zoe@example.org"), ("Cleo", "buyer@example.org"))
    registration = ordered.registrations.get(first_name="Zoe")
    run_tasks()
    mailoutbox.clear()

    said = post(client, make_page_path(registration, "give"), ANA)
    run_tasks()

    registration.refresh_from_db()
    assert "Nous envoyons le badge et le lien à ana@example.net, et vous recevez une copie du badge." in said
    by_reader = {mail.to[0]: mail for mail in mailoutbox}
    assert len(mailoutbox) == 3
    assert "zoe@example.org" in by_reader
    assert "nouveau badge a été envoyé à ana@example.net" in get_plain_text(by_reader["buyer@example.org"])
    assert "Cleo Müller vous a cédé une place" in get_plain_text(by_reader["ana@example.net"])
    assert build_attendee_url(registration) in by_reader["ana@example.net"].body
    assert "Billet\u202f: Guest" in by_reader["ana@example.net"].body.splitlines()


def test_buyer_is_not_greeted_with_name_of_new_attendee(client, run_tasks, mailoutbox):
    registration = make_order(("Cleo", "buyer@example.org")).registrations.get()
    run_tasks()
    mailoutbox.clear()

    post(
        client, make_page_path(registration, "correct"), {**ANA, "email": "buyer@example.org", "company": ""}
    )
    run_tasks()

    mail = mailoutbox[-1]
    assert mail.to == ["buyer@example.org"]
    assert "Bonjour,\n" in mail.body


def test_first_name_of_unassigned_place_is_correction_not_transfer(client, run_tasks, mailoutbox):
    ordered = make_order(("", "later@example.org"))
    registration = ordered.registrations.get()
    run_tasks()
    mailoutbox.clear()
    version, former_secret = registration.badge_version, make_own_secret(registration)

    said = post(client, make_page_path(registration, "correct"), {**ANA, "company": ""})
    run_tasks()

    registration.refresh_from_db()
    assert "La place est maintenant attribuée à Ana Sol." in said
    # Her own link, and the badge for the buyer; nobody is told of a previous holder.
    assert [mail.to for mail in mailoutbox] == [["ana@example.net"], ["buyer@example.org"]]
    assert registration.badge_version == version
    before = build_badge_code(registration)
    with pytest.raises(NotFound):
        get_order_by_link(ordered.reference, former_secret)
    # The place is now assigned, so that another name voids the badge.
    bob = Correction(first_name="Bob", last_name="Roi", email="bob@example.org", company="", no_photo=False)
    correct_registration(registration=registration, correction=bob)
    registration.refresh_from_db()
    assert build_badge_code(registration) != before


def test_colleague_named_for_unassigned_place_gets_link_but_no_transfer_mail(client, run_tasks, mailoutbox):
    registration = make_order(("", "")).registrations.get()
    run_tasks()
    mailoutbox.clear()

    said = post(client, make_page_path(registration, "give"), ANA)
    run_tasks()

    assert "Ana Sol. Nous vous envoyons le badge par e-mail, et un lien personnel" in said
    assert "l’inscription à ana@example.net." in said
    assert AuditEntry.objects.latest("pk").verb == "registration.name"
    subjects = {mail.to[0]: mail.subject for mail in mailoutbox}
    assert subjects["ana@example.net"] == "Les liens de vos inscriptions"
    assert not any("cédée" in subject for subject in subjects.values())


def test_contact_who_names_colleague_reads_who_gets_badge_and_link(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, {"ticket": "guest", "is_to_follow": "on"})
    registration = Registration.objects.get()
    run_tasks()
    mailoutbox.clear()

    answer = desk.client.post(f"{desk.at}/registrations/{registration.reference}/", ANA, follow=True)
    run_tasks()

    assert "Ana Sol. Nous vous envoyons le badge par e-mail, et un lien personnel" in answer.text
    assert "l’acheteur" not in answer.text
    assert {mail.to[0] for mail in mailoutbox} == {desk.contact.email, ANA["email"]}


def test_company_colleague_gets_badge_and_details_request_in_one_mail(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "alpha@x.fr"))
    registration = Registration.objects.get()
    run_tasks()
    mailoutbox.clear()

    desk.client.post(f"{desk.at}/registrations/{registration.reference}/", ANA)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["ana@example.net"]]
    assert "Cléo Contact vous a cédé une place" in get_plain_text(mail)
    assert "/details/" in mail.body
    assert Invitation.objects.get(holder_count=2).sent_at
    assert "demandées par e-mail" in desk.client.get(f"{desk.at}/registrations/").content.decode()


def test_place_given_by_another_contact_does_not_name_the_buyer(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "alpha@x.fr"))
    registration = Registration.objects.get()
    run_tasks()
    mailoutbox.clear()
    second_contact = make_contact(desk.company, first_name="Simone", last_name="Autre")
    second_client = Client()
    second_client.force_login(second_contact)

    second_client.post(f"{desk.at}/registrations/{registration.reference}/", ANA)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["ana@example.net"]]
    assert "Une place vous a été cédée." in get_plain_text(mail)
    assert "Cléo" not in get_plain_text(mail)


def test_cancellation_mail_offers_the_registration_to_its_attendee_and_the_order_to_its_buyer(
    run_tasks, mailoutbox
):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    other = make_order(("Cleo", "buyer@example.org")).registrations.get()
    Registration.objects.filter(pk=registration.pk).update(is_private=True)
    run_tasks()
    mailoutbox.clear()

    for row in Registration.objects.filter(pk__in=[registration.pk, other.pk]):
        cancel_registration(registration=row)
    run_tasks()

    mails = [mail for mail in mailoutbox if mail.subject.startswith("Annulation d’inscription")]
    offered = {mail.to[0]: mail.body.partition("\u202f:\nhttp")[0].rpartition("\n")[2] for mail in mails}
    assert offered == {"zoe@example.org": "Voir l’inscription", "buyer@example.org": "Voir la commande"}


def test_invited_colleague_is_told_once_that_their_place_is_cancelled(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "alpha@x.fr"))
    registration = Registration.objects.get()
    run_tasks()
    mailoutbox.clear()

    cancel_registration(registration=registration)
    run_tasks()
    send.send_order_mails.enqueue(registration.order_id)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["alpha@x.fr"]]
    assert mail.subject.startswith("Annulation d’inscription")
    assert build_attendee_url(registration) in mail.body
    assert "rembours" not in mail.body


def test_new_holder_is_told_that_their_place_is_cancelled(client, run_tasks, mailoutbox):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    run_tasks()
    post(client, make_page_path(registration, "give"), ANA)
    run_tasks()
    mailoutbox.clear()

    cancel_registration(registration=Registration.objects.get())
    run_tasks()

    assert sorted(mail.to[0] for mail in mailoutbox) == ["ana@example.net", "buyer@example.org"]


def test_attendee_who_may_have_the_badge_from_the_buyer_reads_of_the_cancellation(run_tasks, mailoutbox):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    run_tasks()
    mailoutbox.clear()

    cancel_registration(registration=registration)
    run_tasks()

    assert sorted(mail.to[0] for mail in mailoutbox) == ["buyer@example.org", "zoe@example.org"]


def cancel_and_read_mail(cancel, run_tasks, mailoutbox) -> str:
    """Cancel a place that was ordered in English by somebody else; return the e-mail to its attendee."""
    order = make_order(("Zoe", "zoe@example.org"), ("Cleo", "buyer@example.org"))
    Order.objects.update(language="en")
    run_tasks()
    mailoutbox.clear()

    cancel(order.registrations.get(first_name="Zoe"))
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["zoe@example.org"]]
    return get_plain_text(mail)


def test_attendee_reads_that_the_buyer_cancelled(client, run_tasks, mailoutbox):
    text = cancel_and_read_mail(
        lambda row: post(client, make_page_path(row, "cancel"), {}), run_tasks, mailoutbox
    )

    assert "Cleo Müller cancelled your registration." in text


def test_attendee_reads_that_they_cancelled_themselves(client, run_tasks, mailoutbox):
    text = cancel_and_read_mail(
        lambda row: post(
            client,
            f"{row.order.build_path_with(make_own_secret(row))}{row.reference}/cancel/",
            {},
        ),
        run_tasks,
        mailoutbox,
    )

    assert "You cancelled this registration through your own link." in text


def test_attendee_reads_that_the_organizers_cancelled(run_tasks, mailoutbox):
    text = cancel_and_read_mail(lambda row: cancel_by_rules(registration=row), run_tasks, mailoutbox)

    assert "The organizers cancelled your registration." in text


def test_cancellation_mail_names_nobody_if_it_is_not_known_who_cancelled(run_tasks, mailoutbox):
    """Where a place ends on its own, as with an unverified membership."""
    text = cancel_and_read_mail(lambda row: cancel_registration(registration=row), run_tasks, mailoutbox)

    assert "cancelled your registration" not in text


def test_invited_colleague_reads_which_contact_cancelled(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "alpha@x.fr"))
    Order.objects.update(language="en")
    run_tasks()
    mailoutbox.clear()

    desk.client.post(f"{desk.at}/registrations/{Registration.objects.get().reference}/cancel/")
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["alpha@x.fr"]]
    assert "Cléo Contact cancelled your registration." in get_plain_text(mail)


def test_attendee_who_read_of_the_cancellation_gets_the_new_badge(run_tasks, mailoutbox):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    run_tasks()
    cancel_registration(registration=registration)
    run_tasks()
    mailoutbox.clear()

    reinstate_and_notify(registration=Registration.objects.get())
    run_tasks()

    assert "zoe@example.org" in [mail.to[0] for mail in mailoutbox]


def test_cancellation_of_an_order_without_address_still_reaches_its_attendee(run_tasks, mailoutbox):
    order_rows(make_desk(), make_row("Alpha", "alpha@x.fr"))
    registration = Registration.objects.get()
    run_tasks()
    Order.objects.update(email="", source="page")
    mailoutbox.clear()

    cancel_registration(registration=registration)
    send.send_cancellation.enqueue(registration.order_id)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["alpha@x.fr"]]
    assert MailDelivery.objects.latest("pk").kind == MailDelivery.Kind.CANCELLATION


def test_buyer_is_named_only_if_the_buyer_gave_the_place_away(run_tasks, mailoutbox):
    ordered = make_order(("Zoe", "zoe@example.org"), ("Cleo", "buyer@example.org"))
    ana = RequestedPlace(ticket="", **ANA)
    [zoe] = ordered.registrations.filter(first_name="Zoe")
    run_tasks()

    by_desk = substitute_as_organizer(registration=zoe, new_attendee=ana)
    run_tasks()
    [desk_mail] = [mail for mail in mailoutbox if mail.to == [ana.email]]
    by_attendee = substitute_attendee(
        registration=by_desk, new_attendee=replace(ana, email="eve@example.net")
    )
    run_tasks()
    [attendee_mail] = [mail for mail in mailoutbox if mail.to == ["eve@example.net"]]
    ben = Correction(first_name="Ben", last_name="Roi", email="ben@example.net", company="", no_photo=False)
    correct_registration(registration=by_attendee, correction=ben)
    run_tasks()
    [buyer_mail] = [mail for mail in mailoutbox if mail.to == ["ben@example.net"]]

    assert "Une place vous a été cédée." in get_plain_text(desk_mail)
    assert "Une place vous a été cédée." in get_plain_text(attendee_mail)
    assert "Cleo Müller vous a cédé une place" in get_plain_text(buyer_mail)


def test_new_holder_reads_which_addons_come_with_the_place(run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    make_addon(event)
    zoe = RequestedPlace(
        ticket="guest", first_name="Zoe", last_name="Roi", email="zoe@example.org", addons=("dinner",)
    )
    request = OrderRequest(email="buyer@example.org", places=(zoe,))
    order = place_order(event=event, request=request, context=make_verified_context())
    ana = RequestedPlace(ticket="", **ANA)

    substitute_as_organizer(registration=order.registrations.get(), new_attendee=ana)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [ana.email]]
    assert "Options : Dîner" in mail.body.splitlines()


def test_former_holders_link_says_that_the_place_was_given_away(client, run_tasks):
    ordered = make_order(("Zoe", "zoe@example.org"), ("Cleo", "cleo@example.org"))
    zoe, cleo = ordered.registrations.order_by("pk")
    Event.objects.update(contact_email="club@example.org")
    given_away, replaced = make_own_secret(zoe), make_own_secret(cleo)
    substitute_as_organizer(registration=zoe, new_attendee=RequestedPlace(ticket="", **ANA))
    replace_attendee_link(registration=cleo)

    page_of_former_holder = client.get(ordered.build_path_with(given_away))
    page_of_replaced_link = client.get(ordered.build_path_with(replaced))

    assert page_of_former_holder.status_code == 404
    assert page_of_replaced_link.status_code == 404
    assert "a été cédée à une autre personne" in page_of_former_holder.text
    assert "écrivez à club@example.org" in page_of_former_holder.text
    assert "dernier e-mail" not in page_of_former_holder.text
    assert "dernier e-mail" in page_of_replaced_link.text


def book_and_await(registration: Registration) -> None:
    """Book a seat in “Atelier”, and join the waiting list of “Visite”, which is full."""
    event = registration.event
    first, second = (
        make_session(event, title=title, is_bookable=True, capacity=1, starts_at=event.starts_at + delay)
        for title, delay in (("Atelier", timedelta()), ("Visite", timedelta(hours=3)))
    )
    book_session(registration=registration, session=first)
    other = make_registration(registration.ticket, email="other@example.org")
    book_session(registration=other, session=second)
    join_session_list(registration=registration, session=second)


def test_page_names_seats_and_waits_that_go_with_the_place(client):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    book_and_await(registration)

    text = read_main_text(client.get(f"/en{make_page_path(registration, 'give')}"))

    assert "Booked sessions that go with the place: Atelier ." in text
    assert "Positions on waiting lists that go with the place: Visite ." in text


def test_page_names_seats_and_waits_that_end_with_a_cancellation(client):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    book_and_await(registration)

    text = read_main_text(client.get(f"/en{make_page_path(registration, 'cancel')}"))

    assert "Booked sessions that are cancelled too: Atelier ." in text
    assert "Positions on waiting lists that are lost: Visite ." in text


def test_new_holder_reads_which_seats_and_waits_come_with_the_place(run_tasks, mailoutbox):
    registration = make_order(("Zoe", "zoe@example.org")).registrations.get()
    Order.objects.update(language="en")
    book_and_await(registration)
    run_tasks()
    registration.refresh_from_db()
    ana = RequestedPlace(ticket="", **ANA)

    substitute_as_organizer(registration=registration, new_attendee=ana)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [ana.email]]
    assert "Booked sessions:\n- Atelier, " in mail.body
    assert "On the waiting list:\n- Visite" in mail.body


def test_new_holder_reads_the_address_of_a_buyer_without_a_name(client, run_tasks, mailoutbox):
    registration = make_order(("Zoe", "buyer@example.org")).registrations.get()
    Order.objects.update(language="en")
    run_tasks()

    post(client, make_page_path(registration, "give"), ANA)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [ANA["email"]]]
    text = get_plain_text(mail).replace("\u200b", "")
    assert "buyer@example.org has transferred a place to you." in text
