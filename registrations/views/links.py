"""Links that were lost or fell into other hands: mailed again, or replaced."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import NotFound
from convention.events.doors import event_to_organize

from ..doors import order_by_link, own_secret
from ..forms.links import AddressForm
from ..limits import refuse_many_renewals
from ..models import Registration
from ..renew import renew, renew_own
from ..send_links import send_links


@never_cache
@require_http_methods(["GET", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """Ask for one's links by mail; the answer is the same for every address."""
    form = AddressForm(request.POST or None)
    if form.is_valid():
        send_links(email=form.cleaned_data["email"])
        messages.success(
            request,
            _("If something is registered with this address, its links are on their way there."),
        )
        return redirect("lost-link")
    return render(request, "registrations/lost_link.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def replace_link(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Replace the link of an order, or of one's own private place: said first, then done."""
    grant = order_by_link(reference, secret)
    private = next((one for one in grant.registrations if one.is_private), None)
    if not (grant.is_whole or private):
        raise NotFound(_("Only whoever ordered can replace this link."))
    if request.method == "POST":
        refuse_many_renewals(private or grant.order)
        if private:
            secret = own_secret(renew_own(registration=private))
        else:
            secret = renew(order=grant.order).manage_secret
        messages.success(request, _("This is the new link. The old one opens nothing any more."))
        return redirect("order", reference, secret)
    context = {"grant": grant, "event": grant.order.event, "private": private}
    return render(request, "registrations/renew_link.html", context)


@require_POST
def renew_for(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Replace the link of someone else's order or private place, and mail the new one."""
    found = event_to_organize(event, request.user)
    rows = Registration.objects.select_related("order", "event")
    registration = rows.filter(event=found, reference=reference).first()
    if registration is None:
        raise NotFound(_("There is no such registration at this event."))
    if registration.is_private:
        renew_own(registration=registration)
    else:
        renew(order=registration.order)
    messages.success(request, _("The old link opens nothing any more; the new one was mailed."))
    return redirect("organize-registration", event, reference)
