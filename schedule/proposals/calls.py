"""Find the call for proposals of an event, and save it with its formats and criteria."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import RestrictedError
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError, NotFound
from convention.events.models import Event
from schedule.models import CallForProposals


class CallInUse(ConventionError):
    """A format cannot be removed because proposals use it, or another organizer has just created the call."""

    kind = "still-needed"
    status = 409


def find_call(event: Event) -> CallForProposals | None:
    """Return the event's call for proposals, or None."""
    call = CallForProposals.objects.filter(event=event).first()
    if call:
        # Otherwise each use of `call.event` would query it again.
        call.event = event
    return call


def get_call(event: Event) -> CallForProposals:
    """Return the event's call for proposals. Raise NotFound."""
    call = find_call(event)
    if call is None:
        raise NotFound(_("This event has no call for proposals yet."))
    return call


@transaction.atomic
def save_call(
    *,
    call: CallForProposals,
    changed_fields: list[str],
    save_parts: Callable[[CallForProposals], None],
) -> CallForProposals:
    """Save a call, then its tracks, formats and criteria with `save_parts`. Raise CallInUse."""
    verb = "revise" if call.pk else "add"
    try:
        # In a savepoint of its own: after an error, PostgreSQL refuses further queries in the transaction.
        with transaction.atomic():
            call.save()
            save_parts(call)
    except RestrictedError:
        raise CallInUse(
            _("A format that has proposals cannot be removed. Rename it instead, or keep it.")
        ) from None
    except IntegrityError:
        raise CallInUse(
            _("Another organizer has just created the call. Open the page again to see it.")
        ) from None
    record_action(f"call_for_proposals.{verb}", call, event=call.event, fields=sorted(changed_fields))
    return call
