"""Reserve and release stock by conditional statements, so that nothing is ever sold twice."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Company
from convention.db.compiled_query import CompiledQuery
from convention.db.limited_stock import LimitedStock, release_stock, reserve_stock
from convention.errors import SoldOut
from registrations.models import (
    Addon,
    CompanyShare,
    Package,
    PassQuota,
    Registration,
    RegistrationAddon,
    Sponsorship,
    Ticket,
    Voucher,
)
from registrations.questions.queries import count_chosen_options
from registrations.shared_quotas import lock_tickets_sharing_quota, update_shared_quotas
from registrations.waiting_list.offers import offer_free_places

PLACEHOLDER_COUNT: Final = 2**31 - 2
NO_ITEMS: Final[Mapping[LimitedStock, int]] = {}
# A place of a ticket, and the member company that it counts for, if any.
type CompanyTicket = tuple[Ticket, Company | None]


class CompanyFull(SoldOut):
    """The company has all the places that one company can have."""

    kind = "company-full"


class VoucherExhausted(SoldOut):
    """The voucher, or the membership's passes, were used up by others meanwhile."""

    kind = "code-used-up"


def reserve_items(items: Mapping[LimitedStock, int]) -> None:
    """Reserve stock, and the quotas of tickets among it; the rows stay locked until the transaction ends.

    Raise SoldOut if something has too few left: the caller's transaction has to be rolled back.
    """
    if lacking_item := reserve_stock(items):
        raise make_sold_out_error(lacking_item)
    _update_shared_quotas({row.pk: places for row, places in items.items() if isinstance(row, Ticket)})


def _update_shared_quotas(changes: Mapping[int, int]) -> None:
    if lacking_item := update_shared_quotas(changes):
        raise make_sold_out_error(lacking_item)


def reserve_again(
    registrations: Iterable[Registration], extra_items: Mapping[LimitedStock, int] = NO_ITEMS
) -> None:
    """Reserve stock of released registrations of one event again, plus `extra_items`.

    Raise SoldOut or CompanyFull: the caller's transaction has to be rolled back.
    """
    items = Counter[LimitedStock](extra_items)
    # Companies' shares come before all other stock, in this order, as in every other action.
    for registration in sorted(registrations, key=lambda r: (r.ticket_id, r.member_of_id or 0)):
        if registration.member_of:
            reserve_company_share(registration.ticket, registration.member_of)
        addons = registration.addons.filter(cancelled_at__isnull=True).select_related("addon")
        items += list_stock_items(registration, addons)
        items.update(count_chosen_options([registration]))
        if registration.membership_pass:
            items[registration.membership_pass] += 1
    reserve_items(items)


def list_stock_items(
    registration: Registration, addons: Iterable[RegistrationAddon]
) -> Counter[LimitedStock]:
    """Return the stock of a registration: a place of its ticket, its add-ons, and a voucher use."""
    items = Counter[LimitedStock]([registration.ticket])
    items.update(chosen.addon for chosen in addons)
    if registration.voucher:
        items[registration.voucher] += 1
    return items


def make_sold_out_error(row: LimitedStock) -> SoldOut:
    """Return the error for a ticket or other stock with too few places."""
    if isinstance(row, Voucher):
        return VoucherExhausted(
            _("The code “%(code)s” has been used up in the meantime.") % {"code": row.code}
        )
    # Read again: `row` was loaded before others took the places, and may be shared by a cache.
    current = type(row)._default_manager.filter(pk=row.pk).first()
    # The row may have been deleted meanwhile.
    remaining = current.remaining if current else 0
    if not remaining:
        kind = VoucherExhausted if isinstance(row, PassQuota) else SoldOut
        return kind(_("No places are left for “%(ticket)s”.") % {"ticket": row.title})
    sentence = ngettext(
        "Only %(left)d place is left for “%(ticket)s”.",
        "Only %(left)d places are left for “%(ticket)s”.",
        remaining,
    )
    return SoldOut(sentence % {"left": remaining, "ticket": row.title})


def find_full_company(shares: Mapping[tuple[Ticket, Company], int]) -> CompanyFull | None:
    """Return the error for the first company that lacks places, or None. Takes no lock."""
    for (ticket, company), places in shares.items():
        cap = ticket.company_cap
        # A company without a row has no place yet.
        if cap is not None and (places > cap or FULL_SHARE_QUERY.exists(ticket.pk, company.pk, cap - places)):
            return make_company_full_error(company, cap)
    return None


