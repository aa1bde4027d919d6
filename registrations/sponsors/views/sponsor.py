"""The sponsor's own page behind the order's link: logo, places, what is due."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.errors import ConventionError
from convention.web.routing import require_safe_or_post
from registrations.billing.receivables import calculate_balance, find_stored_receivable
from registrations.invoices.documents.buyer_document import choose_buyer_document
from registrations.models import SponsorLogo, Sponsorship
from registrations.orders.name_views import list_places_to_name
from registrations.permissions import LinkAccess
from registrations.rate_limits import throttle_correction
from registrations.sponsors.forms import LogoForm, SponsorshipForm
from registrations.sponsors.logos import save_logo
from registrations.sponsors.permissions import find_sponsorship_by_link
from registrations.sponsors.sponsorships import change_sponsorship

from .public import png_response


@never_cache
@require_safe_or_post
def sponsor_page(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show the sponsorship; a POST uploads the logo or changes the public data."""
    link_access, sponsorship = find_sponsorship_by_link(reference, secret)
    # The page has two forms; only the posted one is bound.
    sends_logo = "send_logo" in request.POST
    sends_changes = request.method == "POST" and not sends_logo
    logo_form = LogoForm(request.POST, request.FILES) if sends_logo else LogoForm()
    # The prefix keeps its field names apart from those of the logo form.
    form = SponsorshipForm(request.POST if sends_changes else None, instance=sponsorship, prefix="shown")
    if request.method == "POST":
        # The link is a secret but no account: with a leaked one, uploads could be repeated without end.
        throttle_correction(link_access.order)
        if (
            _save_logo(request, sponsorship, logo_form)
            if sends_logo
            else _save_changes(request, sponsorship, form)
        ):
            return redirect("order-sponsor", reference, secret)
    return render(
        request,
        "sponsors/sponsor.html",
        _page_context(link_access, sponsorship) | {"form": form, "logo_form": logo_form},
    )


def _page_context(link_access: LinkAccess, sponsorship: Sponsorship) -> dict[str, object]:
    places = [registration for registration in link_access.registrations if registration.cancelled_at is None]
    due = calculate_balance(link_access.order)
    return {
        "link_access": link_access,
        "order": link_access.order,
        "event": link_access.order.event,
        "sponsorship": sponsorship,
        "has_logo": hasattr(sponsorship, "logo"),
        "places": places,
        "named": sum(place.has_name for place in places),
        "buyer_document": choose_buyer_document(find_stored_receivable(link_access.order)),
        "due": due if due.amount > 0 else None,
        "can_change": not link_access.order.event.is_over() and not sponsorship.cancelled_at,
        "unnamed_count": len(list_places_to_name(link_access)),
        "can_transfer": link_access.order.event.substitution_deadline > timezone.now(),
    }


def _save_logo(request: HttpRequest, sponsorship: Sponsorship, form: LogoForm) -> bool:
    """Save the logo, or add the error to the form; return whether it was saved."""
    if not form.is_valid():
        return False
    try:
        save_logo(sponsorship=sponsorship, upload=form.cleaned_data["logo"])
    except ConventionError as error:
        form.add_error("logo", str(error))
        return False
    messages.success(request, _("The logo has been saved."))
    return True


def _save_changes(request: HttpRequest, sponsorship: Sponsorship, form: SponsorshipForm) -> bool:
    if not form.is_valid():
        return False
    change_sponsorship(sponsorship=form.sponsorship, changed_fields=form.changed_data)
    messages.success(request, _("The changes have been saved."))
    return True


@never_cache
@require_safe
def logo_preview(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Return the logo before it is published."""
    _link_access, sponsorship = find_sponsorship_by_link(reference, secret)
    return png_response(SponsorLogo.objects.filter(sponsorship=sponsorship).first())
