"""Map the columns of a list to fields, from their headings or as an organizer chose. No database access.

A column maps to a field's name, to `question:SLUG` for a question of the event, or to "" to be ignored.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy

from convention.tables.columns import (
    PERSON_HEADINGS,
    apply_remembered_columns,
    choose_fields_once,
    find_field,
    is_heading_row,
    normalize_heading,
)
from registrations.models import Question

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
# An organizer cannot consent for others, and a spreadsheet cell cannot contain a file.
EXCLUDED_QUESTION_KINDS = (Question.Kind.FILE, Question.Kind.CONSENT)


def find_column_field(heading: str) -> str:
    """Return the field that a French or English heading names, or ""."""
    return find_field(COLUMN_HEADINGS, heading)


# Whether a row is the heading row. A partial rather than a lambda: `read_upload` pickles it for the process
# that parses the file.
is_heading: Final = partial(is_heading_row, COLUMN_HEADINGS)


def list_field_choices(questions: Iterable[Question]) -> dict[str, str]:
    """Return the fields a column can map to at this event, with their labels."""
    question_choices = {
        f"{QUESTION_PREFIX}{q.slug}": q.title for q in questions if q.kind not in EXCLUDED_QUESTION_KINDS
    }
    return {name: str(label) for name, label in FIELD_LABELS.items()} | question_choices


def guess_header_fields(
    header: Sequence[str], questions: Iterable[Question], known_mapping: Mapping[str, str] | None = None
) -> list[str]:
    """Return the field of each column: as mapped before for this heading, else guessed; each field once."""
    questions = list(questions)
    question_fields = {
        normalize_heading(words): f"{QUESTION_PREFIX}{question.slug}"
        for question in questions
        for words in (question.slug, question.text_en, question.text)
        if words
    }
    guesses = [
        find_column_field(heading) or question_fields.get(normalize_heading(heading), "")
        for heading in header
    ]
    return choose_fields_once(
        header, apply_remembered_columns(header, guesses, known_mapping or {}), list_field_choices(questions)
    )
