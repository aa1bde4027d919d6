"""Map the columns of a list to fields, from their headings or as an organizer chose. No database access.

A column maps to a field's name, to `question:SLUG` or `addon:SLUG` for a question or an add-on of the event,
or to "" to be ignored.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.tables.columns import (
    PERSON_HEADINGS,
    apply_remembered_columns,
    choose_fields_once,
    find_field,
    is_heading_row,
    normalize_heading,
)
from registrations.models import Addon, Question

# Compared after `normalize_heading`, hence without accents and capitals.
COLUMN_HEADINGS = {
    **PERSON_HEADINGS,
    "company": (
        *("company", "company name", "organization", "organisation", "employer", "entreprise", "societe"),
        *("employeur", "raison sociale", "organisme", "structure", "nom de l'entreprise"),
        *("nom de la societe", "votre entreprise", "votre societe"),
    ),
    "ticket": ("ticket", "ticket type", "billet", "type de billet", "category", "categorie"),
    "no_photo": ("no photographs", "no photo", "no photos", "sans photo", "pas de photographie"),
    "addons": ("add ons", "addons", "options", "extras", "besides", "en plus", "supplements"),
    "purchase_order": ("purchase order", "po number", "bon de commande", "numero de bon de commande"),
    "reference": ("reference",),
}
FIELD_LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "full_name": gettext_lazy("Full name (one cell)"),
    "email": gettext_lazy("E-mail"),
    "company": gettext_lazy("Company"),
    "ticket": gettext_lazy("Ticket"),
    "no_photo": gettext_lazy("No photographs"),
    "addons": gettext_lazy("Add-ons"),
    "purchase_order": gettext_lazy("Purchase order"),
    "reference": gettext_lazy("Reference"),
}
REQUIRED_FIELDS = (("first_name", "full_name"), ("last_name", "full_name"))
QUESTION_PREFIX = "question:"
# A column with yes or no for one add-on; the field `addons` lists add-ons by name.
ADDON_PREFIX = "addon:"
# An organizer cannot consent for others, and a spreadsheet cell cannot contain a file.
EXCLUDED_QUESTION_KINDS = (Question.Kind.FILE, Question.Kind.CONSENT)


def find_column_field(heading: str) -> str:
    """Return the field that a French or English heading names, or ""."""
    return find_field(COLUMN_HEADINGS, heading)


# Whether a row is the heading row. A partial rather than a lambda: `read_upload` pickles it for the process
# that parses the file.
is_heading: Final = partial(is_heading_row, COLUMN_HEADINGS)


def list_field_choices(questions: Iterable[Question], addons: Iterable[Addon]) -> dict[str, str]:
    """Return the fields a column can map to at this event, with their labels."""
    question_choices = {
        f"{QUESTION_PREFIX}{q.slug}": q.title for q in questions if q.kind not in EXCLUDED_QUESTION_KINDS
    }
    addon_choices = {
        f"{ADDON_PREFIX}{addon.slug}": _("Add-on: %(addon)s (yes or no)") % {"addon": addon.title}
        for addon in addons
    }
    return {name: str(label) for name, label in FIELD_LABELS.items()} | addon_choices | question_choices


def guess_header_fields(
    header: Sequence[str],
    questions: Iterable[Question],
    addons: Iterable[Addon],
    known_mapping: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the field of each column: as mapped before for this heading, else guessed; each field once."""
    questions, addons = list(questions), list(addons)
    addon_fields = {
        normalize_heading(words): f"{ADDON_PREFIX}{addon.slug}"
        for addon in addons
        for words in (addon.slug, addon.name_en, addon.name)
        if words
    }
    question_fields = {
        normalize_heading(words): f"{QUESTION_PREFIX}{question.slug}"
        for question in questions
        for words in (question.slug, question.text_en, question.text)
        if words
    }
    event_fields = question_fields | addon_fields
    guesses = [
        find_column_field(heading) or event_fields.get(normalize_heading(heading), "") for heading in header
    ]
    mapped_fields = apply_remembered_columns(header, guesses, known_mapping or {})
    return choose_fields_once(header, mapped_fields, list_field_choices(questions, addons))
