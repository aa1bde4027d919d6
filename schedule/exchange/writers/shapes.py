"""A programme in the shape that a format can carry: writing it and reading it again gives the same."""

import datetime
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from django.utils.text import slugify

from ...days import programme_day
from ...prose import is_html, to_text
from .. import clean
from ..addresses import any_uri, web_uri
from ..moments import known_zone
from ..notes import Notes
from ..programme import Format, Head, Link, Person, Programme, Talk, Thread

SLUG = re.compile(r"[a-z0-9_]{4,}-[a-z0-9_-]{3,}[a-z0-9]")
CODES = {Format.FRAB_XML: re.compile(r"[0-9A-Z]{6}"), Format.FRAB_JSON: re.compile(r"[0-9A-Z]+")}
LINK_KINDS = frozenset(["slides", "paper", "web", "blog", "article", "media", "related", "activitypub"])
TRACK_SLUG = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
LONGEST = datetime.timedelta(hours=99, minutes=59, seconds=59)
NO_LIMIT = 10**9
BREAKS = re.compile("[\x85\u2028\u2029]")


def formed(programme: Programme) -> Programme:
    """The programme as its format carries it."""
    head = replace(
        programme.head,
        title=line(programme.head.title),
        acronym=acronym_of(programme.head),
        version=line(programme.head.version),
        base_url=web_uri(programme.head.base_url or ""),
    )
    programme = replace(
        programme,
        places=tuple(replace(place, name=line(place.name)) for place in programme.places),
        threads=tuple(thread_form(thread, at) for at, thread in enumerate(programme.threads, start=1)),
    )
    talks = tuple(common(talk, head) for talk in programme.talks)
    if programme.format is Format.ICALENDAR:
        return replace(programme, head=head, talks=tuple(map(calendar_form, talks)))
    form = xml_form if programme.format is Format.FRAB_XML else json_form
    return replace(programme, head=head, talks=frab_forms(talks, head, programme.format, form))


def thread_form(thread: Thread, at: int) -> Thread:
    """A track with a slug that both schemas allow: its own, or one from its name or its place."""
    name = line(thread.name)
    slugs = (thread.slug, slugify(name)[:80].strip("-"), f"track-{at}")
    return replace(thread, name=name, slug=next(slug for slug in slugs if TRACK_SLUG.fullmatch(slug)))


def common(talk: Talk, head: Head) -> Talk:
    """What every format does to a talk: tidy texts, whole seconds, a day, safe addresses."""
    zone = known_zone(head.zone)
    assert zone
    assert talk.ends_at
    return replace(
        talk,
        title=line(talk.title),
        subtitle=line(talk.subtitle),
        kind=line(talk.kind),
        language=line(talk.language),
        track=line(talk.track),
        starts_at=talk.starts_at.replace(microsecond=0),
        ends_at=talk.ends_at.replace(microsecond=0),
        day=talk.day or programme_day(talk.starts_at, zone, head.day_starts or datetime.time()),
        room=line(talk.room),
        abstract=clean.paragraphs(talk.abstract) or "",
        description=clean.paragraphs(talk.description) or "",
        recording_license=line(talk.recording_license),
        url=web_uri(talk.url or ""),
        persons=tuple(map(tidy, talk.persons or ())),
    )


def tidy(person: Person) -> Person:
    """The speaker with a name of one line."""
    name = line(person.name)
    return person if name == person.name else replace(person, name=name)


def line(text: str | None) -> str:
    """A text of one line without control characters."""
    return clean.one_line(text, NO_LIMIT, Notes()) or ""


def acronym_of(head: Head) -> str:
    """The acronym as both schemas allow it: at least four small letters, digits or underscores."""
    plain = unicodedata.normalize("NFKD", head.acronym or "").encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if len(short) < 4:
        year = head.first_day.year if head.first_day else "conf"
        short = f"{short or 'event'}_{year}"
    return short


