"""Transfer of a place to a colleague: nothing is paid again, and the old badge is void."""

import datetime

import pytest
from django.utils import timezone, translation
from lxml import html

from badges.codes import build_badge_code
from convention.audit.models import AuditEntry
from convention.club.models import Person
from convention.errors import InvalidFields, NotFound, NotOpenNow
from registrations.booking.order_limits import AlreadyRegistered
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_as_organizer, correct_registration
from registrations.changes.substitute import substitute_attendee
from registrations.order_request import RequestedPlace
from registrations.permissions import get_order_by_link, make_own_secret
from tests.factories import make_company, make_event, make_member, make_registration, make_ticket

pytestmark = pytest.mark.django_db


def place(**fields):
    return RequestedPlace(
        ticket="", **{"first_name": "Bob", "last_name": "Roi", "email": "bob@example.org", **fields}
    )


def make_member_place():
    company = make_company()
    person = make_member(company, email="ana@example.org")
    ticket = make_ticket(slug="member", audience="member")
    return make_registration(ticket, person=person, member_of=company, email="ana@example.org", price=100)


def test_substitution_keeps_price_and_voids_badge_and_link(run_tasks, mailoutbox):
    one = make_registration(price=12_000, no_photo=True)
    secret, before = make_own_secret(one), build_badge_code(one)

    other = substitute_attendee(registration=one, new_attendee=place())

    assert other.name == "Bob Roi"
    assert other.email == "bob@example.org"
    assert other.price == 12_000
    assert not other.no_photo
    assert other.badge_version == 2
    assert build_badge_code(other) != before
    with pytest.raises(NotFound):
        get_order_by_link(one.order.reference, secret)

    run_tasks()

    assert {tuple(mail.to) for mail in mailoutbox} == {("bob@example.org",), ("buyer@example.org",)}
    assert make_own_secret(other) in next(mail.body for mail in mailoutbox if mail.to == ["bob@example.org"])
    assert AuditEntry.objects.get().verb == "registration.substitute"
    assert "Bob" not in str(AuditEntry.objects.get().fields)


def test_member_place_goes_only_to_member_of_same_company():
    one = make_member_place()
    for stranger in (make_member(email="eve@example.org").email, "nobody@example.org"):
        with pytest.raises(InvalidFields) as refused:
            substitute_attendee(registration=one, new_attendee=place(email=stranger))
        assert list(refused.value.field_errors) == ["email"]
    bob = make_member(one.member_of, email="bob@example.org")

    one = substitute_attendee(registration=one, new_attendee=place())

    assert one.person == bob
    assert one.member_of == bob.seats.get().membership.company

    zoe = make_member(one.member_of, email="zoe@example.org")
    make_registration(one.ticket, person=zoe, member_of=one.member_of, email="zoe@example.org")

    with pytest.raises(AlreadyRegistered):
        substitute_attendee(registration=one, new_attendee=place(email="zoe@example.org"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"last_name": " "}, "last_name"),
        ({"email": "bob@"}, "email"),
        ({"email": "ZOE@example.org"}, "email"),
    ],
)
def test_invalid_substitute_reports_error_by_field(typed, field):
    with pytest.raises(InvalidFields) as refused:
        substitute_attendee(registration=make_registration(), new_attendee=place(**typed))
    assert list(refused.value.field_errors) == [field]


def test_only_organizers_may_transfer_after_deadline():
    now, hour = timezone.now(), datetime.timedelta(hours=1)
    began = make_event(starts_at=now - hour, ends_at=now + hour)
    one = make_registration(make_ticket(began))
    wanted = Correction(
        first_name="Bob", last_name="Roi", email="bob@example.org", company="", no_photo=False
    )
    actions = (
        (substitute_attendee, {"new_attendee": place()}),
        (correct_registration, {"correction": wanted}),
    )
    for action, who in actions:
        with pytest.raises(NotOpenNow):
            action(registration=one, **who)

    same = Correction(first_name="Zoe", last_name="Müller", email=one.email, company="", no_photo=True)

    assert correct_registration(registration=one, correction=same).no_photo
    assert correct_as_organizer(registration=one, correction=wanted).name == "Bob Roi"

    began.substitutions_close_at = now + hour
    began.save()

    assert (
        substitute_attendee(registration=one, new_attendee=place(email="eve@example.org")).email
        == "eve@example.org"
    )

    cancel_registration(registration=one)

    with pytest.raises(NotOpenNow):
        substitute_attendee(registration=one, new_attendee=place(email="ana@example.org"))


