"""Public pages: packages on offer, and the form to take one."""

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.doors import visible_event
from convention.network import network_of

from ...keys import order_with_key
from ...limits import refuse_flood
from ...logos import tiers_of
from ...models import Order, Package
from ...order_context import Means
from ...price_words import say_vat
from ...pricing import vat_totals
from ...quotation import quote_package
from ..doors import logo_to_see, package_to_take
from ..forms.sponsor import OrderForms
from ..take_package import SOURCE, refuse_if_not_offered, take_package
from ..tell_sponsor import sponsor_path
from .picture import picture


@require_GET
def packages(request: HttpRequest, event: str) -> HttpResponse:
    """What is on offer, with what it costs and brings, and who supports the event already."""
    found = visible_event(event, request.user)
    rows = list(found.packages.select_related("pass_ticket", "badge_ticket"))
    context = {"event": found, "packages": rows, "tiers": tiers_of(found)}
    return render(request, "sponsors/packages.html", context)


@require_safe
def logo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """A logo that is shown; its address carries its digest."""
    return picture(logo_to_see(event, pk, request.user), cache="private, max-age=3600")


@never_cache
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Take a package, or ask for a quotation; the form's nonce makes a double click take one."""
    package = package_to_take(event, slug, request.user)
    nonce = request.POST.get("nonce", "")[:60] or secrets.token_urlsafe(24)
    if request.method == "POST" and (before := order_with_key(package.event, f"sponsor:{nonce}")):
        return redirect(next_page(before))
    refuse_if_not_offered(package)
    language = translation.get_language() or "fr"
    forms = OrderForms(request.POST if request.method == "POST" else None, package, language)
    if request.method == "POST" and forms.is_valid():
        try:
            return _take(request, package, forms, f"sponsor:{nonce}")
        except ConventionError as error:
            messages.error(request, str(error))
    context = {
        "event": package.event,
        "package": package,
        "nonce": nonce,
        **forms.shown,
        "vat": vat_in(package),
    }
    return render(request, "sponsors/order.html", context)


def _take(request: HttpRequest, package: Package, forms: OrderForms, key: str) -> HttpResponse:
    sponsor = forms.filled()
    refuse_flood(package.event, sponsor.order)
    if "quote" in request.POST and package.price:
        quotation = quote_package(package=package, request=sponsor.order)
        return redirect("quotation", quotation.link_token)
    if _other_price(request, package):
        messages.warning(
            request, _("The price was changed meanwhile: it is %(price)s now.") % {"price": package.cost}
        )
        return redirect("sponsor-order", package.event.slug, package.slug)
    person = request.user if isinstance(request.user, Person) else None
    means = Means(source=SOURCE, person=person, network=network_of(request.META))
    taken = take_package(package=package, sponsor=sponsor, key=key, means=means)
    return redirect(next_page(taken.order))


def _other_price(request: HttpRequest, package: Package) -> bool:
    """Whether another price was shown."""
    return request.POST.get("shown", str(package.price)) != str(package.price)


def vat_in(package: Package) -> list[str]:
    """The VAT that the price includes, in words."""
    totals = vat_totals([(package.vat_rate, package.vat_exemption, package.price)])
    return [say_vat(one, package.currency) for one in totals] if package.price else []


def next_page(order: Order) -> str:
    """The sponsor's own page; the payment where it is paid by card and something is due."""
    return order.next_path if order.is_by_card or order.link_version else sponsor_path(order)
