"""Fit a programme to a format, so that writing and reading the result again changes nothing."""

import datetime
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.utils.text import slugify

from convention.rich_text.sanitize import is_html, to_text
from schedule.exchange.parsed_programme import (
    TABLE_FORMATS,
    ParsedHeader,
    ParsedLink,
    ParsedProgramme,
    ParsedSession,
    ParsedSpeaker,
    ParsedTrack,
    ScheduleFormat,
)
from schedule.exchange.parsing import clean_values
from schedule.exchange.parsing.times import find_zone
from schedule.exchange.parsing.web_addresses import encode_web_uri, resolve_address
from schedule.programme.days import get_programme_day

# Allowed by both schemas (voc-slug-new in the XML schema is the stricter one).
SLUG_PATTERN = re.compile(r"[a-z0-9_]{4,}-[a-z0-9_-]{3,}[a-z0-9]")
# pretalx's codes, as each schema has them.
CODE_PATTERNS = {
    ScheduleFormat.FRAB_XML: re.compile(r"[0-9A-Z]{6}"),
    ScheduleFormat.FRAB_JSON: re.compile(r"[0-9A-Z]+"),
}
# The values that the JSON schema lists; another one would make the file invalid.
LINK_KINDS = frozenset(["slides", "paper", "web", "blog", "article", "media", "related", "activitypub"])
TRACK_SLUG_PATTERN = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
# The XML schema allows two digits for hours.
MAX_DURATION = datetime.timedelta(hours=99, minutes=59, seconds=59)
LINE_SEPARATOR_PATTERN = re.compile("[\x85\u2028\u2029]")


def fit_programme(programme: ParsedProgramme) -> ParsedProgramme:
    """Return the programme as the format can carry it."""
    header = replace(
        programme.header,
        title=fit_line(programme.header.title),
        acronym=make_acronym(programme.header),
        version=fit_line(programme.header.version),
        base_url=encode_web_uri(programme.header.base_url or ""),
    )
    programme = replace(
        programme,
        rooms=tuple(replace(parsed_room, name=fit_line(parsed_room.name)) for parsed_room in programme.rooms),
        tracks=tuple(
            fit_track(parsed_track, at) for at, parsed_track in enumerate(programme.tracks, start=1)
        ),
    )
    parsed_sessions = tuple(fit_any_session(parsed_session, header) for parsed_session in programme.sessions)
    if programme.format is ScheduleFormat.ICALENDAR:
        return replace(programme, header=header, sessions=tuple(map(fit_calendar_session, parsed_sessions)))
    if programme.format in TABLE_FORMATS:
        return replace(programme, header=header, sessions=tuple(map(fit_table_session, parsed_sessions)))
    if programme.format is ScheduleFormat.SESSIONIZE:
        return replace(programme, header=header, sessions=parsed_sessions)
    fit = fit_xml_session if programme.format is ScheduleFormat.FRAB_XML else fit_json_session
    return replace(
        programme, header=header, sessions=fit_frab_sessions(parsed_sessions, header, programme.format, fit)
    )


def fit_track(parsed_track: ParsedTrack, position: int) -> ParsedTrack:
    """Return a track with a slug that both schemas allow: its own, or one from its name or position."""
    name = fit_line(parsed_track.name)
    slugs = (parsed_track.slug, slugify(name)[:80].strip("-"), f"track-{position}")
    return replace(
        parsed_track, name=name, slug=next(slug for slug in slugs if TRACK_SLUG_PATTERN.fullmatch(slug))
    )


def fit_any_session(parsed_session: ParsedSession, header: ParsedHeader) -> ParsedSession:
    """Apply what every format needs: clean texts, whole seconds, a day, safe addresses."""
    zone = find_zone(header.zone_name)
    assert zone
    assert parsed_session.ends_at
    day_start = header.day_starts_at or datetime.time()
    # A session without a time, which only tables have, has no day either.
    day = get_programme_day(parsed_session.starts_at, zone, day_start) if parsed_session.has_start else None
    return replace(
        parsed_session,
        title=fit_line(parsed_session.title),
        subtitle=fit_line(parsed_session.subtitle),
        kind=fit_line(parsed_session.kind),
        language=fit_line(parsed_session.language),
        track=fit_line(parsed_session.track),
        starts_at=parsed_session.starts_at.replace(microsecond=0),
        ends_at=parsed_session.ends_at.replace(microsecond=0),
        day=parsed_session.day or day,
        room=fit_line(parsed_session.room),
        abstract=clean_values.clean_paragraphs(parsed_session.abstract) or "",
        description=clean_values.clean_paragraphs(parsed_session.description) or "",
        recording_license=fit_line(parsed_session.recording_license),
        url=encode_web_uri(parsed_session.url or ""),
        speakers=tuple(map(fit_speaker_name, parsed_session.speakers or ())),
    )


