"""Build the public list of changes: what each version changed, the latest first."""

import re
import uuid
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from convention.events.models import Event
from schedule.models import ProgrammeAudience, ScheduleVersion

from .sentences import describe_change, describe_version, summarize_differences
from .timetables import compare_versions, exclude_sessions, find_hidden_guids

MAX_VERSIONS_SHOWN: Final = 20
MAX_CHANGES_SHOWN: Final = 100
# Not allowed in XML 1.0, even escaped.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ChangelogEntry:
    """One version: its changes as title, sentence, and the session's guid if it is still public."""

    version: ScheduleVersion
    label: str
    summary: str
    changes: list[tuple[str, str, uuid.UUID | None]]
    hidden_count: int = 0


def build_changelog(event: Event, *, audience: ProgrammeAudience) -> list[ChangelogEntry]:
    """Return the last versions in the active language, with the changes that an audience sees."""
    # One more than is shown, to compare the oldest shown one with.
    versions = list(event.schedule_versions.prefetch_related("slots")[: MAX_VERSIONS_SHOWN + 1])
    public_guids = set(event.sessions.published(audience=audience).values_list("guid", flat=True))
    hidden_guids = find_hidden_guids(event, audience)
    entries = [_build_entry(pair, public_guids, hidden_guids) for pair in pairwise(versions)]
    if versions and len(versions) <= MAX_VERSIONS_SHOWN:
        entries.append(_build_first_entry(versions[-1], hidden_guids))
    return entries


def _build_entry(
    versions: tuple[ScheduleVersion, ScheduleVersion],
    public_guids: set[uuid.UUID],
    hidden_guids: set[uuid.UUID],
) -> ChangelogEntry:
    """Return the entry of the first of two versions, which is the newer one."""
    version, older = versions
    differences = exclude_sessions(compare_versions(older, version), hidden_guids)
    shown = differences.changes[:MAX_CHANGES_SHOWN]
    return ChangelogEntry(
        version,
        describe_version(version.number, version.name),
        summarize_differences(differences),
        [
            (
                change.slot.title,
                describe_change(change, version.event.zone),
                change.slot.guid if change.slot.guid in public_guids else None,
            )
            for change in shown
        ],
        len(differences.changes) - len(shown),
    )


def _build_first_entry(version: ScheduleVersion, hidden_guids: set[uuid.UUID]) -> ChangelogEntry:
    """Return the entry of an event's first version, which lists nothing: all of it is new."""
    count = sum(slot.session_guid not in hidden_guids for slot in version.slots.all())
    sentence = ngettext(
        "First publication: %(count)s session", "First publication: %(count)s sessions", count
    )
    return ChangelogEntry(
        version, describe_version(version.number, version.name), sentence % {"count": count}, []
    )


def write_changes_feed(event: Event, *, audience: ProgrammeAudience) -> bytes:
    """Return the list of changes that an audience sees as an Atom feed in the active language."""
    page = settings.SITE_URL + reverse("agenda-changes", args=[event.slug])
    feed = Atom1Feed(
        title=_clean(_("Changes to the programme – %(event)s") % {"event": event.title}),
        link=page,
        description="",
        language=get_language(),
        feed_url=settings.SITE_URL + reverse("agenda-changes-feed", args=[event.slug]),
    )
    for entry in build_changelog(event, audience=audience):
        lines = [entry.summary, *(f"{title}: {sentence}" for title, sentence, _guid in entry.changes)]
        if entry.version.note:
            lines.insert(0, entry.version.note)
        address = f"{page}#v{entry.version.number}"
        feed.add_item(
            title=_clean(entry.label),
            link=address,
            unique_id=address,
            description=_clean("\n".join(filter(None, lines))),
            pubdate=entry.version.published_at,
            updateddate=entry.version.published_at,
        )
    return feed.writeString("utf-8").encode()


def _clean(text: str) -> str:
    return CONTROL_CHARACTERS.sub("", text)
