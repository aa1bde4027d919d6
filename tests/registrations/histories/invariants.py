"""Check the invariants that hold after every step of a history."""

from collections import Counter, defaultdict
from datetime import date

from registrations.billing.receivables import calculate_balance
from registrations.invoices.accounting.journal_entries import build_entries, compute_explained_amount
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import (
    Invoice,
    Issuer,
    Payment,
    Payout,
    Quotation,
    Receivable,
    Refund,
)
from registrations.models import (
    Addon,
    CompanyShare,
    Order,
    Package,
    PassQuota,
    Quota,
    Registration,
    RegistrationAddon,
    Sponsorship,
    Ticket,
    Voucher,
    WaitingEntry,
)
from registrations.payments.models import BankLine, Dispute, PayoutLine
from registrations.payments.payment_problems import (
    list_unplaced_orders,
    list_unverified_orders,
)

BY_STRIPE = ("card", "sepa_debit")


def require_true_counters() -> None:
    """Each counter is as many as rows say, and never more than there are."""
    rows = [registration for registration in Registration.objects.all() if registration.occupies_place]
    offered = Counter(WaitingEntry.objects.with_offer().values_list("ticket", flat=True))
    chosen = RegistrationAddon.objects.filter(registration__in=[one.pk for one in rows], cancelled_at=None)
    quotas = Counter[int]()
    for ticket in Ticket.objects.all():
        quotas[ticket.quota_id or 0] += ticket.reserved
    expected = {
        Ticket: Counter(one.ticket_id for one in rows) + offered,
        Quota: quotas,
        Voucher: Counter(one.voucher_id for one in rows),
        PassQuota: Counter(one.membership_pass_id for one in rows),
        Addon: Counter(chosen.values_list("addon", flat=True)),
        Package: Counter(
            sponsorship.package_id for sponsorship in Sponsorship.objects.all() if sponsorship.occupies_place
        ),
    }
    for model, counted in expected.items():
        for row in model.objects.all():
            assert row.reserved == counted[row.pk], (model, row.reserved, counted[row.pk])
            assert row.capacity is None or row.reserved <= row.capacity
    require_true_shares(rows)


def require_true_shares(rows: list[Registration]) -> None:
    """No company has more than its cap, and nobody two members' places."""
    shares = Counter((row.ticket_id, row.member_of_id) for row in rows if row.member_of_id)
    for share in CompanyShare.objects.select_related("ticket"):
        assert share.reserved == shares[share.ticket_id, share.company_id] <= share.ticket.company_cap
    holders = Counter((row.ticket_id, row.person_id) for row in rows if row.person_id and row.confirmed_at)
    assert [who for who, places in holders.items() if places > 1] == []


def require_places_for_money() -> None:
    """Nobody comes unpaid, and whoever paid comes or stands on a list of the treasurer's.

    For a place that costs nothing no money came, so that nothing is to be decided where it lapsed.
    """
    known = {receivable.reference: receivable for receivable in Receivable.objects.with_balance()}
    rows = Order.objects.filter(payment="card").prefetch_related("registrations__ticket", "sponsorships")
    for order in rows.prefetch_related("registrations__ticket__event", "registrations__addons"):
        found = known.get(order.reference)
        paid, due = (found.amount_paid, found.amount_due) if found else (0, order.amount_due.amount)
        standing = [
            one for one in [*order.registrations.all(), *order.sponsorships.all()] if not one.cancelled_at
        ]
        if any(one.confirmed_at for one in standing):
            assert due <= 0 or paid, order
        waiting = [
            one
            for one in standing
            if has_price(one) and not (one.confirmed_at or one.awaits_member_verification)
        ]
        if found and paid > found.amount_refunded and due <= 0 and waiting:
            overpaid = Receivable.objects.with_balance().filter(amount_due__lt=0)
            seen = [*list_unplaced_orders(), *list_unverified_orders(), *overpaid]
            assert order.reference in {one.reference for one in seen}, order


def require_verified_buyers() -> None:
    """Nobody comes on an invoice whose buyer is not verified, and nothing is owed for such an order.

    What was paid without waiting for the link is on the treasurer's list, as any other payment.
    """
    for order in Order.objects.unverified():
        confirmed = order.registrations.confirmed()
        # A member confirms their own place by their own link, if it costs nothing.
        assert not confirmed.filter(person__isnull=True).exists(), order
        assert not confirmed or calculate_balance(order).amount <= 0, order
        assert not order.sponsorships.filter(confirmed_at__isnull=False, cancelled_at=None).exists(), order
        found = Receivable.objects.with_balance().filter(reference=order.reference).first()
        assert found is None or found.payments.exists(), order


