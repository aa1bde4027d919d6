"""Links that were lost or fell into other hands: mailed again, or replaced."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import NotFound
from convention.events.doors import event_to_organize

from ..doors import order_by_link
from ..forms.links import AddressForm
from ..limits import refuse_many_renewals
from ..models import Order
from ..renew import renew
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
def renew_own(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Replace the link of an order, for whoever holds the whole of it: said first, then done."""
    grant = order_by_link(reference, secret)
    if not grant.is_whole:
        raise NotFound(_("Only whoever ordered can replace this link."))
    if request.method == "POST":
        refuse_many_renewals(grant.order)
        order = renew(order=grant.order)
        messages.success(request, _("This is the new link. The old one opens nothing any more."))
        return redirect("order", reference, order.secret)
    return render(request, "registrations/renew_link.html", {"grant": grant, "event": grant.order.event})


@require_POST
def renew_for(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Replace the link of someone else's order, and mail the new one."""
    found = event_to_organize(event, request.user)
    order = Order.objects.filter(event=found, registrations__reference=reference).first()
    if order is None:
        raise NotFound(_("There is no such registration at this event."))
    renew(order=order)
    messages.success(request, _("The old link opens nothing any more; the new one was mailed."))
    return redirect("organize-registration", event, reference)
