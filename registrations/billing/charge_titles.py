"""Keys under which billing records charges, and the names, in the active language, of what they stand for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from convention.events.models import Event
from registrations.invoices.formatting import clean_line
from registrations.invoices.ledger.charges import MAX_TEXT_LENGTH, get_key_owner
from registrations.invoices.models import Receivable
from registrations.models import Addon, Registration, RegistrationAddon, Sponsorship, Ticket

# Ends the keys of cancellation fees. It is stored, so it never changes.
FEE_KEY_SUFFIX = "/kept"
# Begins the keys of sponsorships: `package/gold/12`. Also stored.
PACKAGE_KEY_PREFIX = "package/"


def make_charge_key(item: Registration | Sponsorship) -> str:
    """Return the key of the charge for a registration or a sponsorship."""
    if isinstance(item, Sponsorship):
        return f"{PACKAGE_KEY_PREFIX}{item.package.slug}/{item.pk}"
    return item.reference


def make_addon_charge_key(registration: Registration, addon: RegistrationAddon) -> str:
    return f"{registration.reference}/{addon.addon.slug}"


def describe_sponsorship(sponsorship: Sponsorship) -> str:
    """Return the text of an invoice's line: the package as such, and the sponsor."""
    values = {"package": sponsorship.package.title, "sponsor": sponsorship.name}
    return _("Sponsor package: %(package)s, %(sponsor)s") % values


def describe_fee(title: str) -> str:
    """Return the text for the cancellation fee of a ticket or an add-on."""
    return _("Cancellation fee: %(what)s") % {"what": title}


@dataclass(frozen=True)
class ChargedItem:
    """Ticket, add-on or sponsorship that a charge is for, or whose cancellation fee it is."""

    item: Ticket | Addon | Sponsorship
    is_fee: bool = False

    @property
    def title(self) -> str:
        """Return the title of the ticket, add-on or package."""
        return self.item.package.title if isinstance(self.item, Sponsorship) else self.item.title

    @property
    def label(self) -> str:
        """Return the text that describes the charge: the title, with the sponsor of a package."""
        text = describe_sponsorship(self.item) if isinstance(self.item, Sponsorship) else self.title
        return clean_line(describe_fee(text) if self.is_fee else text)[:MAX_TEXT_LENGTH]


def label_charges(receivable: Receivable) -> dict[int, str]:
    """Return the labels of the charges by id; those left out keep their description."""
    if receivable.event is None:
        return {}
    charges = list(receivable.charges.all())
    items = load_charged_items(receivable.event, {charge.key for charge in charges})
    with translation.override(receivable.language):
        current_descriptions = {key: item.label for key, item in items.items()}
    return {
        charge.pk: items[charge.key].label
        for charge in charges
        if charge.key in items
        # After a change of ticket the key stands for the new one: the charge withdrawn names the former one.
        and (charge.withdrawn_at is None or charge.description == current_descriptions[charge.key])
    }


def load_charged_items(event: Event, keys: Collection[str]) -> dict[str, ChargedItem]:
    """Return what these charges of an event are for, by key, in at most three queries.

    Discounts and items entered by hand are left out.
    """
    item_keys = {key: key.removesuffix(FEE_KEY_SUFFIX) for key in keys}
    found = {
        **_find_sponsorships(event, item_keys.values()),
        **_find_tickets_and_addons(event, item_keys.values()),
    }
    return {
        key: ChargedItem(found[item_key], is_fee=item_key != key)
        for key, item_key in item_keys.items()
        if item_key in found
    }


def _find_sponsorships(event: Event, keys: Iterable[str]) -> dict[str, Sponsorship]:
    ids = {key: int(key.rpartition("/")[2]) for key in keys if key.startswith(PACKAGE_KEY_PREFIX)}
    rows = Sponsorship.objects.filter(event=event).select_related("package").in_bulk(ids.values())
    return {key: rows[sponsorship_id] for key, sponsorship_id in ids.items() if sponsorship_id in rows}


def _find_tickets_and_addons(event: Event, keys: Iterable[str]) -> dict[str, Ticket | Addon]:
    registration_keys = [key for key in keys if not key.startswith(PACKAGE_KEY_PREFIX)]
    references = {get_key_owner(key) for key in registration_keys}
    rows = Registration.objects.filter(event=event, reference__in=references).select_related("ticket")
    # With the ticket in the same query, but no more of both than is read.
    rows = rows.only("reference", "ticket__name", "ticket__name_en").order_by()
    tickets = {row.reference: row.ticket for row in rows} if references else {}
    has_addons = any("/" in key for key in registration_keys)
    addons = {addon.slug: addon for addon in event.addons.all()} if has_addons else {}
    found: dict[str, Ticket | Addon] = {}
    for key in registration_keys:
        reference, _slash, slug = key.partition("/")
        item = addons.get(slug) if slug else tickets.get(reference)
        if item and reference in tickets:
            found[key] = item
    return found
