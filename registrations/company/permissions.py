"""The orders, registrations and invoices that a company's contact may see and change."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from convention.accounts.permissions import owns_address
from convention.club.addresses.own_addresses import select_verified_addresses
from convention.club.models import Company, CompanyContact, Person
from convention.errors import NotFound
from convention.text.email_addresses import normalize_email
from registrations.invoices.ledger.manual_charges import find_manual_charges
from registrations.invoices.models import Invoice, Receivable
from registrations.models import Order, Registration
from registrations.permissions import build_link_path

from .models import CompanyOrder


def list_company_orders(company: Company) -> QuerySet[Order]:
    """Return the orders placed by the company's contacts."""
    return Order.objects.filter(pk__in=CompanyOrder.objects.filter(company=company).values("order"))


def list_company_registrations(company: Company) -> QuerySet[Registration]:
    """Return the registrations in the company's orders, and those of its members."""
    ordered = CompanyOrder.objects.filter(company=company).values("order")
    return Registration.objects.filter(Q(member_of=company) | Q(order__in=ordered))


def list_contacts_orders(company: Company) -> QuerySet[Order]:
    """Return the orders that current contacts placed for the company outside the company area.

    Anybody can type the company's name and a contact's address, so the buyer has to be verified.
    """
    contacts = CompanyContact.objects.open().filter(company=company, person__is_active=True)
    emails = _load_addresses(Person.objects.filter(pk__in=contacts.values("person")))
    of_contact = Q(pk__in=[])
    for email in emails:
        of_contact |= Q(email__iexact=email)
    for_company = Q(company__iexact=company.name) | Q(sponsorships__company=company)
    candidates = Order.objects.with_verified_buyer().filter(of_contact, for_company)
    # `iexact` finds candidates by index; databases fold more than ASCII, so Python decides.
    order_ids = {
        pk for pk, email in candidates.values_list("pk", "email") if normalize_email(email) in emails
    }
    return Order.objects.filter(pk__in=order_ids).exclude(pk__in=list_company_orders(company))


def _load_addresses(people: QuerySet[Person]) -> set[str]:
    """Return the main and the verified addresses of these active people, normalized."""
    main = people.exclude(email=None).values_list("email", flat=True)
    verified = select_verified_addresses().filter(user__in=people).values_list("email", flat=True)
    return {normalize_email(email) for email in (*main, *verified) if email}


def find_own_path(order: Order, reader: Person, *, page: str = "order") -> str:
    """Return the path of a page behind the order's link, in the reader's language.

    Return "" unless the reader has verified the order's address.
    """
    return build_link_path(order, page=page) if owns_address(reader, order.email) else ""


def list_manual_receivables(company: Company) -> QuerySet[Receivable]:
    """Return what the treasurer bills to the company without an order, such as membership fees.

    The buyer is recognized by SIREN, or by the name, which is unique in the directory, if one has no SIREN.
    """
    # The treasurer entered these buyers. Those of orders do not count: anybody can type a company's name.
    by_hand = find_manual_charges().values("receivable")
    is_buyer = Q(name__iexact=company.name)
    if company.siren:
        is_buyer = Q(siren=company.siren) | (is_buyer & Q(siren=""))
    return Receivable.objects.filter(is_buyer, pk__in=by_hand)


def list_company_invoices(company: Company) -> QuerySet[Invoice]:
    """Return the documents issued for the company's orders, and those without an order."""
    # Receivables know an order by its reference only.
    of_order = Q(receivable__reference__in=list_company_orders(company).values("reference"))
    return Invoice.objects.filter(of_order | Q(receivable__in=list_manual_receivables(company).values("pk")))


def get_changeable_registration(company: Company, reference: str) -> Registration:
    """Return a registration of one of the company's orders. Raise NotFound for any other."""
    rows = Registration.objects.select_related("event__venue", "ticket", "order", "member_of", "person")
    registration = rows.filter(order__in=list_company_orders(company), reference=reference).first()
    if registration is None:
        raise NotFound(_("This place is not part of any order of this company."))
    return registration