def frab_forms(
    talks: tuple[Talk, ...], head: Head, fmt: Format, form: Callable[[Talk], Talk]
) -> tuple[Talk, ...]:
    """The talks of a frab file, with slugs and codes that are allowed and not used twice."""
    slugs, codes = {""}, {""}
    found = []
    for talk in sorted(talks, key=lambda talk: talk.number or 0):
        slug = talk.slug if SLUG.fullmatch(talk.slug or "") and talk.slug not in slugs else ""
        slug = slug or made_slug(talk, head, slugs)
        slugs.add(slug)
        code = dict(talk.extra or ()).get("code", "")
        code = code if CODES[fmt].fullmatch(code) and code not in codes else ""
        codes.add(code)
        same = slug == talk.slug and not talk.extra
        found.append(form(talk if same else replace(talk, slug=slug, extra=extra_of(talk, code))))
    order = {talk.guid: position for position, talk in enumerate(talks)}
    return tuple(sorted(found, key=lambda talk: order[talk.guid]))


def made_slug(talk: Talk, head: Head, taken: set[str]) -> str:
    """A slug from acronym, number and title."""
    rest = f"{talk.number}-{slugify(talk.title)[:80]}".rstrip("-_")
    rest = rest if len(rest) >= 4 else f"session-{talk.number}"
    slug = f"{head.acronym}-{rest}"
    while slug in taken:
        slug += "-2"
    return slug


def extra_of(talk: Talk, code: str) -> tuple[tuple[str, str], ...]:
    """What is only kept to be written again, as far as it is allowed."""
    values = dict(talk.extra or ()) | {"code": code}
    for name in ("logo", "feedback_url", "origin_url"):
        values[name] = web_uri(values.get(name, ""))
    return tuple((name, value) for name, value in values.items() if value)


def xml_form(talk: Talk) -> Talk:
    """Frab XML: durations below 100 hours, speakers by name and guid."""
    assert talk.ends_at
    return replace(
        talk,
        ends_at=talk.starts_at + min(talk.ends_at - talk.starts_at, LONGEST),
        extra=tuple((name, value) for name, value in talk.extra or () if name != "do_not_stream"),
        links=xml_links(talk.links),
        attachments=tuple(replace(link, service="") for link in xml_links(talk.attachments)),
    )


def xml_links(links: tuple[Link, ...] | None) -> tuple[Link, ...]:
    """The links as the reader takes them."""
    found = (
        Link("".join(line(link.url).split()), line(link.title), line(link.kind), line(link.service))
        for link in links or ()
    )
    return tuple(link for link in found if clean.harmless(link.url))


def json_form(talk: Talk) -> Talk:
    """Frab JSON: links with absolute addresses and of known kinds."""
    if not (talk.links or talk.attachments or talk.persons):
        return talk
    return replace(
        talk,
        links=json_links(talk.links),
        attachments=json_links(talk.attachments),
        persons=tuple(map(json_person, talk.persons or ())),
    )


def json_links(links: tuple[Link, ...] | None) -> tuple[Link, ...]:
    """The links that the schema allows."""
    found = (
        Link(any_uri(link.url), line(link.title), link.kind if link.kind in LINK_KINDS else "")
        for link in links or ()
    )
    return tuple(link for link in found if clean.harmless(link.url))


def json_person(person: Person) -> Person:
    """A speaker with an address that the schema allows."""
    if not person.url and not person.biography:
        return person
    return replace(person, url=web_uri(person.url or ""), biography=clean.paragraphs(person.biography))


def calendar_form(talk: Talk) -> Talk:
    """iCalendar: speakers and texts together in one description."""
    return replace(talk, description=composed(talk), persons=None, abstract=None)


def composed(talk: Talk) -> str:
    """Who, and what about: names, subtitle, abstract and description, without HTML."""
    names = ", ".join(person.name for person in talk.persons or ())
    parts = [names, talk.subtitle or "", talk.abstract or "", talk.description or ""]
    return flat("\n\n".join(filter(None, map(flat, parts))))


def flat(text: str) -> str:
    """Text without HTML, with plain line breaks; doing it twice changes nothing."""
    for _round in range(5):
        if not is_html(text):
            break
        text = to_text(text)
    return clean.paragraphs(BREAKS.sub("\n", text)) or ""


def absorbed(text: str, own: Talk) -> str:
    """A calendar's description without what the event knows already: speakers, subtitle, abstract."""
    names = ", ".join(line(person.name) for person in own.persons or ())
    for part in (names, own.subtitle, own.abstract):
        known = flat(part or "")
        if known and text.startswith(known):
            text = text[len(known) :].lstrip("\n")
    return text
