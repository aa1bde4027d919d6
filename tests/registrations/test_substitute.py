"""A place goes to a colleague: nothing is paid again, and the badge that is out opens nothing any more."""

import datetime

import pytest
from django.utils import timezone

from badges.codes import code_of
from convention.audit.models import Entry
from convention.errors import Closed, InvalidFields, NotFound
from registrations.cancel import cancel
from registrations.correct import Correction, correct, correct_for
from registrations.doors import order_by_link, own_secret
from registrations.one_place import AlreadyRegistered
from registrations.order_request import Place
from registrations.substitute import substitute
from tests.factories import make_company, make_event, make_member, make_registration, make_ticket

pytestmark = pytest.mark.django_db


def place(**fields):
    return Place(ticket="", **{"first_name": "Bob", "last_name": "Roi", "email": "bob@example.org", **fields})


def members_place():
    company = make_company()
    person = make_member(company, email="ana@example.org")
    ticket = make_ticket(slug="member", audience="member")
    return make_registration(ticket, person=person, member_of=company, email="ana@example.org", price=100)


def test_the_place_changes_hands_with_its_price_and_the_former_link_opens_nothing(run_tasks, mailoutbox):
    one = make_registration(price=12_000, no_photo=True)
    secret, before = own_secret(one), code_of(one)
    other = substitute(registration=one, by=place())
    assert (other.name, other.email, other.price, other.no_photo) == (
        "Bob Roi",
        "bob@example.org",
        12_000,
        False,
    )
    assert other.generation == 2
    assert code_of(other) != before
    with pytest.raises(NotFound):
        order_by_link(one.order.reference, secret)
    run_tasks()
    assert {tuple(mail.to) for mail in mailoutbox} == {("bob@example.org",), ("buyer@example.org",)}
    assert own_secret(other) in next(mail.body for mail in mailoutbox if mail.to == ["bob@example.org"])
    assert Entry.objects.get().verb == "registration.substitute"
    assert "Bob" not in str(Entry.objects.get().fields)


def test_a_members_place_goes_to_whoever_holds_a_seat_of_the_same_company():
    one = members_place()
    for stranger in (make_member(email="eve@example.org").email, "nobody@example.org"):
        with pytest.raises(InvalidFields) as refused:
            substitute(registration=one, by=place(email=stranger))
        assert list(refused.value.fields) == ["email"]
    bob = make_member(one.member_of, email="bob@example.org")
    one = substitute(registration=one, by=place())
    assert (one.person, one.member_of) == (bob, bob.seats.get().membership.company)
    zoe = make_member(one.member_of, email="zoe@example.org")
    make_registration(one.ticket, person=zoe, member_of=one.member_of, email="zoe@example.org")
    with pytest.raises(AlreadyRegistered):
        substitute(registration=one, by=place(email="zoe@example.org"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"last_name": " "}, "last_name"),
        ({"email": "bob@"}, "email"),
        ({"email": "ZOE@example.org"}, "email"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(typed, field):
    with pytest.raises(InvalidFields) as refused:
        substitute(registration=make_registration(), by=place(**typed))
    assert list(refused.value.fields) == [field]


def test_until_the_deadline_and_no_later_but_for_organizers():
    now, hour = timezone.now(), datetime.timedelta(hours=1)
    began = make_event(starts_at=now - hour, ends_at=now + hour)
    one = make_registration(make_ticket(began))
    wanted = Correction(
        first_name="Bob", last_name="Roi", email="bob@example.org", company="", no_photo=False
    )
    for act, who in ((substitute, {"by": place()}), (correct, {"correction": wanted})):
        with pytest.raises(Closed):
            act(registration=one, **who)
    same = Correction(first_name="Zoe", last_name="Müller", email=one.email, company="", no_photo=True)
    assert correct(registration=one, correction=same).no_photo
    assert correct_for(registration=one, correction=wanted).name == "Bob Roi"
    began.substitutions_until = now + hour
    began.save()
    assert substitute(registration=one, by=place(email="eve@example.org")).email == "eve@example.org"
    cancel(registration=one)
    with pytest.raises(Closed):
        substitute(registration=one, by=place(email="ana@example.org"))


def test_a_name_that_was_to_follow_comes_without_another_address():
    one = make_registration(first_name="", last_name="")
    assert (one.name, one.is_named) == ("Nom à suivre", False)
    assert substitute(registration=one, by=place(email=one.email)).is_named
