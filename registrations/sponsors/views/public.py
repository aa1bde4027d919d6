"""Public pages: packages on offer, and the form to take one."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.web.client_network import get_client_network
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.company_address import find_billing_company, make_billing_data
from registrations.booking.idempotency import find_order_by_key
from registrations.invoices.models import Quotation
from registrations.invoices.reverse_charge import TaxedPrice
from registrations.logos import list_sponsor_tiers
from registrations.models import Order, Package, SponsorLogo
from registrations.order_context import OrderContext
from registrations.pricing.display import describe_price_parts
from registrations.pricing.quotation_prices import find_quoted_package_price
from registrations.pricing.quote import sum_vat_by_rate
from registrations.quotations.create import create_package_quotation
from registrations.quotations.lookup import find_quoted_package, get_quotation_by_link, make_quoted_billing
from registrations.rate_limits import throttle_order
from registrations.sponsors.forms import SponsorOrderForms, get_listed_price
from registrations.sponsors.permissions import get_public_logo, get_public_package
from registrations.sponsors.sponsorships import check_package_on_sale, take_package


def png_response(logo: SponsorLogo | None, *, cache: str = "private, no-store") -> HttpResponse:
    """Return the redrawn PNG; raises Http404 without a logo."""
    if logo is None:
        raise Http404
    # The type is ours whatever was uploaded, and must not be guessed by browsers.
    headers = {"Cache-Control": cache, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(logo.content), content_type="image/png", headers=headers)


@require_GET
def package_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the packages with prices, and the current sponsors."""
    event_obj = get_visible_event(event, request.user)
    rows = [
        (package, describe_package_vat(get_listed_price(package), package.currency))
        for package in event_obj.packages.select_related("pass_ticket", "badge_ticket")
    ]
    context = {"event": event_obj, "packages": rows, "tiers": list_sponsor_tiers(event_obj)}
    return render(request, "sponsors/packages.html", context)


@require_safe
def sponsor_logo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Return a published logo; its address carries the digest."""
    return png_response(get_public_logo(event, pk, request.user), cache="private, max-age=3600")


@never_cache
@require_safe_or_post
def package_order(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Take a package or request a quotation; the form's nonce makes a double click harmless.

    `?quotation=` is the token of a quotation whose entries fill the form.
    """
    package = get_public_package(event, slug, request.user)
    nonce = request.POST.get("nonce", "")[:60] or secrets.token_urlsafe(24)
    # Before the package is checked: it may be sold out by this very order.
    if request.method == "POST" and (earlier_order := find_order_by_key(package.event, f"sponsor:{nonce}")):
        return redirect(get_next_path(earlier_order))
    check_package_on_sale(package)
    language, quotation = translation.get_language() or "fr", _find_package_quotation(request, package)
    initial_values = _make_quoted_values(quotation) if quotation else _find_initial_values(request)
    forms = SponsorOrderForms(
        get_posted_data(request),
        package,
        language,
        **initial_values,
        quoted_price=find_quoted_package_price(quotation, package),
    )
    if request.method == "POST" and forms.is_valid() and not warn_of_other_price(request, forms):
        try:
            # A quotation that was ordered before promises nothing: today's price is the one that was shown.
            promising_quotation = quotation if forms.quoted_price is not None else None
            return _take_or_quote(request, package, forms, f"sponsor:{nonce}", promising_quotation)
        except ConventionError as error:
            messages.error(request, str(error))
            # The error may be that another order has just used the price.
            forms.quoted_price = find_quoted_package_price(quotation, package)
    price, quoted_price = forms.price, forms.quoted_price
    context = {
        "event": package.event,
        "package": package,
        "nonce": nonce,
        **forms.template_context,
        "cost": Money(price.cents, package.currency),
        "price_before": package.cost if quoted_price is not None and quoted_price < package.price else None,
        "quotation": quotation,
        "vat": describe_package_vat(price, package.currency),
    }
    return render(request, "sponsors/order.html", context)


def _find_package_quotation(request: HttpRequest, package: Package) -> Quotation | None:
    """Return the quotation named in the URL if it is of this package. Raise NotFound or LinkExpired."""
    token = request.GET.get("quotation", "")
    quotation = get_quotation_by_link(token) if token else None
    return quotation if quotation and find_quoted_package(quotation) == package else None


def _make_quoted_values(quotation: Quotation) -> dict[str, dict[str, str]]:
    """Return what was entered for the quotation."""
    details = quotation.details
    sponsor = {name: details.get(name, "") for name in ("contact", "website")}
    sponsor |= {"name": details.get("company", ""), "email": quotation.buyer.get("email", "")}
    return {"sponsor": sponsor, "billing": make_quoted_billing(quotation)}


def _find_initial_values(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Return the company, contact and address of a signed-in contact of one company; nothing for others."""
    company, user = find_billing_company(request.user), request.user
    if company is None or not isinstance(user, Person):
        return {}
    sponsor = {"name": company.name, "contact": str(user), "email": user.email or ""}
    return {"sponsor": sponsor, "billing": make_billing_data(company)}


def _take_or_quote(
    request: HttpRequest,
    package: Package,
    order_forms: SponsorOrderForms,
    idempotency_key: str,
    quotation: Quotation | None,
) -> HttpResponse:
    sponsor_request = order_forms.to_sponsor_request()
    throttle_order(package.event, sponsor_request.order)
    if "quote" in request.POST and package.price:
        new_quotation = create_package_quotation(
            package=package,
            request=sponsor_request.order,
            contact=sponsor_request.contact,
            website=sponsor_request.website,
        )
        return redirect("quotation", new_quotation.link_token)
    person = request.user if isinstance(request.user, Person) else None
    context = OrderContext(
        source=Order.Source.SPONSOR, person=person, network=get_client_network(request.META)
    )
    sponsorship = take_package(
        package=package,
        sponsor_request=sponsor_request,
        idempotency_key=idempotency_key,
        context=context,
        quotation=quotation,
    )
    return redirect(get_next_path(sponsorship.order))


def warn_of_other_price(request: HttpRequest, forms: SponsorOrderForms) -> bool:
    """Return whether the price differs from the one that was shown, and say so.

    Nothing is ordered at a price unseen. A quotation states its own.
    """
    price, is_quotation = forms.price, "quote" in request.POST
    if is_quotation or request.POST.get("shown_price", str(price.cents)) == str(price.cents):
        return False
    cost = Money(price.cents, forms.package.currency)
    if price.is_reverse_charged:
        sentence = _(
            "With this VAT number the price is %(price)s, without VAT (reverse charge). "
            "Check the price, then order."
        )
    else:
        sentence = _("The price has changed: it is now %(price)s.")
    messages.warning(request, sentence % {"price": cost})
    return True


def describe_package_vat(price: TaxedPrice, currency: str) -> list[str]:
    """Return sentences with the price without VAT and the VAT."""
    totals = sum_vat_by_rate([(price.vat_rate, price.exemption, price.cents)])
    return [describe_price_parts(vat_total, currency) for vat_total in totals]


def get_next_path(order: Order) -> str:
    """Return the payment page for an order by card, else the sponsor's page, in the active language."""
    if order.is_by_card or order.link_version:
        return order.sender_path
    return reverse("order-sponsor", args=[order.reference, order.manage_secret])
