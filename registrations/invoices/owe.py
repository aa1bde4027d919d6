"""Note what a buyer owes for one thing, and what they owe no longer."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError

from .amounts import allotted
from .complete import clean
from .exemptions import EXEMPTIONS
from .models import Charge, Receivable

REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,40}")
NUMBERS = ("siren", "vat_number")
LONGEST = 300
HIGHEST_RATE = 10_000
MOST_CENTS = 10**11
DISCOUNT = "discount-"
"""What the key of a discount begins with: the treasurer gave it, whoever says what is owed knows it not."""


class BadCharge(ConventionError):
    """What is owed cannot be invoiced as it is described."""

    kind = "bad-charge"


@dataclass(frozen=True)
class Owed:
    """One thing owed: `unit_price` in cents with VAT, `vat_rate` in hundredths of a percent.

    `key` says what it is for, once in its receivable; a rate of 0 names its exemption. Two of them are
    equal whoever the attendee is: the name may change without another charge.
    """

    key: str
    description: str
    unit_price: int
    vat_rate: int
    quantity: int = 1
    exemption: str = ""
    attendee: str = field(default="", compare=False)

    @property
    def mark(self) -> tuple[str, int]:
        """What it is for, and its cents."""
        return self.key, self.quantity * self.unit_price


@dataclass(frozen=True)
class Buyer:
    """Who owes it, as it will stand on the invoice, in the language of their invoice."""

    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "FR"
    siren: str = ""
    vat_number: str = ""
    email: str = ""
    language: str = "fr"
    purchase_order: str = ""
    service_code: str = ""
    engagement_number: str = ""


@transaction.atomic
def owe(
    *, reference: str, buyer: Buyer, charges: Iterable[Owed], currency: str = "EUR", **about: Any
) -> Receivable:
    """Note all that the buyer owes under that reference; what is named no longer is withdrawn.

    What the treasurer credited stays so at the price it had. `about` is `event`, `subject`, `service_from`
    and `service_to`. Doing it twice changes nothing. Raises BadCharge.
    """
    if not REFERENCE.fullmatch(reference):
        raise BadCharge(_("A reference is made of letters, digits and hyphens."))
    wanted = {owed.key: checked(owed) for owed in charges}
    said = {**{name: fitted(name, text) for name, text in asdict(buyer).items()}, **about}
    receivable, is_new = Receivable.objects.get_or_create(
        reference=reference, defaults={**said, "currency": currency}
    )
    receivable = locked(receivable)
    if not is_new:
        correct_buyer(receivable, said)
    waived = waived_of(receivable)
    replace_charges(receivable, {key: owed for key, owed in wanted.items() if owed.mark not in waived})
    return receivable


def waived_of(receivable: Receivable) -> set[tuple[str, int]]:
    """What the treasurer credited though it stands: what each was for, and its cents."""
    return set(receivable.charges.filter(waived_at__isnull=False).values_list("key", "amount"))


def discounts_of(receivable: Receivable) -> int:
    """Cents that the treasurer took off what is owed."""
    given = receivable.charges.standing().filter(key__startswith=DISCOUNT)
    return -(given.aggregate(sum=Sum("amount"))["sum"] or 0)


def locked(receivable: Receivable) -> Receivable:
    """The same, alone with it until the transaction ends: all that touches its money goes through here."""
    return Receivable.objects.select_for_update(of=("self",)).get(pk=receivable.pk)


def correct_buyer(receivable: Receivable, said: dict[str, Any]) -> None:
    """Keep what is said of the buyer now; invoices that were issued keep what was said then."""
    changed = [name for name, value in said.items() if getattr(receivable, name) != value]
    for name in changed:
        setattr(receivable, name, said[name])
    if changed:
        receivable.save(update_fields=changed)
        record("receivable.correct", receivable, event=receivable.event, fields=changed)


def replace_charges(receivable: Receivable, wanted: dict[str, Owed]) -> None:
    """Withdraw what is not wanted so, and add what is not there; discounts stay as long as they fit."""
    standing = {charge.key: charge for charge in receivable.charges.standing()}
    given = [charge for key, charge in standing.items() if key.startswith(DISCOUNT)]
    discounts = discounts_left(standing, given, wanted)
    stay = {charge.key for charge in given} if discounts is None else set()
    gone = [key for key, charge in standing.items() if owed_by(charge) != wanted.get(key) and key not in stay]
    _withdraw(receivable, [standing[key].pk for key in gone])
    added = [wanted[key] for key in wanted if key in gone or key not in standing]
    if discounts:
        first = receivable.charges.count() + len(added) + 1
        added += [replace(one, key=f"{DISCOUNT}{first + n}") for n, one in enumerate(discounts)]
    Charge.objects.bulk_create(charge_of(receivable, owed) for owed in added)
    names = {owner_of(owed.key): owed.attendee for owed in wanted.values() if owed.attendee}
    name_attendees(references=[receivable.reference], names=names)
    if added:
        record("receivable.owe", receivable, event=receivable.event, fields=["charges"])


def owner_of(key: str) -> str:
    """Return what a charge's key begins with: `REF` of `REF/dinner`, which is a part of what REF costs."""
    return key.partition("/")[0]


