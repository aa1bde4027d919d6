"""Record what a buyer owes: charges of a receivable, added and withdrawn as an order changes.

Callers describe everything owed (`record_charges`); the difference to the stored charges is applied.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.invoices.formatting import clean_line
from registrations.invoices.models import Charge, Receivable
from registrations.invoices.models.receivables import format_line_text
from registrations.invoices.tax_amounts import allocate_cents
from registrations.invoices.vat_exemptions import VAT_EXEMPTIONS

# The reference is part of URLs and is typed into bank transfers.
REFERENCE_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,40}")
NUMBER_FIELDS = ("siren", "vat_number")
MAX_TEXT_LENGTH = 300
MAX_VAT_RATE = 10_000
MAX_AMOUNT_CENTS = 10**11
# Keys of discounts that the treasurer granted; callers of `record_charges` do not know them.
DISCOUNT_KEY_PREFIX = "discount-"


class InvalidCharge(ConventionError):
    """The item cannot be invoiced as described."""

    kind = "bad-charge"


@dataclass(frozen=True)
class ChargeItem:
    """Item owed: `unit_price` in cents with VAT, `vat_rate` in hundredths of a percent.

    `key` identifies it within its receivable; a rate of 0 needs an exemption code. The attendee is not
    compared: a new name makes no new charge.
    """

    key: str
    description: str
    unit_price: int
    vat_rate: int
    quantity: int = 1
    exemption: str = ""
    attendee: str = field(default="", compare=False)

    @property
    def key_and_total(self) -> tuple[str, int]:
        """Return the key and the total in cents."""
        return self.key, self.quantity * self.unit_price


@dataclass(frozen=True)
class Buyer:
    """Buyer as printed on the next invoice; `language` is the invoice's."""

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
def record_charges(
    *,
    reference: str,
    buyer: Buyer,
    items: Iterable[ChargeItem],
    currency: str = "EUR",
    owners: Collection[str] = (),
    **receivable_fields: Any,
) -> Receivable:
    """Make the receivable of a reference owe exactly these items, creating it if needed.

    Charges that are not among `items` are withdrawn. Items that the treasurer credited stay credited until
    they are recorded at another price, or one of the `owners` (`get_key_owner`) no longer has them; if such
    an item returns later, it is owed. `receivable_fields` are `event`, `subject`, `service_from` and
    `service_to`. Calling it again with the same arguments changes nothing. Raise InvalidCharge.
    """
    if not REFERENCE_PATTERN.fullmatch(reference):
        raise InvalidCharge(_("A reference can contain only letters, digits and hyphens."))
    wanted_items = {item.key: validate_item(item) for item in items}
    values = {
        **{name: normalize_buyer_field(name, text) for name, text in asdict(buyer).items()},
        **receivable_fields,
    }
    # Two first calls may run at once: the unique reference decides, and both then wait for the lock.
    receivable, is_new = Receivable.objects.get_or_create(
        reference=reference, defaults={**values, "currency": currency}
    )
    receivable = lock_receivable(receivable)
    if not is_new:
        update_buyer(receivable, values)
    # Callers pass all items on every change; without this, credited items would be owed again.
    waived = end_outdated_waivers(receivable, wanted_items, owners)
    replace_charges(
        receivable, {key: item for key, item in wanted_items.items() if item.key_and_total not in waived}
    )
    return receivable


def end_outdated_waivers(
    receivable: Receivable, wanted_items: Mapping[str, ChargeItem], owners: Collection[str]
) -> set[tuple[str, int]]:
    """End the waivers of items that changed or that their owner has no longer; return the others."""
    waived = find_waived_items(receivable.charges.all())
    ended = {
        (key, cents)
        for key, cents in waived
        if (key in wanted_items and wanted_items[key].key_and_total != (key, cents))
        # The items of other owners may only be missing for a while, as after an expired hold.
        or (key not in wanted_items and get_key_owner(key) in owners)
    }
    for key, cents in ended:
        receivable.charges.filter(key=key, amount=cents).update(waived_at=None)
    return waived - ended


def find_waived_items(charges: Iterable[Charge]) -> set[tuple[str, int]]:
    """Return (key, cents) of the items that the treasurer credited although they were not cancelled."""
    # With the amount: at another price the item is owed again.
    return {(charge.key, charge.amount) for charge in charges if charge.waived_at}


def list_discounts(charges: Iterable[Charge]) -> list[ChargeItem]:
    """Return the discounts granted by the treasurer, which have negative prices."""
    active_charges = (charge for charge in charges if charge.withdrawn_at is None)
    return [build_item(charge) for charge in active_charges if charge.key.startswith(DISCOUNT_KEY_PREFIX)]


def describe_charges(receivable: Receivable) -> dict[int, str]:
    """Return the text of each charge by id: its name in the active language, and the attendee.

    Only for pages: documents keep the buyer's language, in which the descriptions are stored.
    """
    is_translated = receivable.language != get_language()
    labels = hooks.charge_labels.provider()(receivable) if is_translated else {}
    return {
        charge.pk: format_line_text(labels.get(charge.pk, charge.description), charge.attendee)
        for charge in receivable.charges.all()
    }


