"""Pages for links that were lost or leaked: mail them again, or replace them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.errors import NotFound
from convention.events.permissions import get_event_to_organize
from convention.web.routing import require_safe_or_post
from registrations.models import Registration
from registrations.permissions import get_order_by_link, make_own_secret
from registrations.rate_limits import throttle_link_renewal

from .forms import LostLinkForm
from .links import queue_links_mail, replace_attendee_link, replace_order_link


@never_cache
@require_safe_or_post
def lost_link(request: HttpRequest) -> HttpResponse:
    """Mail the links of an address; the response is the same for every address."""
    form = LostLinkForm(request.POST or None)
    if form.is_valid():
        queue_links_mail(email=form.cleaned_data["email"])
        messages.success(
            request,
            _("If there are registrations under this address, we have e-mailed you the links."),
        )
        return redirect("lost-link")
    return render(request, "registrations/lost_link.html", {"form": form})


@never_cache
@require_safe_or_post
def link_replacement(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Explain what replacing the link of an order or a private place means; a POST replaces it."""
    link_access = get_order_by_link(reference, secret)
    # The link of a private place opens one registration; the order's link opens none of them.
    private = next(
        (registration for registration in link_access.registrations if registration.is_private), None
    )
    if not (link_access.is_full or private):
        raise NotFound(_("Only the buyer can replace this link."))
    if request.method == "POST":
        throttle_link_renewal(private or link_access.order)
        if private:
            secret = make_own_secret(replace_attendee_link(registration=private))
        else:
            secret = replace_order_link(order=link_access.order).manage_secret
        messages.success(request, _("This is your new link. The old one no longer works."))
        return redirect("order", reference, secret)
    context = {"link_access": link_access, "event": link_access.order.event, "private": private}
    return render(request, "registrations/replace_link.html", context)


@require_POST
def organizer_link_replacement(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Replace the link of an order or a private place as an organizer, and mail the new one."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Registration.objects.select_related("order", "event")
    registration = rows.filter(event=event_obj, reference=reference).first()
    if registration is None:
        raise NotFound(_("We could not find this registration at this event."))
    if registration.is_private:
        replace_attendee_link(registration=registration)
        address = registration.email
    else:
        address = replace_order_link(order=registration.order).email
    if address:
        messages.success(request, _("The old link no longer works. The new one has been sent by e-mail."))
    else:
        sentence = _(
            "The old link no longer works. No e-mail was sent, because there is no address: open the order "
            "below and pass on its new link yourself."
        )
        messages.warning(request, sentence)
    return redirect("organize-registration", event, reference)
