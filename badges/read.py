"""Read a code as an ordinary camera brings it."""

from convention.codes import MalformedCode, parse
from convention.events.models import Event, EventKey


def event_of_code(token: str) -> Event | None:
    """The published event whose key signed the code, else None; nothing is said about the registration."""
    try:
        signed = parse(token)
    except MalformedCode:
        return None
    key = EventKey.objects.select_related("event__venue").filter(number=signed.claim.key).first()
    if key is None or not signed.is_signed_by(bytes(key.public_key)):
        return None
    return None if key.event.visibility == Event.Visibility.DRAFT else key.event