def name_attendees(*, references: Iterable[str], names: Mapping[str, str]) -> None:
    """Write the attendee on all charges of these receivables, by what their keys begin with.

    Withdrawn charges are included, so that none keeps the name of a former attendee.
    """
    rows = Charge.objects.filter(receivable__reference__in=list(references))
    by_name: dict[str, list[int]] = defaultdict(list)
    for pk, key, attendee in rows.values_list("pk", "key", "attendee"):
        name = clean(names.get(owner_of(key), attendee))[:LONGEST]
        if name != attendee:
            by_name[name].append(pk)
    for name, charges in by_name.items():
        Charge.objects.filter(pk__in=charges).update(attendee=name)


def discounts_left(
    standing: dict[str, Charge], given: list[Charge], wanted: dict[str, Owed]
) -> list[Owed] | None:
    """The discounts in the place of those that were given, parted over the rates of what is owed now.

    None where they stay: what they were given on covers them, in all and at each rate of VAT. Where it does
    not cover them in all they shrink, so that no more is owed than before.
    """
    if not given:
        return None
    by_rate = summed((owed.vat_rate, owed.exemption, owed.mark[1]) for owed in wanted.values())
    off = summed((charge.vat_rate, charge.exemption, -charge.amount) for charge in given)
    cents, whole = sum(off.values()), sum(by_rate.values())
    if sum(owed.mark[1] for key, owed in wanted.items() if key in standing) < cents:
        before = sum(charge.amount for charge in standing.values())
        cents = max(0, whole - max(0, before))
    elif all(by_rate.get(rate, 0) >= taken for rate, taken in off.items()):
        return None
    parts = {rate: part for rate, part in by_rate.items() if part > 0}
    shares = allotted(cents, list(parts.values()))
    return [
        replace(owed_by(given[0]), unit_price=-share, vat_rate=rate, exemption=exemption)
        for (rate, exemption), share in zip(parts, shares, strict=True)
        if share
    ]


def fit_discounts(receivable: Receivable) -> None:
    """Let discounts come to no more than all else that is owed."""
    standing = list(receivable.charges.standing())
    if sum(charge.amount for charge in standing) < 0:
        rest = (charge for charge in standing if not charge.key.startswith(DISCOUNT))
        replace_charges(receivable, {charge.key: owed_by(charge) for charge in rest})


def summed(parts: Iterable[tuple[int, str, int]]) -> dict[tuple[int, str], int]:
    """Cents by rate of VAT and exemption."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for rate, exemption, cents in parts:
        sums[rate, exemption] += cents
    return sums


@transaction.atomic
def withdraw(*, receivable: Receivable, keys: Iterable[str] | None = None) -> int:
    """These things (all, where none are named) are owed no longer; how many were.

    What was invoiced already is credited by `credit_withdrawn`, what was paid given back by `refund`.
    """
    receivable = locked(receivable)
    standing = receivable.charges.standing()
    chosen = standing if keys is None else standing.filter(key__in=list(keys))
    count = _withdraw(receivable, list(chosen.values_list("pk", flat=True)))
    fit_discounts(receivable)
    return count


@transaction.atomic
def withdraw_together(references: Collection[str]) -> None:
    """All that was noted under these references is owed no longer; the caller's act tells the trail of it."""
    rows = Receivable.objects.select_for_update(of=("self",)).filter(reference__in=references)
    known = list(rows.order_by("pk").values_list("pk", flat=True))
    Charge.objects.filter(receivable__in=known).standing().update(withdrawn_at=timezone.now())


def _withdraw(receivable: Receivable, charges: list[int]) -> int:
    count = receivable.charges.standing().filter(pk__in=charges).update(withdrawn_at=timezone.now())
    if count:
        record("receivable.withdraw", receivable, event=receivable.event, fields=["charges"])
    return count


def fitted(name: str, text: str) -> str:
    """One clean line, as long as its column; numbers lose the spaces that people write into them."""
    line = clean(text)
    if name in NUMBERS:
        line = "".join(line.split()).upper()
    return line[: getattr(Receivable._meta.get_field(name), "max_length", None)]


def checked(owed: Owed) -> Owed:
    """The same in one clean line, if it can be invoiced. Raises BadCharge."""
    owed = replace(
        owed, description=clean(owed.description)[:LONGEST], attendee=clean(owed.attendee)[:LONGEST]
    )
    if not owed.description:
        raise BadCharge(_("Say what is owed."))
    if owed.quantity < 1 or abs(owed.quantity * owed.unit_price) > MOST_CENTS:
        raise BadCharge(_("“%(what)s”: check the quantity and the price.") % {"what": owed.description})
    if not 0 <= owed.vat_rate <= HIGHEST_RATE:
        raise BadCharge(_("“%(what)s”: check the VAT rate.") % {"what": owed.description})
    if (owed.exemption in EXEMPTIONS) != (owed.vat_rate == 0):
        raise BadCharge(
            _("“%(what)s”: without VAT the reason is named, and only then.") % {"what": owed.description}
        )
    return owed


def charge_of(receivable: Receivable, owed: Owed) -> Charge:
    """The row of what is owed."""
    return Charge(receivable=receivable, amount=owed.quantity * owed.unit_price, **asdict(owed))


def owed_by(charge: Charge) -> Owed:
    """What a row says."""
    return Owed(**{field.name: getattr(charge, field.name) for field in fields(Owed)})
