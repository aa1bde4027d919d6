"""Organizers' pages of sponsorships and packages."""

import secrets

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.events.permissions import get_event_to_administer
from convention.money import Money
from convention.tables.downloads import table_response
from convention.text.normalize import normalize_whitespace
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from registrations.billing.receivables import calculate_balance
from registrations.models import Package, SponsorLogo
from registrations.sponsors.forms import LogoForm, OrganizerSponsorshipForm, PackageForm, SponsorOrderForms
from registrations.sponsors.logos import save_logo
from registrations.sponsors.packages import remove_package, save_package
from registrations.sponsors.permissions import get_organizer_package, get_organizer_sponsorship
from registrations.sponsors.sponsorship_list import list_sponsorships, make_sponsorship_sheet
from registrations.sponsors.sponsorships import (
    cancel_sponsorship,
    change_sponsorship,
    take_package_as_organizer,
)

from .public import png_response, warn_of_other_price

PAGE_SIZE = 100


@require_GET
def sponsorship_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the event's sponsorships."""
    event_obj = get_event_to_administer(event, request.user)
    page = Paginator(list_sponsorships(event_obj), PAGE_SIZE).get_page(request.GET.get("page"))
    packages = list(event_obj.packages.all())
    context = {"event": event_obj, "section": "organize", "page_obj": page, "packages": packages}
    return render(request, "sponsors/organizer_sponsorships.html", context)


@require_GET
def sponsorship_export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """Return the list as a file."""
    event_obj = get_event_to_administer(event, request.user)
    record_action("sponsorship.export", event_obj, event=event_obj, fields=[kind])
    return table_response(
        make_sponsorship_sheet(event_obj), name=f"{event_obj.slug}-{_('sponsors')}", kind=kind
    )


@require_safe_or_post
def package_take(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Take a package for a sponsor, also while it is not on sale."""
    event_obj, package = get_organizer_package(event, slug, request.user)
    # Made when the form is shown, so that a double click takes one package.
    nonce = request.POST.get("nonce", "")[:60] or secrets.token_urlsafe(24)
    language = translation.get_language() or "fr"
    forms = SponsorOrderForms(get_posted_data(request), package, language)
    if request.method == "POST" and forms.is_valid() and not warn_of_other_price(request, forms):
        try:
            sponsorship = take_package_as_organizer(
                package=package,
                sponsor_request=forms.to_sponsor_request(),
                idempotency_key=f"sponsor:{nonce}",
            )
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request,
                _("“%(name)s” has been added; the link is being e-mailed to the contact.")
                % {"name": sponsorship.name},
            )
            return redirect("organize-sponsor", event, sponsorship.pk)
    context = {
        "event": event_obj,
        "section": "organize",
        "package": package,
        "cost": Money(forms.price.cents, package.currency),
        "nonce": nonce,
        **forms.template_context,
    }
    return render(request, "sponsors/organizer_package_take.html", context)


@never_cache
@require_safe_or_post
def sponsorship_detail(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Show a sponsorship; a POST changes its public data."""
    event_obj, sponsorship = get_organizer_sponsorship(event, pk, request.user)
    # Read before the form changes the instance: an invalid name must not become the heading.
    title = sponsorship.name
    form = OrganizerSponsorshipForm(get_posted_data(request), instance=sponsorship)
    if request.method == "POST" and form.is_valid():
        change_sponsorship(sponsorship=form.sponsorship, changed_fields=form.changed_data)
        messages.success(request, _("The changes have been saved."))
        return redirect("organize-sponsor", event, pk)
    due = calculate_balance(sponsorship.order)
    context = {
        "event": event_obj,
        "section": "organize",
        "sponsorship": sponsorship,
        "title": title,
        "form": form,
        "logo_form": LogoForm(),
        "has_logo": hasattr(sponsorship, "logo"),
        "due": due if due.amount > 0 else None,
        "places": list(sponsorship.order.registrations.select_related("ticket")),
    }
    return render(request, "sponsors/organizer_sponsorship.html", context)


@require_safe
def sponsorship_logo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Return the logo, published or not."""
    _event, sponsorship = get_organizer_sponsorship(event, pk, request.user)
    return png_response(SponsorLogo.objects.filter(sponsorship=sponsorship).first())


@require_POST
def logo_upload(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Replace the logo, for a sponsor who sent it by mail."""
    _event, sponsorship = get_organizer_sponsorship(event, pk, request.user)
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            save_logo(sponsorship=sponsorship, upload=form.cleaned_data["logo"])
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The logo has been saved."))
    else:
        messages.error(request, " ".join(map(str, form.errors["logo"])))
    return redirect("organize-sponsor", event, pk)


@require_POST
def sponsorship_cancel(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Cancel a sponsorship, with a reason for the audit trail."""
    _event, sponsorship = get_organizer_sponsorship(event, pk, request.user)
    cancel_sponsorship(
        sponsorship=sponsorship, reason=normalize_whitespace(request.POST.get("reason", "")[:300])
    )
    messages.success(request, _("%(name)s’s sponsorship has been cancelled.") % {"name": sponsorship.name})
    return redirect("organize-sponsor", event, pk)


@require_GET
def package_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the packages with how many are taken."""
    event_obj = get_event_to_administer(event, request.user)
    rows = list(event_obj.packages.select_related("pass_ticket", "badge_ticket"))
    context = {"event": event_obj, "section": "organize", "packages": rows}
    return render(request, "sponsors/organize_packages.html", context)


@require_safe_or_post
def package_create(request: HttpRequest, event: str) -> HttpResponse:
    """Create a package."""
    event_obj = get_event_to_administer(event, request.user)
    return _edit_package(
        request, event_obj, Package(event=event_obj, position=event_obj.packages.count() * 10)
    )


@require_safe_or_post
def package_edit(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Change a package."""
    event_obj, package = get_organizer_package(event, slug, request.user)
    return _edit_package(request, event_obj, package)


def _edit_package(request: HttpRequest, event: Event, package: Package) -> HttpResponse:
    title = package.title if package.pk else ""
    form = PackageForm(request.POST or None, instance=package, event=event)
    if request.method == "POST" and form.is_valid():
        try:
            save_package(package=form.build_item(), changed_fields=form.changed_fields)
        except InvalidFields as error:
            form.add_error("capacity", error.field_errors["capacity"])
        else:
            messages.success(request, _("The package has been saved."))
            return redirect("organize-packages", event.slug)
    context = {"event": event, "section": "organize", "form": form, "package": package, "title": title}
    return render(request, "sponsors/organize_package.html", context)


@require_POST
def package_remove(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Remove a package that nobody took."""
    _event, package = get_organizer_package(event, slug, request.user)
    with report_refusals(request):
        remove_package(package=package)
        messages.success(request, _("The package has been removed."))
        return redirect("organize-packages", event)
    return redirect("organize-package", event, slug)
