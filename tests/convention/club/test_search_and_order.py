"""Search and order ignore accents, case, apostrophes and hyphens."""

import pytest

from convention.club.companies import search_companies
from convention.club.downloads import CLUB_LISTS
from convention.club.models import Company, Employment, Market, Person, WorkingGroup
from convention.club.people import search_people
from convention.text.normalize import name_search_key
from tests.factories import START_OF_2020, make_company, make_membership, make_person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["éluard", "ELUARD", "eluard", "d'eluard", "d’Éluard", "anne sophie", "Anne-Sophie", "a.e@x"]
)
def test_person_is_found_regardless_of_accents_case_and_punctuation(typed):
    person = make_person(first_name="Anne-Sophie", last_name="d’Éluard", email="a.e@x.example")
    make_person(first_name="Émile", last_name="Zola", email="emile@y.example")

    assert list(search_people(typed)) == [person]


@pytest.mark.parametrize("typed", ["oeuvres d'art", "ŒUVRES D’ART", "œuvres-d art", "evry", "552100554"])
def test_company_is_found_regardless_of_accents_case_and_punctuation(typed):
    company = make_company(name="Œuvres d’Art", city="Évry", siren="552100554")
    make_company(name="Zénith", city="Lyon")

    assert list(search_companies(typed)) == [company]


def test_lists_are_sorted_in_french_order():
    names = ["Zola", "d'Aix", "Éluard", "Œuvrard", "de Staël", "Eau", "D’Alembert"]
    in_order = ["d'Aix", "D’Alembert", "de Staël", "Eau", "Éluard", "Œuvrard", "Zola"]

    for name in names:
        Employment.objects.create(
            person=make_person(last_name=name), company=make_company(name=name), starts_on=START_OF_2020
        )
        Market.objects.create(name=name, slug=name_search_key(name).replace(" ", "-"))
        WorkingGroup.objects.create(name=name, slug=name_search_key(name).replace(" ", "-"), kind="thematic")

    assert [person.last_name for person in search_people("")] == in_order
    assert [row[3] for row in CLUB_LISTS["people"]().rows] == in_order
    for model in (Company, Market, WorkingGroup):
        assert [one.name for one in model.objects.all()] == in_order


def test_search_key_is_updated_by_bulk_and_partial_saves():
    ana, zoe = Person.objects.bulk_create([Person(last_name="Élan"), Person(last_name="Œil")])

    assert list(search_people("elan")) == [ana]

    ana.last_name = "Ça"
    Person.objects.bulk_update([ana], ["last_name"])
    zoe.email = "zoe@x.example"

    zoe.save(update_fields=["email"])

    assert [list(search_people(words)) for words in ("ca", "elan", "zoe@x")] == [[ana], [], [zoe]]


def test_saving_other_field_of_stale_object_leaves_search_key_unchanged():
    person = make_person(last_name="Élan")
    stale = Person.objects.get(pk=person.pk)
    person.last_name = "Œil"
    person.save()
    stale.language = "en"

    stale.save(update_fields=["language"])

    assert list(search_people("oeil")) == [person]


def test_back_office_search_ignores_accents_and_case(client):
    root = Person.objects.create_superuser("root@club.example", "a long password")
    client.force_login(root)
    person = make_person(first_name="Paul", last_name="Éluard")
    company = make_company(name="Œuvres")
    for model, typed, found in (("person", "ELUARD paul", person), ("company", "oeuvres", company)):
        page = client.get(f"/back-office/club/{model}/", {"q": typed})
        assert list(page.context["cl"].queryset) == [found]


def test_companies_with_an_active_membership_are_members_without_the_role():
    by_role, by_membership, neither = make_company(), make_company(role=None), make_company(role=None)
    make_membership(by_membership)

    members = set(search_companies("", role="member"))

    assert {by_role, by_membership} <= members
    assert neither not in members