def lock_receivable(receivable: Receivable) -> Receivable:
    """Return the receivable, locked until the transaction ends. Call it before every change of its money."""
    # Read again under the lock: the caller's instance may be older than a concurrent payment.
    return Receivable.objects.select_for_update(of=("self",)).get(pk=receivable.pk)


def announce_balance_change(receivable: Receivable) -> None:
    """Call the listeners of `balance_changes`."""
    for listener in hooks.balance_changes.providers():
        listener(receivable)


def update_buyer(receivable: Receivable, values: dict[str, Any]) -> None:
    """Save changed data of the buyer; issued documents keep their snapshot."""
    changed = [name for name, value in values.items() if getattr(receivable, name) != value]
    for name in changed:
        setattr(receivable, name, values[name])
    if changed:
        receivable.save(update_fields=changed)
        record_action("receivable.correct", receivable, event=receivable.event, fields=changed)


def replace_charges(receivable: Receivable, wanted_items: dict[str, ChargeItem]) -> None:
    """Withdraw charges that differ from `wanted_items` and add the missing ones.

    Discounts stay as long as the new items cover them; otherwise they are redistributed.
    """
    active_charges = {charge.key: charge for charge in receivable.charges.active()}
    given_discounts = [
        charge for key, charge in active_charges.items() if key.startswith(DISCOUNT_KEY_PREFIX)
    ]
    discounts = redistribute_discounts(active_charges, given_discounts, wanted_items)
    remaining_keys = {charge.key for charge in given_discounts} if discounts is None else set()
    withdrawn_keys = [
        key
        for key, charge in active_charges.items()
        # Compared without the attendee: a new name must not withdraw and add a charge.
        if build_item(charge) != wanted_items.get(key) and key not in remaining_keys
    ]
    # Before adding: the unique constraint allows one active charge for each key.
    _withdraw_by_id(receivable, [active_charges[key].pk for key in withdrawn_keys])
    added = [wanted_items[key] for key in wanted_items if key in withdrawn_keys or key not in active_charges]
    if discounts:
        # Numbered after all charges, withdrawn ones included, so that no key of a discount is used twice.
        first = receivable.charges.count() + len(added) + 1
        added += [
            replace(discount, key=f"{DISCOUNT_KEY_PREFIX}{first + n}") for n, discount in enumerate(discounts)
        ]
    added_charges = Charge.objects.bulk_create(build_charge(receivable, item) for item in added)
    # Unchanged and withdrawn charges of the same owner get the new name as well.
    names = {get_key_owner(item.key): item.attendee for item in wanted_items.values() if item.attendee}
    update_attendee_names(references=[receivable.reference], names=names)
    if added:
        _record_charges_action("receivable.owe", receivable, [charge.pk for charge in added_charges])
    if added or withdrawn_keys:
        announce_balance_change(receivable)


def get_key_owner(key: str) -> str:
    """Return the part of a key before the slash: `REF` for `REF/dinner`, an add-on of REF."""
    return key.partition("/")[0]


def update_attendee_names(*, references: Iterable[str], names: Mapping[str, str]) -> None:
    """Set the attendee of all charges of these receivables, by the owner part of their keys.

    Withdrawn charges are included, so that no former attendee's name stays.
    """
    rows = Charge.objects.filter(receivable__reference__in=list(references))
    by_name: dict[str, list[int]] = defaultdict(list)
    for pk, key, attendee in rows.values_list("pk", "key", "attendee"):
        name = clean_line(names.get(get_key_owner(key), attendee))[:MAX_TEXT_LENGTH]
        # Grouped by name, so that an order of many places needs one UPDATE for each name.
        if name != attendee:
            by_name[name].append(pk)
    for name, charges in by_name.items():
        Charge.objects.filter(pk__in=charges).update(attendee=name)


def redistribute_discounts(
    active_charges: dict[str, Charge], given_discounts: list[Charge], wanted_items: dict[str, ChargeItem]
) -> list[ChargeItem] | None:
    """Return the discounts that replace the given ones, spread over the VAT rates owed now.

    Return None if the given ones can stay: the items they were granted on cover them, in total and at each
    rate. If the total no longer covers them they shrink, so that the buyer never owes more than before.
    """
    if not given_discounts:
        return None
    by_rate = sum_by_rate(
        (item.vat_rate, item.exemption, item.key_and_total[1]) for item in wanted_items.values()
    )
    discount_by_rate = sum_by_rate(
        (charge.vat_rate, charge.exemption, -charge.amount) for charge in given_discounts
    )
    cents, total = sum(discount_by_rate.values()), sum(by_rate.values())
    if sum(item.key_and_total[1] for key, item in wanted_items.items() if key in active_charges) < cents:
        # The items on which the discounts were granted no longer cover them.
        owed_cents = sum(charge.amount for charge in active_charges.values())
        # With the new discount the buyer owes at most as much as before.
        cents = max(0, total - max(0, owed_cents))
    # A discount larger than its rate would make the VAT of that rate negative.
    elif all(by_rate.get(rate, 0) >= taken for rate, taken in discount_by_rate.items()):
        return None
    parts = {rate: part for rate, part in by_rate.items() if part > 0}
    shares = allocate_cents(cents, list(parts.values()))
    return [
        replace(build_item(given_discounts[0]), unit_price=-share, vat_rate=rate, exemption=exemption)
        for (rate, exemption), share in zip(parts, shares, strict=True)
        if share
    ]


