"""Describe the options of a print in words."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.text.dates import format_date_with_weekday
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import DEPTH_LABELS, DISTANCE_LABELS, PAPER_LABELS, SHEET_KINDS

MAX_NAMES = 3


def describe_options(options: PrintOptions, rooms: Mapping[int, str], tracks: Mapping[int, str]) -> str:
    """Return paper, language, days, rooms and tracks; the latter two are names by id."""
    return " · ".join(_list_choices(options, rooms, tracks))


def _list_choices(
    options: PrintOptions, rooms: Mapping[int, str], tracks: Mapping[int, str]
) -> Iterator[str]:
    yield from _list_sheet_choices(options)
    yield str(_("French") if options.language == "fr" else _("English"))
    for names in (
        [format_date_with_weekday(day) for day in options.days],
        [rooms.get(pk, f"#{pk}") for pk in options.rooms],
        [tracks.get(pk, f"#{pk}") for pk in options.tracks],
    ):
        if names:
            yield join_names(names)


def _list_sheet_choices(options: PrintOptions) -> Iterator[str]:
    if options.paper:
        yield str(PAPER_LABELS[options.paper])
    if options.since is not None:
        yield _("changed since version %(number)s") % {"number": options.since}
    if options.depth:
        yield str(DEPTH_LABELS[options.depth])
    if options.is_imposed:
        yield _("for folding")
    if options.distance:
        yield _("reading distance: %(distance)s") % {
            "distance": str(DISTANCE_LABELS[options.distance]).lower()
        }
    kind = SHEET_KINDS.get(options.kind)
    # Internal sheets always do.
    if options.includes_members_sessions and not (kind and kind.is_internal):
        yield _("including sessions for members only")


def join_names(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(names[:MAX_NAMES])
    hidden_count = len(names) - MAX_NAMES
    if hidden_count <= 0:
        return shown
    sentence = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", hidden_count)
    return sentence % {"names": shown, "count": hidden_count}
