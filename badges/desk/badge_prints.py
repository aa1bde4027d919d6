"""Print badges at the desk: each badge version once; another print needs a reason and is a new version."""

import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.codes import get_badge_holder
from badges.models import LastPrintedBadge
from badges.printing.print_states import HOLDER_DIGITS, digest_badges, record_printed_badges
from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.changes.resend import reissue_badge
from registrations.models import Registration

from .models import BadgePrint

if TYPE_CHECKING:
    from convention.club.models import Person


class AlreadyPrinted(ConventionError):
    """The badge was printed before, and no reason for another one is given."""

    kind = "already-printed"
    status = 409


class BadgeChangedMeanwhile(ConventionError):
    """The badge was replaced since the operator's page was shown."""

    kind = "changed-meanwhile"
    status = 409


def find_last_print(registration: Registration) -> BadgePrint | None:
    """Return the latest print of the badge that is valid now, or None if it was not printed at the desk."""
    rows = BadgePrint.objects.filter(registration=registration, badge_version=registration.badge_version)
    return rows.select_related("printed_by").first()


def is_valid_badge_printed(registration: Registration) -> bool:
    """Return whether the badge that is valid now was printed, at the desk or with those of the event."""
    if find_last_print(registration):
        return True
    digests = digest_badges(registration.event, registration_ids=[registration.pk])
    if not (digest := digests.get(registration.pk)):
        return False
    # A badge with an earlier date or name of the event is in the pile all the same, and opens the door.
    printed = LastPrintedBadge.objects.filter(
        registration=registration, content_digest__startswith=digest[:HOLDER_DIGITS]
    )
    return printed.exists()


@transaction.atomic
def print_badge(
    *,
    registration: Registration,
    printed_by: "Person | None",
    reason: str = "",
    seen_version: int | None = None,
    at: datetime.datetime | None = None,
) -> Registration:
    """Record that the badge is printed, and return the registration whose badge to draw.

    With a reason, a badge that was printed before is voided and the next version printed. `seen_version` is
    that of the badge on the operator's page; `at` is when a desk printed it, if that was earlier and without
    network. Raise NoBadge; raise AlreadyPrinted without a reason, and BadgeChangedMeanwhile if the badge has
    another version by now.
    """
    # Locked, so that two desks do not print the same badge.
    rows = Registration.objects.select_related("event", "ticket", "order")
    registration = rows.select_for_update(of=("self",), no_key=True).get(pk=registration.pk)
    get_badge_holder(registration)
    # A form that is sent twice must not void the badge that the first one printed.
    if seen_version not in (None, registration.badge_version):
        raise BadgeChangedMeanwhile(
            _("This badge was replaced in the meantime: print it again only if you need another.")
        )
    printed_at = at or timezone.now()
    is_reprint = find_last_print(registration) is not None
    if is_reprint:
        if reason not in BadgePrint.Reason.values:
            raise AlreadyPrinted(_("This badge was printed before. Choose why another one is needed."))
        registration = reissue_badge(registration=registration, reason=reason)
    BadgePrint.objects.create(
        registration=registration,
        badge_version=registration.badge_version,
        reason=reason if is_reprint else "",
        printed_by=printed_by,
        printed_at=printed_at,
    )
    digests = digest_badges(registration.event, registration_ids=[registration.pk])
    record_printed_badges(digests, at=printed_at)
    record_action("badge.print", registration, event=registration.event, reason=reason if is_reprint else "")
    return registration
