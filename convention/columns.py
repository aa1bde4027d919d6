"""Which column of a list is what: guessed from its heading, or as somebody says. Pure.

A column's pick is the name of a field, or empty to ignore it.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from .errors import Unreadable
from .text import fold

IGNORE = "ignore"
NAMES = {
    "first_name": (
        *("first name", "firstname", "given name", "forename", "prenom", "prenoms", "votre prenom"),
        "prenom usuel",
    ),
    "last_name": (
        *("last name", "lastname", "family name", "surname", "name", "nom", "nom de famille", "nom usuel"),
        "votre nom",
    ),
    "full_name": (
        *("full name", "fullname", "nom complet", "nom et prenom", "prenom et nom", "nom prenom"),
        *("prenom nom", "nom, prenom", "nom/prenom", "nom & prenom", "nom et prenoms", "participant"),
    ),
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "courriel", "adresse e mail"),
        *("adresse email", "adresse mail", "adresse electronique", "adresse de messagerie"),
        *("adresse e mail professionnelle", "e mail professionnel", "email professionnel"),
        *("mail professionnel", "mail pro", "work email", "business email", "votre e mail", "votre email"),
        "votre adresse e mail",
    ),
}
"""Headings over names and addresses, as offices and forms on the web write them, said plainly."""


def plainly(heading: str) -> str:
    """A heading without accents, capitals, dashes and doubled blanks: what it is remembered by."""
    plain = fold(heading).replace("_", " ").replace("-", " ").replace("’", "'")
    return " ".join(plain.rstrip(" *:?").split())


def named_by(words: Mapping[str, Iterable[str]], heading: str) -> str:
    """The field whose words a heading is; empty for any other."""
    plain = plainly(heading)
    return next((name for name, said in words.items() if plain in said), "")


def names_columns(words: Mapping[str, Iterable[str]], cells: Iterable[str]) -> bool:
    """Whether a row is one of headings: at least two of its cells name a field, each another one."""
    return len({name for cell in cells if (name := named_by(words, cell))}) > 1


def picked(header: Sequence[str], guesses: Sequence[str], fields: Iterable[str]) -> list[str]:
    """The guess for each column, each known field once: the first column that says it has it."""
    picks, known = list[str](), set(fields)
    for _heading, name in zip(header, guesses, strict=True):
        picks.append(name if name in known and name not in picks else "")
    return picks


def as_before(header: Sequence[str], guesses: Sequence[str], remembered: Mapping[str, str]) -> list[str]:
    """The guesses, but for headings that were said to be something before."""
    plain = map(plainly, header)
    return [remembered.get(heading, guess) for heading, guess in zip(plain, guesses, strict=True)]


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


def columns_from(
    header: Sequence[str], picks: Sequence[str], needed: Iterable[Sequence[str]]
) -> tuple[dict[str, int], list[str]]:
    """Which column holds which field, and the headings that are not used.

    Of each group of `needed` one has to be there. Raises Unreadable where a field is picked twice or missing.
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
    missing = [group[0] for group in needed if not columns.keys() & set(group)]
    if missing:
        found = ", ".join(heading for heading in header if heading)[:300]
        raise Unreadable(
            _("Columns missing: %(missing)s. A row above the list must name them; this one says: %(found)s.")
            % {"missing": ", ".join(missing), "found": found}
        )
    used = set(columns.values())
    return columns, [heading for index, heading in enumerate(header) if heading and index not in used]


def mapping_of(header: Sequence[str], picks: Sequence[str]) -> dict[str, str]:
    """What is remembered of the picks: by heading, for the next list."""
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
