"""Organizers' and desks' pages: pair, list and revoke devices."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from badges.attendance.devices.pairing import (
    get_or_create_entrance,
    pair_device,
    pair_supervisor_device,
    revoke_device,
)
from badges.attendance.forms import OrganizerPairingForm, PairingForm
from badges.attendance.models import Device
from convention.club.permissions import require_signed_in
from convention.codes.qr import draw_svg_symbol
from convention.events.permissions import can_organize, get_event_to_organize, get_event_to_staff


# The page contains the token once: the browser must not show it again from its cache.
@never_cache
@require_http_methods(["GET", "POST"])
def device_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the devices of an event and pair new ones; a new pairing code is shown once."""
    event_obj = get_event_to_staff(event, request.user)
    entrance = get_or_create_entrance(event_obj)
    is_organizer = can_organize(request.user, event_obj)
    # The desk cannot pair supervisors' phones: they overrule refusals.
    form_class = OrganizerPairingForm if is_organizer else PairingForm
    form = form_class(request.POST or None, event=event_obj, initial={"checkpoint": entrance})
    context = {"event": event_obj, "section": "organize", "form": form}
    if request.method == "POST" and form.is_valid():
        pair = pair_supervisor_device if form.cleaned_data.pop("can_override", False) else pair_device
        pairing = pair(**form.cleaned_data, paired_by=require_signed_in(request.user))
        # No redirect after this POST: the token exists only in this response.
        context |= {"pairing": pairing, "qr": draw_svg_symbol(pairing.url)}
    listed = Device.objects.filter(event=event_obj).phones().select_related("checkpoint")
    # Not a property of the row: whether a device is valid also depends on a role of the person who paired it.
    valid = set(Device.objects.valid().filter(event=event_obj).values_list("pk", flat=True))
    context |= {"devices": listed, "valid_ids": valid, "can_revoke": is_organizer}
    return render(request, "attendance/devices.html", context)


@require_POST
def device_revoke(request: HttpRequest, event: str, device: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    row = get_object_or_404(Device.objects.phones(), event=event_obj, pk=device)
    revoke_device(device=row)
    messages.success(request, _("The device is revoked; its data will be erased as soon as it is online."))
    return redirect("organize-devices", event_obj.slug)
