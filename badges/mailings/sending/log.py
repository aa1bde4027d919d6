"""Build the log of a mailing: its recipients by state, as counts, lists and files. Find earlier ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext as _

from badges.mailings.composing.mailing_writer import Addressee
from badges.mailings.composing.segments import MEMBERS, Segment
from badges.mailings.models import WAITING_CONDITION, Mailing, Recipient, RecipientQuerySet
from convention.club.models import Company, Person
from convention.club.permissions import load_member_companies
from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.models import Registration

from .batch import make_addressee

SENT_CONDITION = Q(accepted_at__isnull=False)
STATE_CONDITIONS = {
    Recipient.State.WAITING.value: WAITING_CONDITION,
    Recipient.State.SENT.value: SENT_CONDITION,
    Recipient.State.REFUSED.value: Q(refused_at__isnull=False),
    Recipient.State.BOUNCED.value: Q(bounced_at__isnull=False),
    Recipient.State.UNSUBSCRIBED.value: Q(unsubscribed_at__isnull=False),
    Recipient.State.LEFT_OUT.value: ~Q(left_out=""),
}


def count_recipients(mailings: list[Mailing]) -> dict[int, dict[str, int]]:
    """Count the recipients of each mailing by state, in one query; `sent` includes later bounces."""
    counted = {name: Count("pk", filter=where) for name, where in STATE_CONDITIONS.items()}
    counted |= {"total": Count("pk"), "done": Count("pk", filter=~WAITING_CONDITION)}
    rows = Recipient.objects.filter(mailing__in=mailings).order_by().values_list("mailing")
    found = {mailing: numbers for mailing, *numbers in rows.annotate(**counted)}
    nothing = [0] * len(counted)
    return {
        mailing.pk: dict(zip(counted, found.get(mailing.pk, nothing), strict=True)) for mailing in mailings
    }


@dataclass(frozen=True)
class EarlierInvitation:
    """An invitation to an event that was launched or scheduled, and how many e-mails of it have left."""

    mailing: Mailing
    sent_count: int


def find_earlier_invitation(event: Event, segment: Segment) -> EarlierInvitation | None:
    """Return the last invitation to the event, launched or scheduled, to people of the segment."""
    invitations = Mailing.objects.filter(
        event=event, segment__audience=segment.audience, send_at__isnull=False
    )
    if segment.audience_event is not None:
        invitations = invitations.filter(segment__audience_event=segment.audience_event)
    if segment.language:
        invitations = invitations.filter(segment__language__in=["", segment.language])
    # One that was cancelled before it began reached nobody.
    launched = invitations.exclude(cancelled_at__isnull=False, started_at=None)
    mailing = launched.order_by("-send_at", "-pk").first()
    if mailing is None:
        return None
    return EarlierInvitation(mailing, count_recipients([mailing])[mailing.pk]["sent"])


def find_invitation_of_members(event: Event) -> EarlierInvitation | None:
    """Return the last invitation of all members, see `find_earlier_invitation`."""
    return find_earlier_invitation(event, Segment(audience=MEMBERS))


def filter_recipients(mailing: Mailing, state: str) -> RecipientQuerySet:
    """Return the recipients in that state, or all, with their people."""
    people = Registration.objects.select_related("order").order_by("pk")
    rows: RecipientQuerySet = Recipient.objects.filter(mailing=mailing)
    if state in STATE_CONDITIONS:
        rows = rows.filter(STATE_CONDITIONS[state])
    return rows.select_related("person").prefetch_related(
        Prefetch("registrations", queryset=people), "waiting_entries"
    )


def log_header() -> list[str]:
    return [
        _("Name"), _("E-mail"), _("Company"), _("Language"), _("Status"), _("Reason"), _("Attempts"),
        _("When"), _("Mail server response"),
    ]  # fmt: skip


def make_log_sheet(mailing: Mailing, state: str) -> TableSheet:
    return TableSheet(_("Mailing"), log_header(), _log_rows(mailing, state))


def _log_rows(mailing: Mailing, state: str) -> Iterator[list[Any]]:
    zone = mailing.event.zone
    invited = Recipient.objects.filter(mailing=mailing, person__isnull=False)
    companies = load_member_companies(invited.order_by().values("person"))
    for recipient in filter_recipients(mailing, state).iterator(chunk_size=2000):
        addressee = make_addressee(recipient)
        at = find_state_time(recipient)
        yield [
            ", ".join(person.name for person in addressee.people),
            addressee.address,
            _find_company_name(addressee, companies),
            recipient.language,
            recipient.get_state_display(),
            recipient.get_left_out_display(),
            recipient.attempts,
            at.astimezone(zone) if at else "",
            recipient.answer,
        ]


def _find_company_name(addressee: Addressee, companies: Mapping[int, Company]) -> str:
    """Return the first person's company, "" if it is not known."""
    person = next(iter(addressee.people), None)
    if isinstance(person, Person):
        return companies[person.pk].name if person.pk in companies else ""
    return person.company if person else ""


def find_state_time(recipient: Recipient) -> Any:
    """Return when the current state was reached, None where nothing happened yet."""
    # In the order of Recipient.state, so that state and time always belong together.
    moments = (recipient.bounced_at, recipient.unsubscribed_at, recipient.accepted_at, recipient.refused_at)
    return next((at for at in moments if at), None)
