"""Give money back: asked for, then done or failed."""

import datetime

from django.db import transaction
from django.db.models import Case, DateField, Q, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record
from convention.errors import ConventionError

from .models import Payment, Refund
from .owe import locked


class BadRefund(ConventionError):
    """More than there is to give back, or nothing."""

    kind = "bad-refund"


@transaction.atomic
def refund(*, payment: Payment, amount: int, reason: str, external_id: str = "") -> Refund:
    """Ask for cents of that payment to be given back; it counts as given back until it fails.

    What came by card goes back by itself (`hooks.send_refund`).

    The same `external_id` again gives the first row. Raises BadRefund.
    """
    receivable = locked(payment.receivable)
    if external_id and (known := Refund.objects.filter(external_id=external_id).first()):
        return known
    if not 0 < amount <= refundable(payment):
        raise BadRefund(
            _("Of this payment %(left)s can be given back.") % {"left": receivable.money(refundable(payment))}
        )
    made = Refund.objects.create(
        receivable=receivable,
        payment=payment,
        amount=amount,
        reason=reason[:300],
        external_id=external_id or None,
        refunded_on=timezone.localdate(),
    )
    if payment.is_by_processor:
        hooks.send_refund.enqueue(made.pk)
    record("refund.request", made, event=receivable.event, fields=["amount"], reason=made.reason)
    return made


def refundable(payment: Payment) -> int:
    """What is left of a payment to give back, in cents."""
    given = payment.refunds.filter(state__in=("requested", "done")).aggregate(sum=Sum("amount"))["sum"]
    return payment.amount - (given or 0)


def refund_done(*, refund: Refund, external_id: str = "", on: datetime.date | None = None) -> None:
    """The money has left. A refund that is done already stays as it is."""
    changed = Refund.objects.filter(pk=refund.pk, state=Refund.State.REQUESTED).update(
        state=Refund.State.DONE,
        external_id=external_id or refund.external_id,
        refunded_on=on or timezone.localdate(),
    )
    if changed:
        record("refund.done", refund, event=refund.receivable.event, fields=["state"])
    refund.refresh_from_db()


def refund_failed(*, refund: Refund, reason: str) -> None:
    """The money did not leave, or came back today: it is owed again."""
    has_left = Q(state=Refund.State.DONE)
    changed = (
        Refund.objects.filter(pk=refund.pk)
        .exclude(state=Refund.State.FAILED)
        .update(
            state=Refund.State.FAILED,
            failed_on=Case(When(has_left, then=Value(timezone.localdate())), output_field=DateField()),
        )
    )
    if changed:
        record("refund.fail", refund, event=refund.receivable.event, fields=["state"], reason=reason[:300])
    refund.refresh_from_db()
