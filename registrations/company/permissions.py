"""The orders and registrations that a company's contact may see and change."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from convention.club.models import Company
from convention.errors import NotFound
from registrations.models import Order, Registration

from .models import CompanyOrder


def list_company_orders(company: Company) -> QuerySet[Order]:
    """Return the orders placed by the company's contacts."""
    return Order.objects.filter(pk__in=CompanyOrder.objects.filter(company=company).values("order"))


def list_company_registrations(company: Company) -> QuerySet[Registration]:
    """Return the registrations in the company's orders, and those of its members."""
    ordered = CompanyOrder.objects.filter(company=company).values("order")
    return Registration.objects.filter(Q(member_of=company) | Q(order__in=ordered))


def get_changeable_registration(company: Company, reference: str) -> Registration:
    """Return a registration of one of the company's orders. Raise NotFound for any other."""
    rows = Registration.objects.select_related("event__venue", "ticket", "order", "member_of", "person")
    registration = rows.filter(order__in=list_company_orders(company), reference=reference).first()
    if registration is None:
        raise NotFound(_("This place is not part of any order of this company."))
    return registration
