"""Which column of a list is what: guessed from its heading, or as the organizer says. Pure.

A column's pick is the name of a field, `question:SLUG` for a question of the event, or empty to ignore it.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import Unreadable
from convention.text import fold

from .models import Question

COLUMNS = {
    "first_name": ("first name", "firstname", "given name", "forename", "prenom", "prenoms"),
    "last_name": ("last name", "lastname", "family name", "surname", "name", "nom", "nom de famille"),
    "full_name": (
        *("full name", "fullname", "nom complet", "nom et prenom", "prenom et nom", "nom prenom"),
        "prenom nom",
    ),
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "courriel", "adresse e mail"),
        *("adresse email", "adresse mail", "adresse electronique"),
    ),
    "company": ("company", "organization", "organisation", "employer", "entreprise", "societe", "employeur"),
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
NEEDED = ("first_name", "last_name")
IGNORE = "ignore"
ASKS = "question:"
UNLISTED = (Question.Kind.FILE, Question.Kind.CONSENT)
"""What nobody can answer for others in a list."""


def field_of(heading: str) -> str:
    """The field that a heading names, in French or English; empty for any other."""
    plain = plainly(heading)
    return next((name for name, words in COLUMNS.items() if plain in words), "")


def plainly(heading: str) -> str:
    """A heading without accents, capitals, dashes and doubled blanks: what it is remembered by."""
    return " ".join(fold(heading).replace("_", " ").replace("-", " ").split())


def fields_for(questions: Iterable[Question]) -> dict[str, str]:
    """What a column can be at an event, by the pick's name, with its words for people."""
    asked = {f"{ASKS}{q.slug}": q.title for q in questions if q.kind not in UNLISTED}
    return {name: str(label) for name, label in LABELS.items()} | asked


def guessed(
    header: Sequence[str], questions: Iterable[Question], remembered: Mapping[str, str] | None = None
) -> list[str]:
    """The pick of each column: as it was for this heading before, or as its words say; each field once."""
    questions = list(questions)
    fields, before = fields_for(questions), remembered or {}
    asked = {
        plainly(words): f"{ASKS}{question.slug}"
        for question in questions
        for words in (question.slug, question.text_en, question.text)
        if words
    }
    picks = list[str]()
    for heading in header:
        plain = plainly(heading)
        name = before[plain] if plain in before else field_of(heading) or asked.get(plain, "")
        picks.append(name if name in fields and name not in picks else "")
    return picks


def with_maps(
    header: Sequence[str], picks: Sequence[str], maps: Iterable[str], fields: Iterable[str]
) -> list[str]:
    """The picks after “heading=field” of a command was said. Raises Unreadable for what is not there."""
    found, fields = list(picks), list(fields)
    for said in maps:
        heading, _equals, name = said.rpartition("=")
        places = [index for index, one in enumerate(header) if plainly(one) == plainly(heading)]
        if not heading or not places:
            sentence = _("The file has no column “%(column)s”; it has: %(found)s.")
            raise Unreadable(
                sentence % {"column": heading or said, "found": ", ".join(filter(None, header))[:300]}
            )
        if name not in (IGNORE, *fields):
            sentence = _("“%(field)s” is no field; a column is one of: %(fields)s.")
            raise Unreadable(sentence % {"field": name, "fields": ", ".join([*fields, IGNORE])})
        found = ["" if pick == name else pick for pick in found]
        found[places[0]] = "" if name == IGNORE else name
    return found


def columns_from(header: Sequence[str], picks: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Which column holds which field, and the headings that are not used.

    Raises Unreadable where a field is picked twice, or no column says the name.
    """
    columns: dict[str, int] = {}
    for index, name in enumerate(picks):
        if name and name in columns:
            raise Unreadable(
                _("Columns “%(one)s” and “%(other)s” are both said to be the same: ignore one of them.")
                % {"one": header[columns[name]], "other": header[index]}
            )
        if name:
            columns[name] = index
    missing = [name for name in NEEDED if name not in columns and "full_name" not in columns]
    if missing:
        found = ", ".join(heading for heading in header if heading)[:300]
        raise Unreadable(
            _("Columns missing: %(missing)s. The first row must name the columns; it says: %(found)s.")
            % {"missing": ", ".join(missing), "found": found}
        )
    used = set(columns.values())
    return columns, [heading for index, heading in enumerate(header) if heading and index not in used]


def mapping_of(header: Sequence[str], picks: Sequence[str]) -> dict[str, str]:
    """What is remembered of the picks: by heading, for the next list of the event."""
    return {plainly(heading): pick for heading, pick in zip(header, picks, strict=False) if heading}


def split_name(text: str) -> tuple[str, str]:
    """First and last name out of one cell: “Müller, Zoé”, “MÜLLER Zoé” and “Zoé Müller” alike."""
    last, comma, first = (part.strip() for part in text.partition(","))
    if comma and first:
        return first, last
    words = text.split()
    loud = [word for word in words if len(word) > 1 and word == word.upper() != word.lower()]
    if loud and len(loud) < len(words):
        return " ".join(word for word in words if word not in loud), " ".join(loud)
    return (words[0] if words else ""), " ".join(words[1:])
