"""Record which badges were printed, and find those that are new or have changed since."""

import datetime
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.db.models import Count
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from badges.codes import BadgeHolder
from badges.models import LastPrintedBadge
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.dates import format_datetime
from registrations.models import Registration

from .design import list_shared_content

# Of the holder's part and of the part that badges share; each byte is two digits.
DIGEST_BYTES: Final = 8
HOLDER_DIGITS: Final = 2 * DIGEST_BYTES
BATCH_SIZE: Final = 1000


class PrintState(models.TextChoices):
    """Whether a badge was printed; `CHANGED` if it would show something else now."""

    NEW = "new", pgettext_lazy("badge", "not printed yet")
    CHANGED = "changed", pgettext_lazy("badge", "changed since it was printed")
    PRINTED = "printed", pgettext_lazy("badge", "printed")


# The choices of pages and of `manage.py badges --only`.
STATES_BY_CHOICE: Final[Mapping[str, frozenset[PrintState]]] = {
    "all": frozenset(PrintState),
    "new": frozenset({PrintState.NEW}),
    "changed": frozenset({PrintState.CHANGED}),
}

# New and changed ones together: what is missing from the pile of printed badges.
UNPRINTED_CHOICE: Final = "new,changed"
# Nothing is missing, and nothing is printed again until it is chosen.
NO_PRINT_CHOICE: Final = ""
# Those of the last printing once more, if the printer jammed.
LAST_PRINTING_CHOICE: Final = "last"


class UnknownPrintChoice(ConventionError):
    kind = "unknown-print-choice"


def parse_print_choice(text: str) -> frozenset[PrintState]:
    """Return the states that a list such as "new,changed" names. Raise UnknownPrintChoice."""
    states: set[PrintState] = set()
    for choice in map(str.strip, text.split(",")):
        if choice not in STATES_BY_CHOICE:
            raise UnknownPrintChoice(
                _("Unknown choice of badges “%(choice)s”. Choose one or more of: %(known)s.")
                % {"choice": choice, "known": ", ".join([*STATES_BY_CHOICE, LAST_PRINTING_CHOICE])}
            )
        states |= STATES_BY_CHOICE[choice]
    return frozenset(states)


def digest_holder(holder: BadgeHolder) -> str:
    """Return a hash of all that a badge shows of its holder, its code included."""
    return _digest_content(holder)


def digest_designs(event: Event) -> dict[int, str]:
    """Return by ticket id a hash of what all badges of a ticket share, such as the event's name and dates."""
    content = list_shared_content(event, event.tickets.all())
    return {ticket_id: _digest_content(parts) for ticket_id, parts in content.items()}


def _digest_content(parts: Iterable[object]) -> str:
    content = "\0".join(map(str, parts))
    return hashlib.blake2b(content.encode(), digest_size=DIGEST_BYTES).hexdigest()


def digest_badges(event: Event, *, registration_ids: Collection[int] | None = None) -> dict[int, str]:
    """Return the digests of an event's valid badges by registration id, of these registrations or of all.

    A digest is that of the holder, followed by that of the ticket's design.
    """
    rows = Registration.objects.filter(event=event).with_badge()
    if registration_ids is not None:
        rows = rows.filter(pk__in=registration_ids)
    design_digests = digest_designs(event)
    holders = (
        (pk, BadgeHolder._make(fields)) for pk, *fields in rows.values_list("pk", *BadgeHolder._fields)
    )
    return {pk: digest_holder(holder) + design_digests[holder.ticket_id] for pk, holder in holders}


def has_outdated_designs(event: Event) -> bool:
    """Return whether a printed badge shows an earlier name, date or city of the event, or of its ticket."""
    printed = LastPrintedBadge.objects.filter(
        registration__in=Registration.objects.filter(event=event).with_badge()
    )
    designs = printed.annotate(design=Substr("content_digest", HOLDER_DIGITS + 1))
    current = digest_designs(event)
    return any(
        current[ticket_id] != design
        for ticket_id, design in designs.values_list("registration__ticket_id", "design").distinct()
    )


def find_print_states(event: Event) -> dict[int, PrintState]:
    """Return the print state of each valid badge of an event, by registration id."""
    printed = dict(
        LastPrintedBadge.objects.filter(registration__event=event).values_list("pk", "content_digest")
    )
    return {pk: _compare_digests(printed.get(pk), digest) for pk, digest in digest_badges(event).items()}


def select_badges_to_print(event: Event, choice: str) -> list[int] | None:
    """Return the registrations whose badges a choice such as "new,changed" or "last" names; None for all.

    Raise UnknownPrintChoice.
    """
    if choice == LAST_PRINTING_CHOICE:
        printing = find_last_printing(event)
        return printing.registration_ids if printing else []
    states = parse_print_choice(choice)
    if states == STATES_BY_CHOICE["all"]:
        return None
    return [pk for pk, state in find_print_states(event).items() if state in states]


@dataclass(frozen=True, slots=True)
class BadgePrinting:
    """Badges that were printed together."""

    printed_at: datetime.datetime
    registration_ids: list[int]


def find_last_printing(event: Event) -> BadgePrinting | None:
    """Return the last badges of an event that were printed together, without single ones as at the desk."""
    printed = LastPrintedBadge.objects.filter(registration__event=event)
    runs = printed.order_by().values("printed_at").annotate(count=Count("pk")).filter(count__gt=1)
    last = runs.order_by("-printed_at").first()
    if last is None:
        return None
    printed_at = last["printed_at"]
    return BadgePrinting(printed_at, list(printed.filter(printed_at=printed_at).values_list("pk", flat=True)))


def describe_print_choices(event: Event) -> dict[str, str]:
    """Return the choices of badges to print with their counts, those that are missing first.

    Without any badge printed, "all" is the only one. With all of them printed and unchanged, the first is an
    empty one, so that the pile is not printed again unless that is chosen.
    """
    states = Counter(find_print_states(event).values())
    new, changed = states[PrintState.NEW], states[PrintState.CHANGED]
    labels = {}
    if states and not new + changed:
        labels[NO_PRINT_CHOICE] = _("Choose the badges to print again")
    elif new != states.total():
        unprinted = _("New or changed since the last printing (%(count)s)")
        labels[UNPRINTED_CHOICE] = unprinted % {"count": new + changed}
        if new and changed:
            labels["new"] = _("Not printed yet (%(count)s)") % {"count": new}
            labels["changed"] = _("Changed since they were printed (%(count)s)") % {"count": changed}
    labels["all"] = _("All badges (%(count)s)") % {"count": states.total()}
    printing = find_last_printing(event)
    if printing and len(printing.registration_ids) < states.total():
        labels[LAST_PRINTING_CHOICE] = _("Last printing again, %(moment)s (%(count)s)") % {
            "moment": format_datetime(printing.printed_at, event.zone),
            "count": len(printing.registration_ids),
        }
    return labels


def _compare_digests(printed: str | None, current: str) -> PrintState:
    if printed is None:
        return PrintState.NEW
    return PrintState.PRINTED if printed == current else PrintState.CHANGED


def record_printed_badges(digests: Mapping[int, str], *, at: datetime.datetime | None = None) -> None:
    """Record that the badges with these digests, by registration id, were printed at `at` (default: now)."""
    printed_at = at or timezone.now()
    LastPrintedBadge.objects.bulk_create(
        (
            LastPrintedBadge(registration_id=pk, content_digest=digest, printed_at=printed_at)
            for pk, digest in digests.items()
        ),
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        update_fields=["content_digest", "printed_at"],
        unique_fields=["registration"],
    )
