"""Figures for the caterer: counts by meal and diet, allergies as written, and no names."""

import pytest

from registrations.models import Registration, RegistrationAddon
from registrations.questions.meals import count_meals, make_meal_sheet
from registrations.seed import create_diet_questions
from tests.factories import make_addon, make_registration
from tests.pdf_readers import pdf_sizes, pdf_text

pytestmark = pytest.mark.django_db

PEOPLE = [
    ("Abel", {"diet": ["vegan"]}),
    ("Brune", {"diet": ["vegan", "allergy"], "allergy": "Noix"}),
    ("Côme", {"diet": ["allergy"], "allergy": "Noix"}),
    ("Dora", {}),
]


@pytest.fixture
def people(event):
    create_diet_questions(event)
    ticket = event.tickets.get()
    return [
        make_registration(ticket, first_name=name, last_name="Durand", answers=kept) for name, kept in PEOPLE
    ]


def numbers(meal):
    return (
        meal.eater_count,
        meal.no_diet_count,
        {name: n for name, n in meal.diet_counts if n},
        meal.note_counts,
    )


def test_each_meal_counts_attendees_who_ordered_it(event, people):
    dinner, gala = make_addon(event), make_addon(event, slug="gala", name="Gala")
    make_addon(event, slug="visit", name="Visite", kind="other")
    for person in people[:3]:
        RegistrationAddon.objects.create(registration=person, addon=dinner)

    RegistrationAddon.objects.create(registration=people[3], addon=gala)

    assert [(meal.title, *numbers(meal)) for meal in count_meals(event)] == [
        ("Dîner", 3, 0, {"Végétalien": 2, "Allergie": 2}, [("Noix", 2)]),
        ("Gala", 1, 1, {}, []),
    ]


def test_cancelled_and_unconfirmed_attendees_are_not_counted(event, people):
    dinner = make_addon(event)
    for person in people:
        RegistrationAddon.objects.create(registration=person, addon=dinner)
    RegistrationAddon.objects.filter(registration=people[0]).update(cancelled_at=people[0].created_at)
    Registration.objects.filter(pk=people[1].pk).update(cancelled_at=people[1].created_at)

    Registration.objects.filter(pk=people[2].pk).update(confirmed_at=None)

    assert [numbers(meal) for meal in count_meals(event)] == [(1, 1, {}, [])]


def test_without_meal_addons_lunch_counts_all_attendees_each_day(event, people):
    meals = count_meals(event)
    assert [(meal.title[:9], meal.eater_count) for meal in meals] == [("Déjeuner,", 4), ("Déjeuner,", 4)]


def test_meal_files_and_page_contain_no_names(organizer, event, people):
    sheet = make_meal_sheet(event)
    table = [",".join(map(str, cells)) for cells in (sheet.header, *sheet.rows)]

    assert [row.split(",")[-1] for row in table[1:4]] == ["4", "1", "0"]

    paper = organizer.get("/organize/congress/meals.pdf").content
    page = organizer.get("/organize/congress/meals/").text

    printed = pdf_text(paper)

    assert len(pdf_sizes(paper)) == 1
    assert "Noix (2)" in printed

    said = "\n".join([*table, printed, page])

    assert [name for name, _kept in PEOPLE if name in said] + [n for n in ("Durand",) if n in said] == []

    kinds = [organizer.get(f"/organize/congress/meals.{kind}")["Content-Type"] for kind in ("csv", "xlsx")]

    assert kinds == [
        "text/csv; charset=utf-8",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ]