def has_price(one: Registration | Sponsorship) -> bool:
    """Return whether a place with its add-ons, or a package, has a price."""
    return bool(one.full_price if isinstance(one, Registration) else one.price)


def require_equal_balances() -> None:
    """What the buyer is asked for is what the books wait for; no more goes back than came in."""
    for receivable in Receivable.objects.all():
        balance = compute_balance(receivable)
        assert 0 <= balance.amount_refunded <= balance.amount_paid
        order = Order.objects.filter(reference=receivable.reference).first()
        if order and not has_lapsed(order):
            assert calculate_balance(order).amount == balance.amount_due, (
                order,
                calculate_balance(order),
                balance,
            )


def has_lapsed(order: Order) -> bool:
    """Whether something of it was not paid or proven in time."""
    return any(one.state == "expired" for one in [*order.registrations.all(), *order.sponsorships.all()])


def require_numbers_without_gap() -> None:
    """Each series of each year counts from one."""
    series = defaultdict[tuple[str, int], list[int]](list)
    for code, year, number in Invoice.objects.order_by("sequence").values_list("series", "year", "sequence"):
        series[code, year].append(number)
    for numbers in series.values():
        assert numbers == list(range(1, len(numbers) + 1))
    assert len(set(Quotation.objects.values_list("number", flat=True))) == Quotation.objects.count()


def require_true_payouts() -> None:
    """Each sum is what its lines come to, and the bank's line is of that sum; the rest was sent before."""
    for payout in Payout.objects.filter(settled_amount__isnull=False):
        lines = PayoutLine.objects.filter(payout=payout)
        again = sum(line.net for line in lines if line.kind == "payout_reversal")
        assert (
            payout.amount
            == sum(line.net for line in lines)
            == (compute_explained_amount(payout) or 0) + again
        )
    for line in BankLine.objects.filter(payout__isnull=False).select_related("payout"):
        assert line.amount == line.payout.amount
        assert line.payout.bank_line


def require_nothing_left_at_stripe() -> None:
    """After the last sum was sent, Stripe owes what it withholds, and nothing is unexplained.

    What charges brought, less what went back and less all fees, is what reached the bank.
    """
    issuer = Issuer.get_current()
    assert issuer is not None
    accounts = Counter[tuple[str, str]]()
    for entry in build_entries(issuer, date(2000, 1, 1), date(2200, 1, 1)):
        for side in entry.sides:
            accounts[entry.journal.value[0], side.account] += side.amount_cents
    withheld = sum(dispute.amount for dispute in Dispute.objects.all() if dispute.is_open)
    processor = sum(sum_ for (_j, account), sum_ in accounts.items() if account == issuer.account_processor)
    assert processor == withheld
    assert accounts["BQ", issuer.account_suspense] == 0
    arrived = sum(payout.amount for payout in Payout.objects.filter(failed_on=None))
    by_stripe = Payment.objects.filter(method__in=BY_STRIPE)
    came = sum(one.amount for one in by_stripe)
    back = sum(refund.amount for refund in Refund.objects.filter(state="done", payment__in=by_stripe))
    fees = sum(one.fee for one in by_stripe) + sum(payout.other_fees or 0 for payout in Payout.objects.all())
    assert arrived == came - back - fees - withheld


def require_balanced_books() -> None:
    """Debits equal credits, and each customer's account is what was invoiced and not paid."""
    issuer = Issuer.get_current()
    assert issuer is not None
    customers = Counter[str]()
    for entry in build_entries(issuer, date(2000, 1, 1), date(2200, 1, 1)):
        assert entry.is_balanced
        for side in entry.sides:
            if side.receivable:
                customers[side.receivable.reference] += side.amount_cents
    for receivable in Receivable.objects.all():
        invoiced = sum(row.sign * row.total for row in receivable.invoices.all())
        back = sum(row.amount for row in receivable.refunds.filter(state="done"))
        assert compute_balance(receivable).amount_owed >= 0, receivable
        paid = sum(row.amount for row in receivable.payments.all())
        assert customers[receivable.reference] == invoiced - paid + back
        assert invoiced >= 0
