"""Organizers' pages: who took which package, on whose behalf, and what is done for them."""

import secrets

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from convention.audit.record import record
from convention.downloads import download
from convention.errors import ConventionError
from convention.events.doors import event_to_organize
from convention.text import tidy

from ...bill import left_of
from ...models import SponsorLogo
from ..cancel_sponsorship import cancel_sponsorship
from ..change_sponsorship import change_sponsorship
from ..doors import package_to_organize, sponsorship_to_organize
from ..forms.sponsor import LogoForm, OrderForms, ShownForOrganizerForm
from ..listing import sheet_of, sponsorships_of
from ..logo import keep_logo
from ..take_package import take_package_for
from .picture import picture

PAGE = 100


@require_GET
def sponsorships(request: HttpRequest, event: str) -> HttpResponse:
    """Everybody who took a package."""
    found = event_to_organize(event, request.user)
    shown = Paginator(sponsorships_of(found), PAGE).get_page(request.GET.get("page"))
    packages = list(found.packages.all())
    context = {"event": found, "section": "organize", "shown": shown, "packages": packages}
    return render(request, "sponsors/organize_list.html", context)


@require_GET
def export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """The same as a file."""
    found = event_to_organize(event, request.user)
    record("sponsorship.export", found, event=found, fields=[kind])
    return download(sheet_of(found), name=f"{found.slug}-{_('sponsors')}", kind=kind)


@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Take a package on a sponsor's behalf, also while it is not on sale."""
    found, package = package_to_organize(event, slug, request.user)
    nonce = request.POST.get("nonce", "")[:60] or secrets.token_urlsafe(24)
    language = translation.get_language() or "fr"
    forms = OrderForms(request.POST if request.method == "POST" else None, package, language)
    if request.method == "POST" and forms.is_valid():
        try:
            one = take_package_for(package=package, sponsor=forms.filled(), key=f"sponsor:{nonce}")
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request, _("“%(name)s” is noted; the link goes to the contact.") % {"name": one.name}
            )
            return redirect("organize-sponsor", event, one.pk)
    context = {"event": found, "section": "organize", "package": package, "nonce": nonce, **forms.shown}
    return render(request, "sponsors/organize_take.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def sponsorship(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """One sponsorship; a POST changes what is shown of it."""
    found, one = sponsorship_to_organize(event, pk, request.user)
    title = one.name
    form = ShownForOrganizerForm(request.POST if request.method == "POST" else None, instance=one)
    if request.method == "POST" and form.is_valid():
        change_sponsorship(sponsorship=form.row, changed=form.changed_data)
        messages.success(request, _("The changes are saved."))
        return redirect("organize-sponsor", event, pk)
    due = left_of(one.order)
    context = {
        "event": found,
        "section": "organize",
        "one": one,
        "title": title,
        "form": form,
        "logo_form": LogoForm(),
        "has_logo": hasattr(one, "logo"),
        "due": due if due.amount > 0 else None,
        "places": list(one.order.registrations.select_related("ticket")),
    }
    return render(request, "sponsors/organize_one.html", context)


@require_safe
def logo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Its logo, shown or not yet."""
    _event, one = sponsorship_to_organize(event, pk, request.user)
    return picture(SponsorLogo.objects.filter(sponsorship=one).first())


@require_POST
def send_logo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Keep a logo that came by mail."""
    _event, one = sponsorship_to_organize(event, pk, request.user)
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            keep_logo(sponsorship=one, upload=form.cleaned_data["logo"])
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The logo is saved."))
    else:
        messages.error(request, " ".join(map(str, form.errors["logo"])))
    return redirect("organize-sponsor", event, pk)


@require_POST
def cancel(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Cancel, with a reason for the trail."""
    _event, one = sponsorship_to_organize(event, pk, request.user)
    cancel_sponsorship(sponsorship=one, reason=tidy(request.POST.get("reason", "")[:300]))
    messages.success(request, _("The sponsorship of %(name)s is cancelled.") % {"name": one.name})
    return redirect("organize-sponsor", event, pk)
