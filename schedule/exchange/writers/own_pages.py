"""Add addresses of our public pages to sessions without an address of their own."""

from dataclasses import replace

from django.conf import settings
from django.utils.translation import get_language

from convention.events.models import Event
from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSession
from schedule.exchange.parsing.web_addresses import encode_web_uri

from .fit_format import fit_line


def add_own_pages(programme: ParsedProgramme, event: Event) -> ParsedProgramme:
    """Return all sessions with an address: their own, or that of their public page."""
    start = get_pages_prefix(event, "")
    return replace(
        programme,
        sessions=tuple(
            parsed_session
            # The schemas allow http(s) only, so an address of another kind is replaced too.
            if encode_web_uri(parsed_session.url or "")
            else replace(parsed_session, url=f"{start}{parsed_session.guid}/")
            for parsed_session in programme.sessions
        ),
    )


def localize_programme(programme: ParsedProgramme, event: Event) -> ParsedProgramme:
    """Return the programme with the event's name and our pages in the active language.

    Not part of `build_exported_programme`, with which an import compares files in any language.
    """
    start = get_pages_prefix(event, "")
    localized_start = get_pages_prefix(event, get_language_prefix())
    parsed_sessions = tuple(
        replace(parsed_session, url=localized_start + parsed_session.url.removeprefix(start))
        if parsed_session.url and parsed_session.url.startswith(start)
        else parsed_session
        for parsed_session in programme.sessions
    )
    return replace(
        programme, sessions=parsed_sessions, header=replace(programme.header, title=fit_line(event.title))
    )


def get_stored_url(parsed_session: ParsedSession, event: Event) -> str | None:
    """Return the address to compare and to store for a session.

    English calendars contain the address of our English page, which is stored without the language prefix.
    """
    start = get_pages_prefix(event, "/en")
    if parsed_session.url and parsed_session.url.startswith(start):
        return get_pages_prefix(event, "") + parsed_session.url.removeprefix(start)
    return parsed_session.url


def get_language_prefix() -> str:
    """Return the path prefix of the active language; "" for the default one."""
    language = get_language() or settings.LANGUAGE_CODE
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"


def get_pages_prefix(event: Event, prefix: str) -> str:
    """Return the address that all session pages of the event begin with."""
    return f"{settings.SITE_URL}{prefix}/events/{event.slug}/sessions/"
