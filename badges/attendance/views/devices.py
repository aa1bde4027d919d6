"""Organizers' and desks' pages: pair phones, see them, take their tokens away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from convention.club.doors import signed_in
from convention.events.doors import event_to_organize, event_to_staff, organizes
from convention.qr import svg

from ..forms import OrganizerPairForm, PairForm
from ..models import Device
from ..pair import entrance_of, pair, pair_supervisor
from ..revoke import revoke


@never_cache
@require_http_methods(["GET", "POST"])
def devices(request: HttpRequest, event: str) -> HttpResponse:
    """The phones of an event; pairing shows the new one's code once, and keeps it nowhere."""
    found = event_to_staff(event, request.user)
    entrance = entrance_of(found)
    runs = organizes(request.user, found)
    form_of = OrganizerPairForm if runs else PairForm
    form = form_of(request.POST or None, event=found, initial={"checkpoint": entrance})
    context = {"event": found, "section": "organize", "form": form}
    if request.method == "POST" and form.is_valid():
        act = pair_supervisor if form.cleaned_data.pop("may_override", False) else pair
        made = act(**form.cleaned_data, by=signed_in(request.user))
        context |= {"made": made, "qr": svg(made.url)}
    listed = Device.objects.filter(event=found).phones().select_related("checkpoint")
    valid = set(Device.objects.valid().filter(event=found).values_list("pk", flat=True))
    context |= {"devices": listed, "valid": valid, "may_revoke": runs}
    return render(request, "attendance/devices.html", context)


@require_POST
def revoke_device(request: HttpRequest, event: str, device: int) -> HttpResponse:
    """Take one phone's token away."""
    found = event_to_organize(event, request.user)
    one = get_object_or_404(Device.objects.phones(), event=found, pk=device)
    revoke(device=one)
    messages.success(request, _("The device is revoked; it wipes what it holds as soon as it is online."))
    return redirect("organize-devices", found.slug)
