"""What may be paid by transfer, as the matching needs it: orders, receivables, and payouts on their way."""

from collections import defaultdict

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from registrations.invoices.models import Invoice, Payment, Payout, Receivable, Refund
from registrations.models import Order, Registration, RegistrationAddon, Sponsorship

from .match import Index, Item, Lump, Match, Seen, match
from .models import BankLine


def index_of_payable() -> Index:
    """Everything that a transfer might pay, or might have paid before."""
    fields = ("pk", "reference", "name", "due", "currency", "paid")
    returnable = _returnable()
    receivables = list(Receivable.objects.with_balance().order_by().values_list(*fields, named=True))
    numbers = defaultdict(list)
    for receivable, number in Invoice.objects.order_by().values_list("receivable", "number"):
        numbers[receivable].append(number)
    items = [
        Item(
            reference=one.reference,
            name=one.name,
            due=one.due,
            currency=one.currency,
            invoices=tuple(numbers[one.pk]),
            was_paid=one.paid > 0,
            returnable=returnable.get(one.pk, 0),
        )
        for one in receivables
    ]
    sums = Payout.objects.filter(bank_line="", failed_on=None).order_by()
    return Index.of(
        [*items, *_orders({one.reference for one in receivables})],
        [Lump(payout.external_id, payout.amount, payout.arrived_on) for payout in sums],
    )


def _returnable() -> dict[int, int]:
    """What came by transfer for each receivable and was not given back, of the largest payment."""
    came = Payment.objects.filter(method=Payment.Method.TRANSFER).order_by()
    rows = came.annotate(back=Coalesce(Sum("refunds__amount", filter=~Q(refunds__state="failed")), 0))
    found: dict[int, int] = {}
    for receivable, left in rows.values_list("receivable", F("amount") - F("back")):
        found[receivable] = max(left, found.get(receivable, 0))
    return found


def _orders(known: set[str]) -> list[Item]:
    """Orders that nothing was noted of yet: what their standing places cost."""
    dues: dict[int, int] = defaultdict(int)
    places = Registration.objects.filter(order__total__gt=0, cancelled_at__isnull=True)
    counted = Q(confirmed_at__isnull=False) | Q(held_until__isnull=False)
    places = places.filter(counted).order_by()
    addons = RegistrationAddon.objects.filter(registration__in=places, cancelled_at__isnull=True).order_by()
    for order, price in [
        *places.values_list("order", "price"),
        *addons.values_list("registration__order", "price"),
    ]:
        dues[order] += price
    packages = Sponsorship.objects.standing().filter(counted).order_by()
    for order, price in packages.values_list("order", "price"):
        dues[order] += price
    rows = Order.objects.filter(total__gt=0).order_by()
    return [
        Item(reference=reference, name=name or company or email, due=dues[pk], currency=currency)
        for pk, reference, name, company, email, currency in rows.values_list(
            "pk", "reference", "billing_name", "company", "email", "currency"
        )
        if reference not in known
    ]


def seen(line: BankLine) -> Seen:
    """A stored line as it is looked at: what of it is not taken yet."""
    return Seen(
        amount=line.amount - vars(line).get("taken", 0),
        words=line.words,
        party=line.party,
        booked_on=line.booked_on,
        currency=line.currency,
    )


def judge(lines: list[BankLine]) -> list[tuple[BankLine, Match]]:
    """Each line with what it most likely is now."""
    index = index_of_payable() if lines else Index()
    return [(line, match(seen(line), index)) for line in lines]


def refund_by_hand(line: BankLine) -> Refund | None:
    """The refund by transfer that a line which left pays: named by its reference, of just that amount."""
    waiting = Refund.objects.select_related("receivable", "payment").filter(
        state=Refund.State.REQUESTED, amount=-line.amount, payment__method="transfer"
    )
    named = [one for one in waiting if one.receivable.reference in line.words.upper().replace(" ", "")]
    return named[0] if len(named) == 1 else None
