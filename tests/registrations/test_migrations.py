"""What migrations do to kept data."""

import importlib

import pytest
from django.apps import apps

from registrations.invoices.owe import Owed
from registrations.models import Registration
from tests.factories import make_registration, make_ticket
from tests.registrations.invoices.makers import make_receivable

pytestmark = pytest.mark.django_db


def test_kept_names_are_folded_again_and_the_rest_is_left_alone():
    ticket = make_ticket()
    for last_name in ("Zola", "Œuvrard", "Petit"):
        make_registration(ticket, last_name=last_name, first_name="Ana", company="")
    as_before = Registration.objects.filter(last_name="Œuvrard")
    as_before.update(sort_name="œuvrard ana", search="ana œuvrard")
    Registration.objects.filter(last_name="Zola").update(no_photo=True)
    importlib.import_module("registrations.migrations.0004_names_with_ligatures").fold_again(apps, None)
    names = Registration.objects.filter(event=ticket.event).order_by("sort_name")
    assert [one.last_name for one in names] == ["Œuvrard", "Petit", "Zola"]
    assert [one.last_name for one in names.matching("oeuv")] == ["Œuvrard"]
    assert [one.no_photo for one in names] == [False, False, True]


def test_kept_names_with_signs_are_filed_without():
    ticket = make_ticket()
    one = make_registration(ticket, last_name="d’Aix-Rey", first_name="Ana", company="")
    Registration.objects.update(sort_name="d’aix-rey ana", search="ana d’aix-rey")
    importlib.import_module("registrations.migrations.0014_names_without_signs").fold_names(apps, None)
    assert list(Registration.objects.matching("d'aix rey")) == [one]
    assert Registration.objects.get().sort_name == "d aix rey ana"


def test_the_name_of_an_attendee_is_parted_from_what_a_charge_is_for():
    one = make_registration(make_ticket(name="Pass, deux jours", price=12_000), price=12_000)
    hand = Owed("hand-1", "Salle, le soir", 9_000, 2000)
    receivable = make_receivable(
        Owed(one.reference, "Pass, deux jours, Zoé Müller", 12_000, 2000),
        Owed(f"{one.reference}/dinner", "Dîner, Zoé Müller", 4_500, 2000),
        hand,
    )
    importlib.import_module("registrations.invoices.migrations.0006_attendee").part_descriptions(apps, None)
    charges = receivable.charges.order_by("pk").values_list("description", "attendee")
    assert list(charges) == [
        ("Pass, deux jours", "Zoé Müller"), ("Dîner", "Zoé Müller"), ("Salle, le soir", ""),
    ]  # fmt: skip
    assert [charge.text for charge in receivable.charges.order_by("pk")] == [
        "Pass, deux jours, Zoé Müller", "Dîner, Zoé Müller", "Salle, le soir",
    ]  # fmt: skip