def fit_speaker_name(parsed_speaker: ParsedSpeaker) -> ParsedSpeaker:
    name = fit_line(parsed_speaker.name)
    return parsed_speaker if name == parsed_speaker.name else replace(parsed_speaker, name=name)


def fit_line(text: str | None) -> str:
    return clean_values.normalize_line(text or "")


def make_acronym(header: ParsedHeader) -> str:
    """Return an acronym that both schemas allow: at least four lower-case letters, digits or underscores."""
    plain = unicodedata.normalize("NFKD", header.acronym or "").encode("ascii", "ignore").decode()
    # The JSON schema allows a hyphen only before a year, so none is written.
    short = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if len(short) < 4:
        year = header.first_day.year if header.first_day else "conf"
        short = f"{short or 'event'}_{year}"
    return short


def fit_frab_sessions(
    parsed_sessions: tuple[ParsedSession, ...],
    header: ParsedHeader,
    file_format: ScheduleFormat,
    fit_session: Callable[[ParsedSession, str], ParsedSession],
) -> tuple[ParsedSession, ...]:
    """Return sessions for a frab file, with allowed and unique slugs and codes."""
    slugs, codes = {""}, {""}
    fitted = []
    # By number, so that of two equal slugs the same session keeps it even if sessions move.
    for parsed_session in sorted(parsed_sessions, key=lambda parsed_session: parsed_session.number or 0):
        slug = (
            parsed_session.slug
            if SLUG_PATTERN.fullmatch(parsed_session.slug or "") and parsed_session.slug not in slugs
            else ""
        )
        slug = slug or make_slug(parsed_session, header, slugs)
        slugs.add(slug)
        # The XML schema requires slugs and codes to be unique in the file.
        code = dict(parsed_session.extra or ()).get("code", "")
        code = code if CODE_PATTERNS[file_format].fullmatch(code) and code not in codes else ""
        codes.add(code)
        base_url = find_base_url(parsed_session, header)
        is_unchanged = slug == parsed_session.slug and not parsed_session.extra
        fitted.append(
            fit_session(
                parsed_session
                if is_unchanged
                else replace(parsed_session, slug=slug, extra=fit_extra(parsed_session, code, base_url)),
                base_url,
            )
        )
    order = {parsed_session.guid: position for position, parsed_session in enumerate(parsed_sessions)}
    return tuple(sorted(fitted, key=lambda parsed_session: order[parsed_session.guid]))


def find_base_url(parsed_session: ParsedSession, header: ParsedHeader) -> str:
    """Return the URL against which a session's relative links are resolved; "" if it is unknown."""
    if header.base_url:
        return header.base_url
    # A session without an address of its own has that of our page, where its relative links lead nowhere.
    url = parsed_session.url or ""
    return "" if url.startswith(f"{settings.SITE_URL}/") else url


def make_slug(parsed_session: ParsedSession, header: ParsedHeader, used_slugs: set[str]) -> str:
    """Return a slug from acronym, number and title."""
    rest = f"{parsed_session.number}-{slugify(parsed_session.title)[:80]}".rstrip("-_")
    rest = rest if len(rest) >= 4 else f"session-{parsed_session.number}"
    slug = f"{header.acronym}-{rest}"
    while slug in used_slugs:
        slug += "-2"
    return slug


def fit_extra(parsed_session: ParsedSession, code: str, base_url: str) -> tuple[tuple[str, str], ...]:
    """Return the extra fields that the schema allows; relative addresses become absolute."""
    values = dict(parsed_session.extra or ()) | {"code": code}
    for name in ("logo", "feedback_url", "origin_url"):
        values[name] = encode_web_uri(resolve_address(values.get(name, ""), base_url))
    return tuple((name, value) for name, value in values.items() if value)


