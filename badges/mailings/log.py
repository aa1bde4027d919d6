"""The log of a mailing: each recipient with what came of the mail; its numbers, lists and files."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext as _

from convention.downloads import Sheet
from registrations.models import Registration

from .models import WAITING, Mailing, Recipient, RecipientQuerySet
from .send_batch import addressee_of

SENT = Q(accepted_at__isnull=False)
STATES = {
    Recipient.State.WAITING.value: WAITING,
    Recipient.State.SENT.value: SENT,
    Recipient.State.REFUSED.value: Q(refused_at__isnull=False),
    Recipient.State.BOUNCED.value: Q(bounced_at__isnull=False),
    Recipient.State.UNSUBSCRIBED.value: Q(unsubscribed_at__isnull=False),
    Recipient.State.LEFT_OUT.value: ~Q(left_out=""),
}


def counts_of(mailings: list[Mailing]) -> dict[int, dict[str, int]]:
    """How many recipients in each state, by mailing, in one query; `sent` holds what came back since."""
    counted = {name: Count("pk", filter=where) for name, where in STATES.items()}
    counted |= {"total": Count("pk"), "done": Count("pk", filter=~WAITING)}
    rows = Recipient.objects.filter(mailing__in=mailings).order_by().values_list("mailing")
    found = {mailing: numbers for mailing, *numbers in rows.annotate(**counted)}
    nothing = [0] * len(counted)
    return {
        mailing.pk: dict(zip(counted, found.get(mailing.pk, nothing), strict=True)) for mailing in mailings
    }


def recipients_in(mailing: Mailing, state: str) -> RecipientQuerySet:
    """Those in that state, or all; each with its people."""
    people = Registration.objects.select_related("order").order_by("pk")
    rows: RecipientQuerySet = Recipient.objects.filter(mailing=mailing)
    if state in STATES:
        rows = rows.filter(STATES[state])
    return rows.prefetch_related(Prefetch("registrations", queryset=people))


def header() -> list[str]:
    """What the columns are."""
    return [
        _("Name"), _("E-mail"), _("Company"), _("Language"), _("State"), _("Why"), _("Attempts"),
        _("When"), _("What the mail server said"),
    ]  # fmt: skip


def sheet_of(mailing: Mailing, state: str) -> Sheet:
    """The log of one state or all, to download."""
    return Sheet(_("Mailing"), header(), _rows(mailing, state))


def _rows(mailing: Mailing, state: str) -> Iterator[list[Any]]:
    zone = mailing.event.zone
    for recipient in recipients_in(mailing, state).iterator(chunk_size=2000):
        people = list(recipient.registrations.all())
        at = happened_at(recipient)
        yield [
            ", ".join(one.name for one in people),
            addressee_of(recipient).address,
            people[0].company if people else "",
            recipient.language,
            recipient.get_state_display(),
            recipient.get_left_out_display(),
            recipient.attempts,
            at.astimezone(zone) if at else "",
            recipient.answer,
        ]


def happened_at(recipient: Recipient) -> Any:
    """When its state came about; None where nothing happened yet."""
    moments = (recipient.bounced_at, recipient.unsubscribed_at, recipient.accepted_at, recipient.refused_at)
    return next((at for at in moments if at), None)
