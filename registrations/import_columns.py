"""Which column of a list is what: guessed from its heading, or as the organizer says. Pure.

A column's pick is the name of a field, `question:SLUG` for a question of the event, or empty to ignore it.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy

from convention.columns import NAMES, as_before, named_by, names_columns, picked, plainly

from .models import Question

COLUMNS = {
    **NAMES,
    "company": (
        *("company", "company name", "organization", "organisation", "employer", "entreprise", "societe"),
        *("employeur", "raison sociale", "organisme", "structure", "nom de l'entreprise"),
        *("nom de la societe", "votre entreprise", "votre societe"),
    ),
    "ticket": ("ticket", "ticket type", "billet", "type de billet", "category", "categorie"),
    "no_photo": ("no photographs", "no photo", "no photos", "sans photo", "pas de photographie"),
    "addons": ("besides", "add ons", "addons", "en plus", "supplements"),
    "purchase_order": ("purchase order", "po number", "bon de commande", "numero de bon de commande"),
    "reference": ("reference",),
}
LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "full_name": gettext_lazy("Full name, in one cell"),
    "email": gettext_lazy("E-mail"),
    "company": gettext_lazy("Company"),
    "ticket": gettext_lazy("Ticket"),
    "no_photo": gettext_lazy("No photographs"),
    "addons": gettext_lazy("Besides"),
    "purchase_order": gettext_lazy("Purchase order"),
    "reference": gettext_lazy("Reference"),
}
NEEDED = (("first_name", "full_name"), ("last_name", "full_name"))
ASKS = "question:"
UNLISTED = (Question.Kind.FILE, Question.Kind.CONSENT)
"""What nobody can answer for others in a list."""


def field_of(heading: str) -> str:
    """The field that a heading names, in French or English; empty for any other."""
    return named_by(COLUMNS, heading)


is_heading: Final = partial(names_columns, COLUMNS)
"""Whether a row names columns and no person; it can be pickled, for `read_upload`."""


def fields_for(questions: Iterable[Question]) -> dict[str, str]:
    """What a column can be at an event, by the pick's name, with its words for people."""
    asked = {f"{ASKS}{q.slug}": q.title for q in questions if q.kind not in UNLISTED}
    return {name: str(label) for name, label in LABELS.items()} | asked


def guessed(
    header: Sequence[str], questions: Iterable[Question], remembered: Mapping[str, str] | None = None
) -> list[str]:
    """The pick of each column: as it was for this heading before, or as its words say; each field once."""
    questions = list(questions)
    asked = {
        plainly(words): f"{ASKS}{question.slug}"
        for question in questions
        for words in (question.slug, question.text_en, question.text)
        if words
    }
    guesses = [field_of(heading) or asked.get(plainly(heading), "") for heading in header]
    return picked(header, as_before(header, guesses, remembered or {}), fields_for(questions))