def fit_xml_session(parsed_session: ParsedSession, _base_url: str) -> ParsedSession:
    """Fit frab XML, whose links may be relative: durations below 100 hours, speakers by name and guid."""
    assert parsed_session.ends_at
    return replace(
        parsed_session,
        ends_at=parsed_session.starts_at
        + min(parsed_session.ends_at - parsed_session.starts_at, MAX_DURATION),
        extra=tuple((name, value) for name, value in parsed_session.extra or () if name != "do_not_stream"),
        links=fit_xml_links(parsed_session.links),
        attachments=tuple(replace(link, service="") for link in fit_xml_links(parsed_session.attachments)),
    )


def fit_xml_links(links: tuple[ParsedLink, ...] | None) -> tuple[ParsedLink, ...]:
    fitted_links = (
        ParsedLink(
            "".join(fit_line(link.url).split()),
            fit_line(link.title),
            fit_line(link.kind),
            fit_line(link.service),
        )
        for link in links or ()
    )
    return tuple(link for link in fitted_links if clean_values.is_harmless(link.url))


def fit_table_session(parsed_session: ParsedSession) -> ParsedSession:
    """Fit a table, in whose cells “|” separates the parts of a link."""
    if not (parsed_session.links or parsed_session.attachments):
        return parsed_session
    return replace(
        parsed_session,
        links=fit_table_links(parsed_session.links),
        attachments=fit_table_links(parsed_session.attachments),
    )


def fit_table_links(links: tuple[ParsedLink, ...] | None) -> tuple[ParsedLink, ...]:
    return tuple(replace(link, url=link.url.replace("|", "%7C")) for link in fit_xml_links(links))


def fit_json_session(parsed_session: ParsedSession, base_url: str) -> ParsedSession:
    """Fit frab JSON: links with absolute addresses and of known kinds."""
    if not (parsed_session.links or parsed_session.attachments or parsed_session.speakers):
        return parsed_session
    return replace(
        parsed_session,
        links=fit_json_links(parsed_session.links, base_url),
        attachments=fit_json_links(parsed_session.attachments, base_url),
        speakers=tuple(map(fit_json_speaker, parsed_session.speakers or ())),
    )


def fit_json_links(links: tuple[ParsedLink, ...] | None, base_url: str) -> tuple[ParsedLink, ...]:
    fitted_links = (
        ParsedLink(
            resolve_address(link.url, base_url),
            fit_line(link.title),
            link.kind if link.kind in LINK_KINDS else "",
        )
        for link in links or ()
        if clean_values.is_harmless(link.url)
    )
    return tuple(link for link in fitted_links if link.url and clean_values.is_harmless(link.url))


def fit_json_speaker(parsed_speaker: ParsedSpeaker) -> ParsedSpeaker:
    if not parsed_speaker.url and not parsed_speaker.biography:
        return parsed_speaker
    return replace(
        parsed_speaker,
        url=encode_web_uri(parsed_speaker.url or ""),
        biography=clean_values.clean_paragraphs(parsed_speaker.biography),
    )


def fit_calendar_session(parsed_session: ParsedSession) -> ParsedSession:
    """Fit iCalendar: speakers and texts together in one description."""
    return replace(
        parsed_session, description=compose_description(parsed_session), speakers=None, abstract=None
    )


def compose_description(parsed_session: ParsedSession) -> str:
    """Join speakers, subtitle, abstract and description, without HTML."""
    names = ", ".join(person.name for person in parsed_session.speakers or ())
    parts = [
        names,
        parsed_session.subtitle or "",
        parsed_session.abstract or "",
        parsed_session.description or "",
    ]
    return flatten_html("\n\n".join(filter(None, map(flatten_html, parts))))


def flatten_html(text: str) -> str:
    """Return text without HTML. Idempotent, since an import flattens what an export has flattened."""
    # Text may contain HTML that is escaped, even twice: reading our file again must change nothing.
    for _round in range(5):
        if not is_html(text):
            break
        text = to_text(text)
    return clean_values.clean_paragraphs(LINE_SEPARATOR_PATTERN.sub("\n", text)) or ""


def strip_known_parts(text: str, own_session: ParsedSession) -> str:
    """Remove from a calendar's description what other fields contain: speakers, subtitle, abstract."""
    names = ", ".join(fit_line(person.name) for person in own_session.speakers or ())
    for part in (names, own_session.subtitle, own_session.abstract):
        known = flatten_html(part or "")
        if known and text.startswith(known):
            text = text[len(known) :].lstrip("\n")
    return text