def cap_discounts(receivable: Receivable) -> None:
    """Reduce discounts to what is owed without them."""
    active_charges = list(receivable.charges.active())
    if sum(charge.amount for charge in active_charges) < 0:
        # A negative sum would mean that the club owes the buyer money it never received.
        rest = (charge for charge in active_charges if not charge.key.startswith(DISCOUNT_KEY_PREFIX))
        replace_charges(receivable, {charge.key: build_item(charge) for charge in rest})


def sum_by_rate(parts: Iterable[tuple[int, str, int]]) -> dict[tuple[int, str], int]:
    """Sum cents by VAT rate and exemption."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for rate, exemption, cents in parts:
        sums[rate, exemption] += cents
    return sums


@transaction.atomic
def withdraw_charges(*, receivable: Receivable, keys: Iterable[str] | None = None) -> int:
    """Stop owing the charges with these keys, or all of them; return how many there were.

    Invoiced charges must then be credited (`credit_withdrawn_charges`) and paid ones refunded
    (`request_refund`).
    """
    receivable = lock_receivable(receivable)
    active_charges = receivable.charges.active()
    chosen = active_charges if keys is None else active_charges.filter(key__in=list(keys))
    count = _withdraw_by_id(receivable, list(chosen.values_list("pk", flat=True)))
    cap_discounts(receivable)
    if count:
        announce_balance_change(receivable)
    return count


@transaction.atomic
def withdraw_receivables(references: Collection[str]) -> None:
    """Withdraw all charges of these references. The caller records it in the audit trail."""
    # Locked in the order of ids, so that two bulk withdrawals cannot deadlock.
    rows = Receivable.objects.select_for_update(of=("self",)).filter(reference__in=references)
    receivable_ids = list(rows.order_by("pk").values_list("pk", flat=True))
    # In one statement for all orders of a bulk cancellation.
    Charge.objects.filter(receivable__in=receivable_ids).active().update(withdrawn_at=timezone.now())


def _withdraw_by_id(receivable: Receivable, charge_ids: list[int]) -> int:
    count = receivable.charges.active().filter(pk__in=charge_ids).update(withdrawn_at=timezone.now())
    if count:
        _record_charges_action("receivable.withdraw", receivable, charge_ids)
    return count


def _record_charges_action(verb: str, receivable: Receivable, charge_ids: list[int]) -> None:
    # By id: the description of a charge may name a person, whom an erasure removes there.
    record_action(
        verb, receivable, event=receivable.event, fields=["charges"], details={"charges": charge_ids}
    )


def normalize_buyer_field(field_name: str, text: str) -> str:
    """Return the text as one line cut to its column; SIREN and VAT number lose their spaces."""
    line = clean_line(text)
    if field_name in NUMBER_FIELDS:
        line = "".join(line.split()).upper()
    # Cut here: PostgreSQL refuses a longer text, SQLite stores it.
    return line[: getattr(Receivable._meta.get_field(field_name), "max_length", None)]


def validate_item(item: ChargeItem) -> ChargeItem:
    """Return the item with cleaned texts. Raise InvalidCharge."""
    item = replace(
        item,
        description=clean_line(item.description)[:MAX_TEXT_LENGTH],
        attendee=clean_line(item.attendee)[:MAX_TEXT_LENGTH],
    )
    if not item.description:
        raise InvalidCharge(_("Enter what is due."))
    if item.quantity < 1 or abs(item.quantity * item.unit_price) > MAX_AMOUNT_CENTS:
        raise InvalidCharge(_("“%(what)s”: check the quantity and the price.") % {"what": item.description})
    if not 0 <= item.vat_rate <= MAX_VAT_RATE:
        raise InvalidCharge(_("“%(what)s”: check the VAT rate.") % {"what": item.description})
    # A database constraint (`charge_exempt_without_vat`) requires the same, but has no message for the user.
    if (item.exemption in VAT_EXEMPTIONS) != (item.vat_rate == 0):
        raise InvalidCharge(
            _("“%(what)s”: give the reason for not charging VAT if the rate is zero, and only then.")
            % {"what": item.description}
        )
    return item


def build_charge(receivable: Receivable, item: ChargeItem) -> Charge:
    return Charge(receivable=receivable, amount=item.quantity * item.unit_price, **asdict(item))


def build_item(charge: Charge) -> ChargeItem:
    """Return the item that a charge was made of."""
    return ChargeItem(**{field.name: getattr(charge, field.name) for field in fields(ChargeItem)})