# Compiled, since members of many companies order in the same rush. The placeholder of the count is positive,
# as the column is: Django drops a condition that holds for every value of the column.
FULL_SHARE_QUERY = CompiledQuery(
    lambda ticket, company, count: CompanyShare.objects.filter(
        ticket=ticket, company=company, reserved__gt=count
    ),
    -1,
    -2,
    PLACEHOLDER_COUNT,
)


def make_company_full_error(company: Company, cap: int) -> CompanyFull:
    """Return the error for a company with too few places."""
    # True of a company that has all its places, and of one that has none yet and requests too many.
    sentence = ngettext(
        "%(company)s would have more than the maximum of %(most)d place per company.",
        "%(company)s would have more than the maximum of %(most)d places per company.",
        cap,
    )
    return CompanyFull(sentence % {"company": company.name, "most": cap})


def reserve_company_share(ticket: Ticket, company: Company, places: int = 1) -> None:
    """Count places of a company, if the ticket has a cap. Raise CompanyFull."""
    if ticket.company_cap is None:
        return
    # Ignoring conflicts, concurrent orders can both create the row.
    CompanyShare.objects.bulk_create([CompanyShare(ticket=ticket, company=company)], ignore_conflicts=True)
    # No join: PostgreSQL does not evaluate a subquery's condition again after waiting for the row.
    max_reserved = ticket.company_cap - places
    share = CompanyShare.objects.filter(ticket=ticket, company=company, reserved__lte=max_reserved)
    if not share.update(reserved=F("reserved") + places):
        raise make_company_full_error(company, ticket.company_cap)


def release_registrations(
    registrations: Iterable[Registration], extra_items: Mapping[LimitedStock, int] = NO_ITEMS
) -> None:
    """Release the stock of registrations that the caller has just made inactive, plus `extra_items`.

    Freed places are offered to the waiting list before other visitors can see them.
    """
    registrations = list(registrations)
    shares = Counter((r.ticket_id, r.member_of_id) for r in registrations if r.member_of_id)
    for (ticket, company), places in sorted(shares.items()):
        _release_company_share(ticket, company, places)
    tickets = Counter(registration.ticket_id for registration in registrations)
    freed_items = list_extra_items(registrations)
    freed_items.update(extra_items)
    release_stock(freed_items)
    # Tickets come last in the lock order, together with those that share their quotas.
    lock_tickets_sharing_quota(tickets)
    # Instances with an id only: the statement needs nothing else, and the rows need not be read.
    release_stock({Ticket(pk=pk): places for pk, places in tickets.items()})
    _update_shared_quotas({pk: -places for pk, places in tickets.items()})
    # In the same transaction, so that nobody else can book what was just released.
    for ticket in sorted(tickets):
        offer_free_places(Ticket, ticket)


def list_extra_items(registrations: Collection[Registration]) -> Counter[LimitedStock]:
    """Return the stock of registrations apart from their tickets: vouchers, passes, add-ons, options."""
    items = Counter[LimitedStock](Voucher(pk=r.voucher_id) for r in registrations if r.voucher_id)
    items.update(PassQuota(pk=r.membership_pass_id) for r in registrations if r.membership_pass_id)
    active_addons = RegistrationAddon.objects.filter(
        registration__in=registrations, cancelled_at__isnull=True
    )
    items.update(Addon(pk=pk) for pk in active_addons.order_by().values_list("addon", flat=True))
    items.update(count_chosen_options(registrations))
    return items


def _release_company_share(ticket: int, company: int, places: int) -> None:
    CompanyShare.objects.filter(ticket=ticket, company=company).update(
        reserved=Greatest(F("reserved"), places) - places
    )


def exchange_tickets(
    released: Iterable[CompanyTicket],
    requested: Iterable[CompanyTicket],
    *,
    extra_items: Mapping[LimitedStock, int] = NO_ITEMS,
) -> None:
    """Release places and reserve others at once; each counter is changed by the difference.

    `extra_items` are changes of other stock, negative to release. Companies' shares come first and tickets
    last, each in one order, so that nothing deadlocks. Raise SoldOut or CompanyFull: the caller's
    transaction has to be rolled back.
    """
    changes = Counter(requested)
    changes.subtract(released)
    places = Counter[Ticket]()
    for (ticket, company), number in sorted(changes.items(), key=company_ticket_sort_key):
        places[ticket] += number
        if company and number > 0:
            reserve_company_share(ticket, company, number)
        elif company and number < 0:
            _release_company_share(ticket.pk, company.pk, -number)
    exchange_items(extra_items)
    lock_tickets_sharing_quota([ticket.pk for ticket in places])
    # One loop for both, because the order of the locks must not depend on which tickets gain places.
    for ticket in sorted(places, key=lambda ticket: ticket.pk):
        if places[ticket] < 0:
            release_stock({ticket: -places[ticket]})
        elif lacking_item := reserve_stock({ticket: places[ticket]}):
            raise make_sold_out_error(lacking_item)
    _update_shared_quotas({ticket.pk: change for ticket, change in places.items() if change})
    for pk in sorted(ticket.pk for ticket, change in places.items() if change < 0):
        offer_free_places(Ticket, pk)


