"""Which orders and places a company's contact sees, and which they may change."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from convention.club.models import Company
from convention.errors import NotFound

from ..models import Order, Registration
from .models import CompanyOrder


def orders_of(company: Company) -> QuerySet[Order]:
    """What the company's contacts ordered."""
    return Order.objects.filter(pk__in=CompanyOrder.objects.filter(company=company).values("order"))


def places_of(company: Company) -> QuerySet[Registration]:
    """The places in the company's orders, and those that its people hold as members."""
    ordered = CompanyOrder.objects.filter(company=company).values("order")
    return Registration.objects.filter(Q(member_of=company) | Q(order__in=ordered))


def place_to_change(company: Company, reference: str) -> Registration:
    """A place in an order of the company. Raises NotFound for any other, whoever holds it."""
    rows = Registration.objects.select_related("event__venue", "ticket", "order", "member_of", "person")
    found = rows.filter(order__in=orders_of(company), reference=reference).first()
    if found is None:
        raise NotFound(_("There is no such place in an order of this company."))
    return found
