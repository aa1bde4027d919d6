"""Sessions without an address of their own are shown on our pages."""

from dataclasses import replace

from django.conf import settings

from convention.events.models import Event

from ..addresses import web_uri
from ..programme import Programme


def with_own_pages(programme: Programme, event: Event) -> Programme:
    """Every talk with an address: its own, or that of its public page here."""
    start = f"{settings.SITE_URL}/events/{event.slug}/sessions/"
    return replace(
        programme,
        talks=tuple(
            talk if web_uri(talk.url or "") else replace(talk, url=f"{start}{talk.guid}/")
            for talk in programme.talks
        ),
    )