def exchange_items(changes: Mapping[LimitedStock, int]) -> None:
    """Reserve more of some stock and release other (negative changes), in `LOCK_ORDER`. Raise SoldOut."""
    # One row at a time: all releases followed by all reservations would break the lock order.
    for row in sorted(changes, key=lambda row: (row.LOCK_ORDER, row.pk)):
        if changes[row] < 0:
            release_stock({row: -changes[row]})
        elif changes[row]:
            reserve_items({row: changes[row]})


def company_ticket_sort_key(places: tuple[CompanyTicket, int]) -> tuple[int, int]:
    """Return the position of a share in the order of locks."""
    (ticket, company), _count = places
    return ticket.pk, company.pk if company else 0


@transaction.atomic
def release_ticket_holds(tickets: Iterable[int], *, at: datetime.datetime) -> int:
    """Release places whose hold expired before `at`, of these tickets and those of the same quotas.

    Return how many. A late payment or verification may still reserve one again, if any is left.
    """
    ticket_ids = list(tickets)
    quotas = Ticket.objects.filter(pk__in=ticket_ids, quota__isnull=False).order_by().values("quota")
    rows = Registration.objects.with_expired_hold(at=at)
    rows = rows.filter(Q(ticket__in=ticket_ids) | Q(ticket__quota__in=quotas))
    expired = list(rows.order_by("pk").select_for_update(of=("self",)))
    # A pending row without this date counts as released (`occupies_place`), and is not found again.
    Registration.objects.filter(pk__in=[r.pk for r in expired]).update(hold_expires_at=None)
    # Orders beyond a limit were accepted without a hold: they have no stock to release.
    reserved = [r for r in expired if r.is_reserved]
    release_registrations(reserved)
    return len(reserved)


@transaction.atomic
def release_expired_packages(*, at: datetime.datetime) -> int:
    """Release packages whose hold expired before `at`; return how many.

    Their registrations expire at the same time like any others. A late payment may still reserve the package
    again.
    """
    rows = Sponsorship.objects.with_expired_hold(at=at).order_by("pk")
    expired = list(rows.select_for_update(of=("self",)))
    Sponsorship.objects.filter(pk__in=[sponsorship.pk for sponsorship in expired]).update(
        hold_expires_at=None
    )
    release_stock(
        Counter(Package(pk=sponsorship.package_id) for sponsorship in expired if sponsorship.is_reserved)
    )
    return len(expired)


def refresh_availability(tickets: Iterable[Ticket], *, at: datetime.datetime) -> None:
    """Release expired holds that take places from these tickets, and read their counters again."""
    limited_tickets = [ticket for ticket in tickets if ticket.remaining is not None]
    if not limited_tickets:
        return
    in_stock = Q(ticket__in=limited_tickets)
    if quotas := {ticket.quota_id for ticket in limited_tickets if ticket.quota_id}:
        in_stock |= Q(ticket__quota__in=quotas)
    # Checked first, because most page views find nothing to release and should not write.
    if Registration.objects.with_expired_hold(at=at).filter(in_stock).exists():
        release_holds_and_reload(limited_tickets, at=at)


def release_holds_and_reload(tickets: Collection[Ticket], *, at: datetime.datetime) -> None:
    """Release expired holds of these tickets, and read their counters and quotas again.

    They are read even if nothing was released: another transaction may just have released the same holds.
    """
    release_ticket_holds([ticket.pk for ticket in tickets], at=at)
    by_pk = {ticket.pk: ticket for ticket in tickets}
    counters = Ticket.objects.select_related("quota").only("reserved", "capacity", "quota")
    for current in counters.filter(pk__in=by_pk):
        ticket = by_pk[current.pk]
        ticket.reserved, ticket.capacity, ticket.quota = current.reserved, current.capacity, current.quota
