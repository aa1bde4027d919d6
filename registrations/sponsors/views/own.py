"""The sponsor's own page, behind the order's link: logo, people, what is due."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from convention.errors import ConventionError

from ...bill import left_of
from ...doors import Grant
from ...limits import refuse_many_corrections
from ...models import SponsorLogo, Sponsorship
from ..change_sponsorship import change_sponsorship
from ..doors import sponsorship_by_link
from ..forms.sponsor import LogoForm, ShownForm
from ..logo import keep_logo
from .picture import picture


@never_cache
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """All of a sponsorship; a POST sends the logo, or changes what is shown."""
    grant, one = sponsorship_by_link(reference, secret)
    sends_logo = "send_logo" in request.POST
    changes = request.method == "POST" and not sends_logo
    logo_form = LogoForm(request.POST, request.FILES) if sends_logo else LogoForm()
    form = ShownForm(request.POST if changes else None, instance=one, prefix="shown")
    if request.method == "POST":
        refuse_many_corrections(grant.order)
        if _send(request, one, logo_form) if sends_logo else _change(request, one, form):
            return redirect("order-sponsor", reference, secret)
    return render(request, "sponsors/own.html", _context(grant, one) | {"form": form, "logo_form": logo_form})


def _context(grant: Grant, one: Sponsorship) -> dict[str, object]:
    places = [registration for registration in grant.registrations if registration.cancelled_at is None]
    due = left_of(grant.order)
    return {
        "grant": grant,
        "order": grant.order,
        "event": grant.order.event,
        "sponsorship": one,
        "has_logo": hasattr(one, "logo"),
        "places": places,
        "named": sum(place.is_named for place in places),
        "due": due if due.amount > 0 else None,
        "can_change": grant.order.event.ends_at > timezone.now() and not one.cancelled_at,
        "can_give": grant.order.event.last_substitution > timezone.now(),
    }


def _send(request: HttpRequest, one: Sponsorship, form: LogoForm) -> bool:
    """Keep the picture; else the form says what is wrong with it."""
    if not form.is_valid():
        return False
    try:
        keep_logo(sponsorship=one, upload=form.cleaned_data["logo"])
    except ConventionError as error:
        form.add_error("logo", str(error))
        return False
    messages.success(request, _("The logo is saved."))
    return True


def _change(request: HttpRequest, one: Sponsorship, form: ShownForm) -> bool:
    if not form.is_valid():
        return False
    change_sponsorship(sponsorship=form.row, changed=form.changed_data)
    messages.success(request, _("The changes are saved."))
    return True


@never_cache
@require_safe
def logo(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """The logo as it will be shown, before it is."""
    _grant, one = sponsorship_by_link(reference, secret)
    return picture(SponsorLogo.objects.filter(sponsorship=one).first())
