"""The keys that sign an event's badges: one pair for each event, created when first needed.

If no pair can sign any more, because SECRET_KEY changed, another one is created; earlier badges stay valid.
"""

import secrets

from django.db import IntegrityError, transaction

from convention.codes.badge_codes import generate_key_pair
from convention.codes.secret_keys import get_fernet

from .models import Event, EventKey

# With 16.7 million numbers, five collisions in a row mean that something else is wrong.
MAX_KEY_ATTEMPTS = 5


def get_signing_key(event: Event) -> EventKey:
    """Return the event's first key that can sign, which every reprint uses too; create one if needed."""
    return _find_usable_key(event) or _create_first_key(event)


def _find_usable_key(event: Event) -> EventKey | None:
    # The first one, since a reprinted badge must carry the same code as the lost one.
    keys = EventKey.objects.filter(event=event).order_by("pk")
    return next((key for key in keys if key.private_key is not None), None)


@transaction.atomic
def _create_first_key(event: Event) -> EventKey:
    """Create it under the event's lock, so that two requests at once get the same key."""
    # `no_key`: registrations, which reference the event, can be inserted meanwhile.
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    return _find_usable_key(event) or create_key(event)


def create_key(event: Event) -> EventKey:
    """Create a key pair with a random unused number of 24 bits. Raise RuntimeError if none is found."""
    private, public = generate_key_pair()
    encrypted = get_fernet(EventKey.PURPOSE).encrypt(private)
    for _attempt in range(MAX_KEY_ATTEMPTS):
        try:
            # A savepoint for each attempt: on PostgreSQL a failed insert ends the transaction.
            with transaction.atomic():
                return EventKey.objects.create(
                    event=event,
                    # Three bytes of each badge code.
                    number=secrets.randbelow(2**24),
                    encrypted_private_key=encrypted,
                    public_key=public,
                )
        except IntegrityError:
            continue
    raise RuntimeError("No free key number was found.")
