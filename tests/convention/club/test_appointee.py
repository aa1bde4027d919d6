"""Whom a role is given to is found by name or address; an unknown address is a question first."""

import pytest
from lxml import html

from convention.club.models import ClubRole, CompanyContact, Employment, Mandate, Person, WorkingGroup
from convention.events.models import EventRole
from tests.factories import START_OF_2020, make_administrator, make_company, make_event, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

GROUP = "/en/organize/club/groups/storage/"
MISTYPED = "joel.le-gof0@acme.example"
NEW_NAMES = {"first_name": "Joëlle", "last_name": "Goffin"}
SOMEONE_ELSE = "Someone else: add them with the name below"
UNKNOWN = "Nobody in the directory has this address."


@pytest.fixture
def secretary():
    person = make_person(first_name="Sophie", last_name="Clerc")
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


@pytest.fixture
def group():
    return WorkingGroup.objects.create(name="Storage", slug="storage")


@pytest.fixture
def joel():
    return make_person(email="joel.le-goff@acme.example", first_name="Joël", last_name="Le Goff")


def appoint_lead(client, typed, **fields):
    return client.post(GROUP, {"email": typed, "role": "lead", "starts_on": "2026-01-01", **fields})


def read_choices(answer):
    radios = html.fromstring(answer.text).xpath("//input[@type='radio'][@name='person']")
    return {radio.getparent().text_content().strip(): radio.get("value") for radio in radios}


def has_name_fields(answer):
    return "id_first_name" in html.fromstring(answer.text).xpath("//input/@id")


def test_form_first_asks_for_a_name_or_an_address_only(secretary, group):
    answer = secretary.get(GROUP)

    assert "Name or e-mail address" in answer.text
    assert not has_name_fields(answer)


def test_mistyped_address_is_a_question_about_the_person_it_may_mean(secretary, group, joel):
    answer = appoint_lead(secretary, MISTYPED)

    assert UNKNOWN in answer.text
    assert list(read_choices(answer)) == [
        "Joël Le Goff, joel.le-goff@acme.example",
        SOMEONE_ELSE,
    ]
    assert not Mandate.objects.exists()


def test_person_chosen_instead_of_the_mistyped_address_is_appointed(secretary, group, joel):
    appoint_lead(secretary, MISTYPED, person=joel.pk)

    assert Mandate.objects.get().person == joel
    assert not Person.objects.filter(email=MISTYPED).exists()


def test_mistyped_domain_is_a_question_too(secretary, group, joel):
    answer = appoint_lead(secretary, "joel.le-goff@acne.example")

    assert str(joel.pk) in read_choices(answer).values()


def test_mistyped_provider_needs_no_confirmation_once_the_person_is_chosen(secretary, group):
    ana = make_person(email="ana.petit@gmail.com")

    appoint_lead(secretary, "ana.petit@gmial.com", person=ana.pk)

    assert Mandate.objects.get().person == ana


def test_name_with_a_null_character_finds_its_namesake(secretary, group, joel):
    answer = appoint_lead(secretary, "jlg@other.example", first_name="JOEL\0", last_name="Le Goff")

    assert str(joel.pk) in read_choices(answer).values()


def test_namesake_with_another_address_is_a_question(secretary, group, joel):
    answer = appoint_lead(secretary, "jlg@other.example", first_name="JOEL", last_name="Le Goff")

    assert str(joel.pk) in read_choices(answer).values()
    assert not Person.objects.filter(email="jlg@other.example").exists()


def test_someone_else_is_added_after_the_question(secretary, group, joel):
    question = appoint_lead(secretary, MISTYPED)
    someone_else = read_choices(question)[SOMEONE_ELSE]

    appoint_lead(secretary, MISTYPED, person=someone_else, **NEW_NAMES)

    assert Mandate.objects.get().person.name == "Joëlle Goffin"


def test_someone_else_needs_a_name(secretary, group, joel):
    someone_else = read_choices(appoint_lead(secretary, MISTYPED))[SOMEONE_ELSE]

    answer = appoint_lead(secretary, MISTYPED, person=someone_else)

    assert "Enter a first or last name." in answer.text
    assert not Mandate.objects.exists()


def test_answer_to_one_question_is_none_to_another(secretary, group, joel):
    someone_else = read_choices(appoint_lead(secretary, MISTYPED))[SOMEONE_ELSE]
    namesake = make_person(first_name="Joëlle", last_name="Goffin")

    answer = appoint_lead(secretary, MISTYPED, person=someone_else, **NEW_NAMES)

    assert str(namesake.pk) in read_choices(answer).values()
    assert not Mandate.objects.exists()


