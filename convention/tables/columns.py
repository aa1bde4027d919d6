"""Map columns of a list to fields: guessed from headings, remembered, or chosen. No database access.

A column's pick is the name of a field, or empty to ignore the column.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from convention.errors import UnreadableFile
from convention.text.normalize import casefold_text

IGNORED_FIELD = "ignore"
# Normalized headings of names and addresses, as offices and web forms write them.
PERSON_HEADINGS = {
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
        *("prenom/nom", "nom / prenom", "prenom / nom", "prenom & nom", "nom prenoms"),
    ),
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "courriel", "adresse e mail"),
        *("adresse email", "adresse mail", "adresse electronique", "adresse de messagerie"),
        *("adresse e mail professionnelle", "e mail professionnel", "email professionnel"),
        *("mail professionnel", "mail pro", "e mail pro", "email pro", "courriel pro", "work email"),
        *("business email", "votre e mail", "votre email"),
        "votre adresse e mail",
    ),
}


def normalize_heading(heading: str) -> str:
    """Return a heading without accents, capitals, dashes and doubled spaces."""
    folded = casefold_text(heading).replace("_", " ").replace("-", " ").replace("’", "'")
    return " ".join(folded.rstrip(" *:?").split())


def find_field(headings_by_field: Mapping[str, Iterable[str]], heading: str) -> str:
    """Return the field that a heading names, or ""."""
    normalized = normalize_heading(heading)
    return next((name for name, headings in headings_by_field.items() if normalized in headings), "")


def is_heading_row(headings_by_field: Mapping[str, Iterable[str]], cells: Iterable[str]) -> bool:
    """Return whether a row has headings: at least two cells that name different fields."""
    return len({name for cell in cells if (name := find_field(headings_by_field, cell))}) > 1


def choose_fields_once(header: Sequence[str], guesses: Sequence[str], fields: Iterable[str]) -> list[str]:
    """Return the guess for each column, each field for its first matching column only."""
    picks, known = list[str](), set(fields)
    for _heading, name in zip(header, guesses, strict=True):
        picks.append(name if name in known and name not in picks else "")
    return picks


def apply_remembered_columns(
    header: Sequence[str], guesses: Sequence[str], remembered: Mapping[str, str]
) -> list[str]:
    """Return the guesses, overridden by what was chosen for the same headings before."""
    normalized_header = map(normalize_heading, header)
    return [remembered.get(heading, guess) for heading, guess in zip(normalized_header, guesses, strict=True)]


def apply_column_maps(
    header: Sequence[str], picks: Sequence[str], maps: Iterable[str], fields: Iterable[str]
) -> list[str]:
    """Return the picks after “heading=field” options. Raise UnreadableFile for unknown names."""
    new_picks, fields = list(picks), list(fields)
    for mapping in maps:
        heading, _equals, name = mapping.rpartition("=")
        normalized = normalize_heading(heading)
        indexes = [index for index, cell in enumerate(header) if normalize_heading(cell) == normalized]
        if not heading or not indexes:
            sentence = _("The file has no column “%(column)s”. Its columns are: %(found)s.")
            raise UnreadableFile(
                sentence % {"column": heading or mapping, "found": ", ".join(filter(None, header))[:300]}
            )
        if name not in (IGNORED_FIELD, *fields):
            sentence = _("“%(field)s” is not a known field. Choose one of: %(fields)s.")
            raise UnreadableFile(sentence % {"field": name, "fields": ", ".join([*fields, IGNORED_FIELD])})
        # An option overrides a guess: another column that was guessed for this field is ignored.
        new_picks = ["" if pick == name else pick for pick in new_picks]
        new_picks[indexes[0]] = "" if name == IGNORED_FIELD else name
    return new_picks


def index_columns(
    header: Sequence[str],
    picks: Sequence[str],
    needed: Iterable[Sequence[str]],
    labels: Mapping[str, object],
) -> tuple[dict[str, int], list[str]]:
    """Return the column index of each field, and the headings that are not used.

    One field of each group in `needed` has to be there; `labels` are the names of the fields on the page.
    Raise UnreadableFile for a missing or doubled field.
    """
    columns: dict[str, int] = {}
    for index, name in enumerate(picks):
        if name and name in columns:
            raise UnreadableFile(
                _("Columns “%(one)s” and “%(other)s” have the same meaning. Ignore one of them.")
                % {"one": header[columns[name]], "other": header[index]}
            )
        if name:
            columns[name] = index
    missing = [str(labels[group[0]]) for group in needed if not columns.keys() & set(group)]
    if missing:
        found = ", ".join(heading for heading in header if heading)[:300]
        raise UnreadableFile(
            _(
                "Missing columns: %(missing)s. The row above the list must contain the column "
                "headings; it contains: %(found)s."
            )
            % {"missing": ", ".join(missing), "found": found}
        )
    used = set(columns.values())
    return columns, [heading for index, heading in enumerate(header) if heading and index not in used]


def remember_columns(header: Sequence[str], picks: Sequence[str], guesses: Sequence[str]) -> dict[str, str]:
    """Return the picks by heading, for the next list; `guesses` are the fields that the headings name."""
    columns = zip(header, picks, guesses, strict=False)
    # A column that fits no field is ignored anyway; remembered, it would stay so once a field fits.
    return {
        normalize_heading(heading): pick for heading, pick, guess in columns if heading and (pick or guess)
    }


def merge_remembered_columns(mappings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the last pick for each heading; `mappings` are those of earlier imports, the latest first.

    That a column was ignored counts only if the latest import ignored it.
    """
    latest = mappings[0] if mappings else {}
    # The latest comes last, so that its picks win.
    merged = {heading: pick for mapping in reversed(mappings) for heading, pick in mapping.items()}
    return {heading: pick for heading, pick in merged.items() if pick or heading in latest}


def split_full_name(text: str) -> tuple[str, str]:
    """Return first and last name: “Müller, Zoé”, “MÜLLER Zoé” and “Zoé Müller” give the same."""
    last, comma, first = (part.strip() for part in text.partition(","))
    if comma and first:
        return first, last
    words = text.split()
    # French administrations write last names in capitals; the comparison with `lower` leaves out digits.
    upper_case_words = [word for word in words if len(word) > 1 and word == word.upper() != word.lower()]
    if upper_case_words and len(upper_case_words) < len(words):
        return " ".join(word for word in words if word not in upper_case_words), " ".join(upper_case_words)
    return (words[0] if words else ""), " ".join(words[1:])
