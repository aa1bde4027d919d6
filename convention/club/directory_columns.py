"""The columns of a list of companies and people: what each may be, and what its heading is taken for."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy

from convention.columns import NAMES, as_before, named_by, names_columns, picked

COLUMNS: Final = {
    "company": (
        *("company", "company name", "organization", "organisation", "employer", "entreprise", "societe"),
        *("raison sociale", "employeur"),
    ),
    "siren": ("siren", "siren number", "numero siren", "no siren"),
    "sector": ("sector", "industry", "secteur", "activite"),
    "street": ("street", "address", "rue", "adresse"),
    "postcode": ("postcode", "zip", "zip code", "code postal"),
    "city": ("city", "town", "ville"),
    "roles": ("roles", "company roles", "role", "roles de l'entreprise"),
    "markets": ("markets", "market", "marches", "marche"),
    **NAMES,
    "title": ("title", "job title", "function", "position", "fonction", "poste", "titre"),
    "level": ("level", "function level", "niveau"),
    "starts_on": ("from", "since", "start", "starts on", "employed from", "depuis", "du", "debut"),
    "ends_on": ("to", "until", "end", "ends on", "employed until", "jusqu'au", "au", "fin"),
    "seat": ("seat", "member", "siege", "adherent"),
    "contact": ("contact", "company contact", "contact de l'entreprise"),
}
LABELS: Final = {
    "company": gettext_lazy("Company"),
    "siren": gettext_lazy("SIREN"),
    "sector": gettext_lazy("Sector"),
    "street": gettext_lazy("Street"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("City"),
    "roles": gettext_lazy("Roles of the company"),
    "markets": gettext_lazy("Markets"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "full_name": gettext_lazy("Full name, in one cell"),
    "email": gettext_lazy("E-mail"),
    "title": gettext_lazy("Function"),
    "level": gettext_lazy("Level"),
    "starts_on": gettext_lazy("Works there from"),
    "ends_on": gettext_lazy("Works there until"),
    "seat": gettext_lazy("Seat: yes or no"),
    "contact": gettext_lazy("Contact: yes or no"),
}
NEEDED: Final = (("company", "siren"),)


is_heading: Final = partial(names_columns, COLUMNS)
"""Whether a row names columns and no company; it can be pickled, for `read_upload`."""


def fields() -> dict[str, str]:
    """What a column can be, with its words for people."""
    return {name: str(label) for name, label in LABELS.items()}


def guessed(header: Sequence[str], remembered: Mapping[str, str] | None = None) -> list[str]:
    """The pick of each column: as it was for this heading before, or as its words say; each field once."""
    guesses = [named_by(COLUMNS, heading) for heading in header]
    return picked(header, as_before(header, guesses, remembered or {}), COLUMNS)