def test_address_of_nobody_asks_for_the_name(secretary, group):
    answer = appoint_lead(secretary, "new@firm.example")

    assert f"{UNKNOWN} Check it or, to add someone new, enter their name." in answer.text
    assert has_name_fields(answer)
    assert (
        "(optional)"
        not in html.fromstring(answer.text).xpath("//label[@for='id_first_name']")[0].text_content()
    )


def test_whole_name_of_one_person_appoints_them(secretary, group, joel):
    appoint_lead(secretary, "le goff joel")

    assert Mandate.objects.get().person == joel


@pytest.mark.parametrize("typed", ["Le Goff", "goff jo"])
def test_part_of_a_name_offers_the_matches(secretary, group, joel, typed):
    answer = appoint_lead(secretary, typed)

    assert list(read_choices(answer).values()) == [str(joel.pk)]
    assert not Mandate.objects.exists()


def test_namesakes_are_told_apart_by_their_employers(secretary, group, joel):
    other = make_person(email="j@b.example", first_name="Joël", last_name="Le Goff")
    Employment.objects.create(person=other, company=make_company(name="Beta"), starts_on=START_OF_2020)

    question = appoint_lead(secretary, "Joël Le Goff")
    appoint_lead(secretary, "Joël Le Goff", person=other.pk)

    assert "Joël Le Goff, j@b.example, Beta" in read_choices(question)
    assert Mandate.objects.get().person == other


def test_only_the_first_of_many_matches_are_shown(secretary, group):
    for _number in range(11):
        make_person(last_name="Kerboul")

    answer = appoint_lead(secretary, "Kerboul")

    assert len(read_choices(answer)) == 10
    assert "Enter more of the name to find others." in answer.text


def test_unknown_name_asks_for_the_address(secretary, group):
    answer = appoint_lead(secretary, "Zébulon")

    assert "Nobody in the directory has this name. To add them, enter their address." in answer.text


def test_person_without_an_address_gets_no_role(secretary, group):
    make_person(email=None, first_name="Lou", last_name="Sans")

    answer = appoint_lead(secretary, "Lou Sans")

    assert "Lou Sans has no e-mail address in the directory. Add it on their page first." in answer.text
    assert not Mandate.objects.exists()


def test_contact_is_chosen_among_the_colleagues(secretary):
    company, zoe = make_company(name="Acme"), make_person(first_name="Zoé", last_name="Martin")
    Employment.objects.create(person=zoe, company=company, starts_on=START_OF_2020)
    page = f"/en/organize/club/companies/{company.slug}/"

    suggested = html.fromstring(secretary.get(page).text).xpath("//datalist[@id='colleagues']/option/@value")
    secretary.post(page, {"email": "Zoé Martin", "starts_on": "2026-01-01"})

    assert suggested == [zoe.email]
    assert CompanyContact.objects.get().person == zoe


def test_club_role_is_given_by_name(joel):
    administrator = make_client(make_administrator())

    administrator.post(
        "/en/organize/club/roles/", {"email": "Joël Le Goff", "role": "treasurer", "starts_on": "2026-01-01"}
    )

    assert ClubRole.objects.get(role="treasurer").person == joel


@pytest.fixture
def event_organizer():
    person = make_person(email="olga@firm.example")
    event = make_event(slug="x")
    EventRole.objects.create(event=event, person=person, role="organizer", starts_on=START_OF_2020)
    return make_client(person)


def give_event_role(client, typed, **fields):
    return client.post(
        "/en/organize/x/people/", {"email": typed, "role": "desk", "starts_on": "2026-01-01", **fields}
    )


def test_organizer_of_one_event_does_not_search_the_directory(event_organizer, joel):
    answer = give_event_role(event_organizer, "Joël Le Goff")

    assert "joel.le-goff@acme.example" not in answer.text
    assert not EventRole.objects.filter(role="desk").exists()


def test_organizer_of_one_event_learns_nothing_from_an_unknown_address(event_organizer, joel):
    give_event_role(event_organizer, MISTYPED, first_name="Joël", last_name="Le Goff")

    assert EventRole.objects.get(role="desk").person.email == MISTYPED


def test_administrator_finds_the_person_for_an_event_by_name(event_organizer, joel):
    give_event_role(make_client(make_administrator()), "Joël Le Goff")

    assert EventRole.objects.get(role="desk").person == joel
