"""Sessions without an address of their own are shown on our pages, in French or English."""

from dataclasses import replace

from django.conf import settings
from django.utils.translation import get_language

from convention.events.models import Event

from ..addresses import web_uri
from ..programme import Programme, Talk
from .shapes import line


def with_own_pages(programme: Programme, event: Event) -> Programme:
    """Every talk with an address: its own, or that of its public page here."""
    start = pages_of(event, "")
    return replace(
        programme,
        talks=tuple(
            talk if web_uri(talk.url or "") else replace(talk, url=f"{start}{talk.guid}/")
            for talk in programme.talks
        ),
    )


def in_language_asked(programme: Programme, event: Event) -> Programme:
    """For readers: the event's name and our pages in the language of the moment."""
    start, there = pages_of(event, ""), pages_of(event, language_prefix())
    talks = tuple(
        replace(talk, url=there + talk.url.removeprefix(start))
        if talk.url and talk.url.startswith(start)
        else talk
        for talk in programme.talks
    )
    return replace(programme, talks=talks, head=replace(programme.head, title=line(event.title)))


def address_of(talk: Talk, event: Event) -> str | None:
    """What a file says of a talk's address; our page is one page in whatever language it was written."""
    start = pages_of(event, "/en")
    if talk.url and talk.url.startswith(start):
        return pages_of(event, "") + talk.url.removeprefix(start)
    return talk.url


def language_prefix() -> str:
    """What addresses in the language of the moment begin with."""
    language = get_language() or settings.LANGUAGE_CODE
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"


def pages_of(event: Event, prefix: str) -> str:
    """What the addresses of its sessions' pages begin with."""
    return f"{settings.SITE_URL}{prefix}/events/{event.slug}/sessions/"
