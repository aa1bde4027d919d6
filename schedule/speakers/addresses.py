"""Set the e-mail addresses of many speakers at once, from a pasted list."""

import re
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.email_addresses import is_same_email
from convention.text.normalize import search_text
from schedule.models import Speaker

from .links import revoke_link

MAX_LINES: Final = 2000
MAX_ADDRESS_CHARS: Final = 254
ADDRESS_PATTERN: Final = re.compile(r"[^\s<>;,\"()]+@[^\s<>;,\"()]+")
# Characters between a name and an address.
SEPARATORS: Final = " \t;,:<>()\"'"


class NoAddresses(ConventionError):
    """The list has no line that can be used, or too many of them."""

    kind = "no-addresses"


@dataclass(frozen=True, slots=True)
class PastedAddress:
    """A line of the list: whose address it sets, or an `error` that says why it is left out."""

    line: int
    name: str
    email: str
    speaker: Speaker | None = None
    error: str = ""

    @property
    def is_new(self) -> bool:
        """Return whether the speaker has no address yet, or another one."""
        return self.speaker is not None and self.speaker.email != self.email

    @property
    def replaces_other(self) -> bool:
        return bool(self.speaker and self.speaker.email) and self.is_new


def preview_addresses(*, event: Event, text: str) -> list[PastedAddress]:
    """Return what `save_addresses` would do with each line. Raise NoAddresses for too many lines.

    A line has a name and an address in any order. Lines without an address at the top are headings.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MAX_LINES:
        raise NoAddresses(_("Paste at most %(most)d lines at once.") % {"most": MAX_LINES})
    while lines and "@" not in lines[0][1]:
        lines.pop(0)
    speakers: dict[str, list[Speaker]] = {}
    for speaker in event.speakers.defer("biography", "biography_html"):
        speakers.setdefault(search_text(speaker.name), []).append(speaker)
    rows: list[PastedAddress] = []
    seen: dict[int, str] = {}
    for number, line in lines:
        row = read_line(number, line, speakers)
        if row.speaker and not is_same_email(seen.setdefault(row.speaker.pk, row.email), row.email):
            error = _("The list has another address for this speaker.")
            row = PastedAddress(number, row.name, row.email, error=error)
        rows.append(row)
    return rows


def read_line(number: int, line: str, speakers: dict[str, list[Speaker]]) -> PastedAddress:
    """Return the speaker and the address of a line, or what is wrong with it."""
    found = ADDRESS_PATTERN.search(line[: MAX_ADDRESS_CHARS * 4])
    email = found[0].strip(".") if found else ""
    rest = line.replace(found[0], " ", 1) if found else line
    name = " ".join(rest.replace("\t", " ").replace(";", " ").split()).strip(SEPARATORS)
    if not is_address(email):
        return PastedAddress(number, name, email, error=_("This line has no e-mail address."))
    namesakes = speakers.get(search_text(name), [])
    if len(namesakes) == 1:
        return PastedAddress(number, name, email, namesakes[0])
    if namesakes:
        error = _("Several speakers have this name: set the address on the speaker’s own page.")
    else:
        error = _("The event has no speaker with this name.")
    return PastedAddress(number, name, email, error=error)


def is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= MAX_ADDRESS_CHARS


@transaction.atomic
def save_addresses(*, event: Event, text: str) -> int:
    """Set the addresses of a pasted list and return how many changed; other lines are left out.

    Raise NoAddresses if no line names a speaker of the event.
    """
    rows = preview_addresses(event=event, text=text)
    if not any(row.speaker for row in rows):
        raise NoAddresses(
            _("No line contains both the name of one of this event’s speakers and an e-mail address.")
        )
    changed = {row.speaker.pk: row for row in rows if row.speaker and row.is_new}
    for row in changed.values():
        assert row.speaker
        change_address(speaker=row.speaker, email=row.email)
    return len(changed)


@transaction.atomic
def change_address(*, speaker: Speaker, email: str) -> None:
    """Save a speaker's address; links sent to a former one no longer work."""
    had_address = bool(speaker.email)
    speaker.email = email
    speaker.save(update_fields=["email"])
    record_action("speaker.revise", speaker, event=speaker.event, fields=["email"])
    if had_address:
        # A mistyped address may be somebody else's, whose link must not open the page.
        revoke_link(speaker=speaker)
