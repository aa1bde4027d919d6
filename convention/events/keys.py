"""The keys that sign an event's badges: one pair per event, made when first needed.

Another pair follows where SECRET_KEY changed and the first can sign no more; its badges stay valid.
"""

import secrets

from django.db import IntegrityError, transaction

from convention.codes import new_key_pair
from convention.secret_keys import fernet_for

from .models import Event, EventKey

ATTEMPTS = 5


def signing_key(event: Event) -> EventKey:
    """Return the key that signs this event's badges: the first that can, which every reprint uses too."""
    return _first(event) or _make_first(event)


def _first(event: Event) -> EventKey | None:
    keys = EventKey.objects.filter(event=event).order_by("pk")
    return next((key for key in keys if key.private_key is not None), None)


@transaction.atomic
def _make_first(event: Event) -> EventKey:
    """Under the event's lock, so that two who need it at once get the same one."""
    Event.objects.select_for_update().get(pk=event.pk)
    return _first(event) or make_key(event)


def make_key(event: Event) -> EventKey:
    """Give the event a new key pair under a random number of 24 bits that no other key has."""
    private, public = new_key_pair()
    encrypted = fernet_for(EventKey.PURPOSE).encrypt(private)
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return EventKey.objects.create(
                    event=event,
                    number=secrets.randbelow(2**24),
                    encrypted_private_key=encrypted,
                    public_key=public,
                )
        except IntegrityError:
            continue
    raise RuntimeError("No free key number was found.")
