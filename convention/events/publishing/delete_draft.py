"""Delete a draft that nobody has used yet; other events are cancelled, so that their records stay."""

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.events.models import Event


def list_deletion_obstacles(event: Event) -> list[str]:
    """Return sentences on why the event cannot be deleted; none for a draft that nobody has used."""
    if event.visibility != Event.Visibility.DRAFT:
        return [_("The event is published: only a draft can be deleted.")]
    return [
        sentence for provider in hooks.event_deletion_obstacles.providers() for sentence in provider(event)
    ]


@transaction.atomic
def delete_draft(*, event: Event) -> None:
    """Delete a draft with its settings and programme. Raise NotOpenNow with the reasons why not."""
    # Not `no_key`: nobody may be registered until the draft is gone.
    stored = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if obstacles := list_deletion_obstacles(stored):
        raise NotOpenNow(" ".join(obstacles))
    record_action("event.delete", stored, event=stored)
    try:
        stored.delete()
    except (ProtectedError, RestrictedError) as error:
        raise NotOpenNow(_("Other records refer to this event, so it cannot be deleted.")) from error
