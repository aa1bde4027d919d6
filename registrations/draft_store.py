"""Where drafts are stored: a row for each, found by a token in the visitor's session, up to a ceiling."""

import datetime
import json
import secrets
from dataclasses import asdict
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.models import Event

from .draft import Draft
from .limits import refuse_many_drafts
from .models import RegistrationDraft
from .stored_use import DRAFTS, Use

SPARED_FOR: Final = datetime.timedelta(hours=1)
"""A draft that was changed since is never removed to make room."""
REMOVED_AT_ONCE: Final = 500
MAX_BYTES: Final = 256 * 1024
"""Fifty people who answer several long questions each have half of it."""
LARGE_BYTES: Final = 16 * 1024
"""A draft that grows beyond it is measured each time; smaller ones when they are new."""


class DraftTooLarge(ConventionError):
    """More was typed than one registration has."""

    kind = "too-large"
    status = 413


class DraftsFull(ConventionError):
    """More registrations were begun than can be stored, for this event or for all."""

    kind = "storage-full"
    status = 507


def load_draft(session: SessionBase, name: str) -> Draft:
    """Return the draft of that name, a new one where none is stored."""
    token = session.get(_key(name))
    rows = RegistrationDraft.objects.filter(token=token)
    content = rows.values_list("content", flat=True).first() if token else None
    return Draft(**json.loads(content)) if content else Draft()


def save_draft(session: SessionBase, name: str, draft: Draft, *, event: Event, network: str) -> None:
    """Store the draft under that name; `network` is where it comes from.

    Raises DraftTooLarge, DraftsFull, and TooOften where one network begins very many.
    """
    content = json.dumps(asdict(draft), ensure_ascii=False)  # as text, so that an erasure finds names in it
    if len(content) > MAX_BYTES:
        raise DraftTooLarge(
            _("This is more than a registration can hold: shorten the answers, or register in several parts.")
        )
    if len(content) > LARGE_BYTES:
        make_room(event, len(content))
        refuse_many_drafts(network, size=len(content))
    values = {"content": content, "size": len(content), "changed_at": timezone.now()}
    token = session.get(_key(name))
    known = RegistrationDraft.objects.filter(token=token, event=event) if token else None
    if known is None or not known.update(**values):
        refuse_many_drafts(network)
        make_room(event, len(content))
        made = RegistrationDraft.objects.create(event=event, token=secrets.token_urlsafe(32), **values)
        session[_key(name)] = made.token


def forget_draft(session: SessionBase, name: str) -> None:
    """Remove the draft: it is booked."""
    token = session.get(_key(name))
    RegistrationDraft.objects.filter(token=token).delete()


def make_room(event: Event, size: int) -> None:
    """Remove the oldest drafts where one more of that size does not fit. Raises DraftsFull."""
    everything = RegistrationDraft.objects.all()
    for rows, kind in ((everything.filter(event=event), f"{DRAFTS}_EVENT"), (everything, DRAFTS)):
        most = Use.ceiling(kind)
        if Use.of(rows).has_room(size, most):
            continue
        old = rows.filter(changed_at__lt=timezone.now() - SPARED_FOR).order_by("changed_at")
        everything.filter(pk__in=list(old.values_list("pk", flat=True)[:REMOVED_AT_ONCE])).delete()
        if not Use.of(rows).has_room(size, most):
            raise DraftsFull(_("Very many registrations are being made at the moment. Try again in an hour."))


def remove_old_drafts(before: datetime.datetime) -> int:
    """Remove the drafts that were last changed before that moment; return how many."""
    return RegistrationDraft.objects.filter(changed_at__lt=before).delete()[0]


def _key(name: str) -> str:
    return f"registration:{name}"
