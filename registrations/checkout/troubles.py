"""What needs a decision about money that came in."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from registrations.invoices.models import Receivable
from registrations.invoices.receivables import ReceivableQuerySet
from registrations.models import Order, Registration


def paid_too_much() -> ReceivableQuerySet:
    """Receivables of which more is kept than is owed, the latest first: paid twice, late, or too much."""
    rows: ReceivableQuerySet = Receivable.objects.with_balance().filter(Q(due__lt=0))
    return rows.exclude(reference__in=unplaced_orders().values("reference")).order_by("-pk")


def unplaced_orders() -> QuerySet[Order]:
    """Orders that were paid when their places were gone, with what is `kept` of them in cents."""
    waiting = Registration.objects.filter(
        order=OuterRef("pk"), cancelled_at__isnull=True, confirmed_at__isnull=True, held_until__isnull=True
    )
    paid = Receivable.objects.with_balance().filter(Q(due__lt=0), reference=OuterRef("reference"))
    rows = Order.objects.filter(Exists(waiting), Exists(paid)).select_related("event")
    return rows.annotate(kept=Subquery(paid.annotate(over=-F("due")).values("over")[:1])).order_by("-pk")