def test_unassigned_place_gets_name_without_new_address():
    one = make_registration(first_name="", last_name="")

    assert one.name == "Nom à préciser"
    assert not one.has_name
    assert substitute_attendee(registration=one, new_attendee=place(email=one.email)).has_name


def test_exception_to_a_members_ticket_is_corrected_by_organizers_only():
    exception = make_registration(make_ticket(slug="member", audience="member"), email="zoe@example.org")
    correction = Correction(
        first_name="Zoé", last_name="Müller", email="right@example.org", company="", no_photo=False
    )

    with pytest.raises(InvalidFields):
        correct_registration(registration=exception, correction=correction)
    corrected = correct_as_organizer(registration=exception, correction=correction)

    assert corrected.email == "right@example.org"


def test_exception_to_a_members_ticket_is_not_moved_to_the_address_of_a_member():
    exception = make_registration(make_ticket(slug="member", audience="member"), email="zoe@example.org")
    member = make_member(email="member@example.org")
    correction = Correction(
        first_name="Zoé", last_name="Müller", email=member.email, company="", no_photo=False
    )

    with pytest.raises(InvalidFields) as refused:
        correct_as_organizer(registration=exception, correction=correction)

    assert "email" in refused.value.field_errors


@pytest.fixture
def members_place():
    company = make_company()
    member = make_member(company, email="typo@example.org", first_name="Zoé", last_name="Müller")
    ticket = make_ticket(slug="member", audience="member")
    return make_registration(
        ticket,
        first_name="Zoé",
        last_name="Müller",
        email="typo@example.org",
        company="",
        person=member,
        member_of=company,
    )


def correct_address(registration):
    correction = Correction(
        first_name="Zoé", last_name="Müller", email="right@example.org", company="", no_photo=False
    )
    return correct_as_organizer(registration=registration, correction=correction)


def test_address_of_a_member_follows_the_directory(members_place):
    Person.objects.filter(pk=members_place.person_id).update(email="right@example.org")

    corrected = correct_address(members_place)

    assert corrected.email == "right@example.org"
    assert corrected.person_id == members_place.person_id
    assert corrected.badge_version == members_place.badge_version


def test_organizer_reads_that_the_directory_comes_first(members_place):
    with translation.override("en"), pytest.raises(InvalidFields) as refused:
        correct_address(members_place)

    assert "Change the address in the club’s directory first" in refused.value.field_errors["email"][0]


def test_refused_transfer_of_an_exception_refers_to_the_organizers():
    exception = make_registration(make_ticket(slug="member", audience="member"), company="")

    with pytest.raises(InvalidFields) as refused:
        substitute_attendee(registration=exception, new_attendee=place())

    assert "Écrivez aux organisateurs" in refused.value.field_errors["email"][0]


def list_buttons_of_place(client, registration) -> list[str]:
    page = html.fromstring(client.get(f"/en{registration.order.manage_path}").content)
    return [button.text.strip() for button in page.xpath("//main//span[@class='cluster']/a")]


def test_place_of_a_member_can_be_given_to_a_colleague(client):
    registration = make_member_place()

    buttons = list_buttons_of_place(client, registration)

    assert buttons == ["Correct the details", "Give the place to a colleague", "Cancel the registration"]


def test_unconfirmed_place_of_a_member_is_corrected_not_given_to_a_colleague(client):
    until = timezone.now() + datetime.timedelta(hours=1)
    ticket = make_ticket(slug="member", audience="member")
    registration = make_registration(
        ticket, email="ana@example.org", confirmed_at=None, hold_expires_at=until
    )

    buttons = list_buttons_of_place(client, registration)

    assert buttons == ["Correct the details", "Cancel the registration"]
