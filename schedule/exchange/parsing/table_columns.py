"""The columns of a table of sessions, and the headings by which they are recognized in English and French."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from convention.tables.columns import normalize_heading

# “Start (Europe/Paris)”, “Duration (min)”, “Description (2)”.
SUFFIX_PATTERN = re.compile(r"(.*\S)\s*\(([^()]{0,100})\)\s*")
TIME_PATTERN = re.compile(r"\b(?:time|heure)\b", re.I)
MIN_HEADINGS = 2
MAX_HEADING_CHARS = 200


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its heading in our exports, and the normalized headings that files use for it."""

    label: str | Promise
    headings: frozenset[str]


def make_column(label: str | Promise, headings: str) -> TableColumn:
    """Return a column; `headings` are separated by “|”."""
    return TableColumn(label, frozenset(headings.split("|")))


# In the order of our exports. Headings are normalized: without accents, capitals and hyphens.
TABLE_COLUMNS: dict[str, TableColumn] = {
    "guid": make_column("GUID", "guid|uuid|identifiant unique"),
    "id": make_column(
        pgettext_lazy("column of a table", "Number"),
        "id|number|no|n°|no.|numero|session id",
    ),
    "title": make_column(
        pgettext_lazy("column of a table", "Title"),
        "title|session title|session|titre|intitule|titre de la session",
    ),
    "subtitle": make_column(pgettext_lazy("column of a table", "Subtitle"), "subtitle|sous titre"),
    "kind": make_column(
        pgettext_lazy("column of a table", "Kind"),
        "kind|type|format|session format|session type|nature",
    ),
    "track": make_column(
        pgettext_lazy("column of a table", "Track"),
        "track|assigned track|parcours|thematique|theme|filiere|fil",
    ),
    "room": make_column(
        pgettext_lazy("column of a table", "Room"),
        "room|venue|location|salle|lieu",
    ),
    "day": make_column(pgettext_lazy("column of a table", "Day"), "day|date|jour|start date|date de debut"),
    "start": make_column(
        pgettext_lazy("column of a table", "Start"),
        "start|starts|starts at|start time|begin|scheduled at|from|time|debut|heure|heure de debut|horaire",
    ),
    "end": make_column(
        pgettext_lazy("column of a table", "End"),
        "end|ends|ends at|end time|end date|until|fin|heure de fin|date de fin",
    ),
    "duration": make_column(
        pgettext_lazy("column of a table", "Duration"),
        "duration|length|minutes|scheduled duration|duree|duree en minutes",
    ),
    "language": make_column(pgettext_lazy("column of a table", "Language"), "language|langue"),
    "speakers": make_column(
        pgettext_lazy("column of a table", "Speakers"),
        "speakers|speaker|presenters|presenter|intervenants|intervenant|orateurs|orateur|"
        "conferenciers|conferencier|intervenant(s)|speaker(s)|intervenant·e·s",
    ),
    "abstract": make_column(pgettext_lazy("column of a table", "Abstract"), "abstract|summary|resume"),
    "description": make_column(
        pgettext_lazy("column of a table", "Description"),
        "description|descriptif",
    ),
    "url": make_column(
        pgettext_lazy("column of a table", "External link"),
        "url|external link|page elsewhere|web page|lien externe|page web",
    ),
    "links": make_column(pgettext_lazy("column of a table", "Links"), "links|link|liens|lien"),
    "attachments": make_column(
        pgettext_lazy("column of a table", "Attachments"),
        "attachments|attachment|files|pieces jointes|documents|fichiers",
    ),
    "cancelled": make_column(
        pgettext_lazy("column of a table", "Cancelled"),
        "cancelled|canceled|annulee|annule",
    ),
    "is_for_members": make_column(
        pgettext_lazy("column of a table", "Members only"),
        "members only|for members only|reserve aux adherents|reservee aux adherents|adherents seulement",
    ),
    "recording_optout": make_column(
        pgettext_lazy("column of a table", "No recording"),
        "no recording|recording optout|do not record|sans enregistrement",
    ),
    "recording_license": make_column(
        pgettext_lazy("column of a table", "Recording licence"),
        "recording licence|recording license|license|licence|licence de l'enregistrement",
    ),
    "slug": make_column(
        pgettext_lazy("column of a table", "Short name in addresses"),
        "slug|short name in addresses|nom court",
    ),
    "speaker_ids": make_column(
        pgettext_lazy("column of a table", "Speaker ids"),
        "speaker ids|identifiants des intervenants|speaker guids",
    ),
    "source_id": make_column(
        pgettext_lazy("column of a table", "Source id"),
        "source id|uid|identifiant d'origine",
    ),
    "code": make_column(pgettext_lazy("column of a table", "Code"), "code"),
    "logo": make_column(pgettext_lazy("column of a table", "Picture"), "picture|logo|image"),
    "feedback_url": make_column(
        pgettext_lazy("column of a table", "Feedback page"),
        "feedback page|feedback url|page d'avis",
    ),
    "origin_url": make_column(
        pgettext_lazy("column of a table", "Original page"),
        "original page|origin url|page d'origine",
    ),
    "do_not_stream": make_column(
        pgettext_lazy("column of a table", "No streaming"),
        "no streaming|do not stream|sans diffusion",
    ),
}


@dataclass(slots=True)
class ColumnLayout:
    """The places of the columns in a file, the zone that a heading names, and headings of other columns."""

    places: dict[str, list[int]] = field(default_factory=dict)
    zone_name: str = ""
    unknown_headings: list[str] = field(default_factory=list)


def find_column(heading: str) -> tuple[str, str]:
    """Return the name of a column, "" if it is none of ours, and the suffix in parentheses."""
    if name := match_heading(heading):
        return name, ""
    match = SUFFIX_PATTERN.fullmatch(heading.strip())
    return (match_heading(match[1]), match[2].strip()) if match else ("", "")


def match_heading(heading: str) -> str:
    plain = normalize_heading(heading)
    return next((name for name, column in TABLE_COLUMNS.items() if plain in column.headings), "")


def is_session_heading(cells: Iterable[str]) -> bool:
    """Return whether a row has the headings of sessions: a title and another known column."""
    names = {find_column(cell)[0] for cell in cells} - {""}
    return "title" in names and len(names) >= MIN_HEADINGS


def lay_out_columns(header: Sequence[str]) -> ColumnLayout:
    """Return the places of all columns; “Description (2)” continues “Description”.

    A table without a column of starts has them in the column of days, as “Date”.
    """
    layout = ColumnLayout()
    for place, heading in enumerate(header):
        name, suffix = find_column(heading[:MAX_HEADING_CHARS])
        if name in layout.places and TIME_PATTERN.search(heading):
            # “Date de fin” and “Heure de fin”: an end after midnight is found without its date.
            layout.places[name] = [place]
        elif not name or (name in layout.places and not suffix.isdecimal()):
            layout.unknown_headings += [heading] if heading else []
        else:
            layout.places.setdefault(name, []).append(place)
        if name in ("start", "end") and ("/" in suffix or suffix == "UTC"):
            layout.zone_name = layout.zone_name or suffix
    if "start" not in layout.places and "day" in layout.places:
        layout.places["start"] = layout.places.pop("day")
    return layout
