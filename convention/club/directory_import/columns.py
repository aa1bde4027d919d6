"""The columns of a directory list, and how their headings are recognized."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy, pgettext_lazy

from convention.tables.columns import (
    PERSON_HEADINGS,
    apply_remembered_columns,
    choose_fields_once,
    find_field,
    is_heading_row,
)

COLUMN_HEADINGS: Final = {
    "company": (
        *("company", "company name", "organization", "organisation", "employer", "entreprise", "societe"),
        *("raison sociale", "employeur", "ste", "nom de l'entreprise", "nom entreprise", "nom de la societe"),
        *("nom societe", "organisme"),
    ),
    "siren": ("siren", "siren number", "numero siren", "no siren", "n° siren"),
    "sector": ("sector", "industry", "secteur", "activite", "secteur d'activite"),
    "street": ("street", "address", "rue", "adresse", "adresse postale", "n° et rue"),
    "postcode": ("postcode", "postal code", "zip", "zip code", "code postal", "code post.", "cp", "c.p."),
    "city": ("city", "town", "ville", "commune", "localite"),
    "roles": ("roles", "company roles", "role", "roles de l'entreprise"),
    "markets": ("markets", "market", "marches", "marche"),
    **PERSON_HEADINGS,
    "phone": (
        *("phone", "phone number", "telephone", "telephone number", "tel", "tel.", "mobile", "mobile phone"),
        *("cell", "cell phone", "work phone", "business phone", "direct line", "numero de telephone"),
        *("n° de telephone", "telephone portable", "tel. portable", "portable", "telephone mobile", "gsm"),
        *("telephone professionnel", "tel. professionnel", "tel pro", "tel. pro", "ligne directe"),
    ),
    "company_phone": (
        *("company phone", "company phone number", "switchboard", "main phone", "standard"),
        *("telephone de l'entreprise", "telephone entreprise", "tel. entreprise", "tel entreprise"),
        *("telephone de la societe", "telephone societe", "telephone standard", "numero du standard"),
    ),
    "title": (
        *("title", "job title", "function", "position", "fonction", "poste", "titre", "intitule du poste"),
        *("fonctions", "fct"),
    ),
    "level": ("level", "function level", "niveau"),
    "starts_on": (
        *("from", "since", "start", "starts on", "employed from", "arrival", "arrival date", "depuis", "du"),
        *("debut", "arrivee", "date d'arrivee"),
    ),
    "ends_on": (
        *("to", "until", "end", "ends on", "employed until", "departure", "departure date", "jusqu'au", "au"),
        *("fin", "depart", "date de depart"),
    ),
    "seat": ("seat", "member", "siege", "adherent"),
    "contact": ("contact", "company contact", "contact de l'entreprise"),
    "plan": (
        *("membership plan", "plan", "membership", "formule d'adhesion", "formule", "adhesion"),
        *("type d'adhesion", "type de membre"),
    ),
    "member_from": (
        *("member from", "member since", "membership start", "start of membership", "debut d'adhesion"),
        *("debut de l'adhesion", "date d'adhesion", "adherent depuis", "membre depuis", "adhesion du"),
    ),
    "member_until": (
        *("member until", "membership end", "end of membership", "fin d'adhesion", "fin de l'adhesion"),
        *("adherent jusqu'au", "membre jusqu'au", "adhesion jusqu'au", "adhesion au", "echeance"),
    ),
    "included_seats": (
        *("seats included", "included seats", "seats", "number of seats", "sieges compris"),
        *("sieges inclus", "sieges", "nombre de sieges", "nb de sieges", "nb sieges"),
    ),
    "extra_seats": ("extra seats", "additional seats", "sieges supplementaires", "sieges en plus"),
    "dues": (
        *("dues", "membership dues", "membership fee", "annual fee", "fee", "dues, in euros"),
        *("cotisation", "cotisation annuelle", "montant de la cotisation", "cotisation, en euros"),
    ),
    "confirmed_on": (
        *("membership confirmed on", "confirmed on", "adhesion confirmee le", "confirmee le"),
        "date de confirmation",
    ),
}
COLUMN_LABELS: Final = {
    "company": gettext_lazy("Company"),
    "siren": gettext_lazy("SIREN"),
    "sector": gettext_lazy("Sector"),
    "street": gettext_lazy("Street"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("City"),
    "company_phone": gettext_lazy("Company phone"),
    "roles": gettext_lazy("Company roles"),
    "markets": gettext_lazy("Markets"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "full_name": gettext_lazy("Full name (one cell)"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "title": gettext_lazy("Job title"),
    "level": gettext_lazy("Level"),
    "starts_on": gettext_lazy("Works there from"),
    "ends_on": gettext_lazy("Works there until"),
    "seat": gettext_lazy("Seat: yes or no"),
    "contact": gettext_lazy("Contact: yes or no"),
    "plan": gettext_lazy("Membership plan"),
    "member_from": gettext_lazy("Member from"),
    "member_until": gettext_lazy("Member until"),
    "included_seats": gettext_lazy("Seats included"),
    "extra_seats": pgettext_lazy("membership", "Extra seats"),
    "dues": gettext_lazy("Dues, in euros"),
    "confirmed_on": gettext_lazy("Membership confirmed on"),
}
PERSON_COLUMNS: Final = frozenset(PERSON_HEADINGS)
# One of each group: a company is known by its name or by its SIREN.
REQUIRED_COLUMNS: Final = (("company", "siren"),)


# Does a row contain headings? A partial, since `read_upload` pickles it for another process.
is_directory_heading: Final = partial(is_heading_row, COLUMN_HEADINGS)


def get_column_labels() -> dict[str, str]:
    """Return the translated labels of the columns, by name."""
    return {name: str(label) for name, label in COLUMN_LABELS.items()}


def guess_columns(header: Sequence[str], remembered: Mapping[str, str] | None = None) -> list[str]:
    """Return the field of each column, as remembered for its heading or recognized; each field once."""
    guesses = [find_field(COLUMN_HEADINGS, heading) for heading in header]
    picks = apply_remembered_columns(header, guesses, remembered or {})
    return choose_fields_once(header, _assign_phones(guesses, picks), COLUMN_HEADINGS)


def _assign_phones(guesses: Sequence[str], picks: Sequence[str]) -> list[str]:
    """Return the picks; a heading such as “Phone” is the company's in a list without people.

    What an earlier list remembered does not count then: it may have been of the other kind.
    """
    phone = "company_phone" if PERSON_COLUMNS.isdisjoint(picks) else "phone"
    return [
        phone if guess == "phone" and pick in ("phone", "company_phone") else pick
        for guess, pick in zip(guesses, picks, strict=True)
    ]
