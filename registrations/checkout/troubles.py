"""What needs a decision about money that came in."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from convention.events.models import Event
from registrations.invoices.models import Receivable
from registrations.invoices.receivables import ReceivableQuerySet
from registrations.models import Order, Registration, Sponsorship, Ticket


def paid_too_much() -> ReceivableQuerySet:
    """Receivables of which more is kept than is owed, the latest first: paid twice, late, or too much."""
    rows: ReceivableQuerySet = Receivable.objects.with_balance().filter(Q(due__lt=0))
    return rows.exclude(reference__in=unplaced_orders().values("reference")).order_by("-pk")


def unplaced_orders() -> QuerySet[Order]:
    """Orders that were paid when their places, or their package, were gone, with the cents `kept`."""
    lapsed = Q(
        order=OuterRef("pk"), cancelled_at__isnull=True, confirmed_at__isnull=True, held_until__isnull=True
    )
    waiting = Exists(Registration.objects.filter(lapsed)) | Exists(Sponsorship.objects.filter(lapsed))
    paid = Receivable.objects.with_balance().filter(Q(due__lt=0), reference=OuterRef("reference"))
    rows = Order.objects.filter(waiting, Exists(paid)).select_related("event")
    return rows.annotate(kept=Subquery(paid.annotate(over=-F("due")).values("over")[:1])).order_by("-pk")


def unproven_orders() -> QuerySet[Order]:
    """Orders paid by card with a member's place that nobody proved in time, with what is `kept` in cents."""
    audience = Ticket.Audience
    needs_proof = Q(ticket__audience=audience.MEMBER) | Q(
        ticket__audience=audience.GUEST, event__visibility=Event.Visibility.MEMBERS
    )
    lapsed = Registration.objects.filter(
        needs_proof,
        Q(held_until=None) | Q(held_until__lte=timezone.now()),
        order=OuterRef("pk"),
        person=None,
        confirmed_at=None,
        cancelled_at=None,
    )
    paid = Receivable.objects.with_balance().filter(Q(due=0), Q(paid__gt=0), reference=OuterRef("reference"))
    rows = Order.objects.filter(Exists(lapsed), Exists(paid), payment=Order.Payment.CARD)
    kept = paid.annotate(kept=F("paid") - F("given_back")).values("kept")[:1]
    return rows.select_related("event").annotate(kept=Subquery(kept)).order_by("-pk")
