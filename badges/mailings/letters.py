"""The letters of a mailing: one text, read once, filled in for each recipient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from convention.dates import say_span
from convention.mail import Letter
from convention.web_addresses import unlinked
from registrations.calendar import where_of
from registrations.doors import secret_for
from registrations.models import Registration

from .models import Mailing
from .placeholders import filled_html, filled_line, filled_text, plain_text, safe_html
from .tokens import unsubscribe_url

ONE_CLICK = "List-Unsubscribe=One-Click"


@dataclass(frozen=True)
class Addressee:
    """To whom one letter goes: the registrations it is about, a language, the number and key of the mail."""

    registrations: Sequence[Registration]
    language: str
    recipient: int
    key: str

    @property
    def address(self) -> str:
        """Their own address, else that of whoever ordered; empty where there is none any more."""
        first = self.registrations[0] if self.registrations else None
        return (first.email or first.order.email) if first else ""


@dataclass(frozen=True)
class Writer:
    """Writes the letters of one mailing in one language."""

    mailing: Mailing
    language: str

    @cached_property
    def html(self) -> str:
        """The text, read and made safe, with marks for placeholders."""
        return safe_html(self.mailing.text_in(self.language))

    @cached_property
    def text(self) -> str:
        """The same without markup."""
        return plain_text(self.html)

    @cached_property
    def of_event(self) -> dict[str, str]:
        """The values that are the same for all."""
        event = self.mailing.event
        with translation.override(self.language):
            return {
                "event": event.title,
                "when": say_span(event.starts_at, event.ends_at, event.zone),
                "where": where_of(event) or _("announced later"),
                "agenda": f"{settings.SITE_URL}{reverse('agenda', args=[event.slug])}",
            }

    def write(self, to: Addressee) -> Letter:
        """The letter to one recipient."""
        event = self.mailing.event
        with translation.override(self.language):
            values = {**self.of_event, **_own_values(to)}
            news = self._unsubscribing(to)
            subject = filled_line(self.mailing.subject_in(self.language), values)
            context = {
                "event": event,
                "heading": subject,
                "html": mark_safe(filled_html(self.html, values)),  # noqa: S308 (made safe by safe_html)
                "text": filled_text(self.text, values),
                "links": _links(to) if len(to.registrations) > 1 else [],
                "unsubscribe_url": news,
            }
        return Letter(
            to=to.address,
            subject=subject,
            template="mailing",
            context=context,
            language=self.language,
            key=to.key,
            accent=event.accent,
            reply_to=event.contact_email,
            headers=_headers(news),
        )

    def _unsubscribing(self, to: Addressee) -> str:
        if not self.mailing.is_news:
            return ""
        return unsubscribe_url(recipient=to.recipient, address=to.address, language=self.language)


def _headers(unsubscribing: str) -> dict[str, str]:
    """What lets a mail program unsubscribe with one click (RFC 8058)."""
    if not unsubscribing:
        return {}
    return {"List-Unsubscribe": f"<{unsubscribing}>", "List-Unsubscribe-Post": ONE_CLICK}


def as_test(letter: Letter, *, to: str, key: str) -> Letter:
    """The same letter to somebody who tries it."""
    with translation.override(letter.language):
        subject = _("Test: %(subject)s") % {"subject": letter.subject}
    return replace(letter, to=to, key=key, subject=subject)


def _own_values(to: Addressee) -> Mapping[str, str]:
    """What differs from one recipient to the next."""
    people = to.registrations
    return {
        "first_name": _joined([unlinked(one.first_name or one.name) for one in people]),
        "name": _joined([unlinked(one.name) for one in people]),
        "company": _joined([unlinked(one.company) for one in people]),
        "ticket": _joined([one.ticket.title for one in people]),
        "manage_url": manage_url(people[0], to.address),
        "badge": badge_url(people[0], to.address),
    }


def _joined(words: Sequence[str]) -> str:
    """“Ana, Zoé and Max”, each once."""
    each = list(dict.fromkeys(word for word in words if word))
    if len(each) < 2:
        return "".join(each)
    return _("%(first)s and %(last)s") % {"first": ", ".join(each[:-1]), "last": each[-1]}


def _links(to: Addressee) -> list[dict[str, Any]]:
    """Where a mail is about several people, the link of each."""
    return [
        {"name": one.name, "ticket": one.ticket.title, "url": manage_url(one, to.address)}
        for one in to.registrations
    ]


def manage_url(registration: Registration, address: str) -> str:
    """The page of a registration for the reader at that address."""
    return f"{settings.SITE_URL}{registration.order.path_with(secret_for(registration, address))}"


def badge_url(registration: Registration, address: str) -> str:
    """The badge for the reader at that address; the page of the registration where there is none."""
    if registration.state != Registration.State.CONFIRMED:
        return manage_url(registration, address)
    order = registration.order
    path = reverse(
        "order-badge", args=[order.reference, secret_for(registration, address), registration.reference]
    )
    return f"{settings.SITE_URL}{path}"
