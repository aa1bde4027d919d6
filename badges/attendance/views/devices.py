"""Pages of organizers and desk: pair, list and revoke devices; what is missing before the event opens."""

import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from badges.attendance.devices.pairing import get_or_create_entrance, revoke_device
from badges.attendance.devices.pairing_codes import DEVICE_RIGHTS, ShownCode, invite_devices
from badges.attendance.forms import OrganizerPairingForm, PairingForm
from badges.attendance.models import Device, PairingInvitation
from badges.attendance.reports.readiness import load_readiness
from convention.club.permissions import require_signed_in
from convention.codes.qr import draw_svg_symbol
from convention.events.models import Event
from convention.events.permissions import can_organize, get_event_to_organize, get_event_to_staff
from convention.serve.local_network import is_local_host
from convention.web.routing import require_safe_or_post

DEVICES_SHOWN_AFTER_END: Final = datetime.timedelta(weeks=4)


def shows_devices(event: Event) -> bool:
    """Return whether the menu shows the devices: for some weeks after the end phones may still send scans."""
    return event.ends_at + DEVICES_SHOWN_AFTER_END > timezone.now()


def shows_readiness(event: Event) -> bool:
    """Return whether the menu shows what is missing: until the event ends."""
    return not event.is_over()


@require_safe_or_post
def device_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the devices of an event; a POST opens a page of pairing codes."""
    event_obj = get_event_to_staff(event, request.user)
    entrance = get_or_create_entrance(event_obj)
    is_organizer = can_organize(request.user, event_obj)
    # The desk cannot pair supervisors' phones: they overrule refusals.
    form_class = OrganizerPairingForm if is_organizer else PairingForm
    form = form_class(request.POST or None, event=event_obj, initial={"checkpoint": entrance})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        invitation = invite_devices(
            checkpoint=values["checkpoint"],
            person=require_signed_in(request.user),
            name=values["name"],
            rights=[right for right in DEVICE_RIGHTS if values.get(right)],
        )
        return redirect("organize-device-pairing-code", event_obj.slug, invitation.pk)
    devices = Device.objects.filter(event=event_obj).phones().select_related("checkpoint")
    # Not a property of the row: whether a device is valid also depends on a role of the person who paired it.
    valid_ids = set(Device.objects.valid().filter(event=event_obj).values_list("pk", flat=True))
    context = {
        "event": event_obj, "section": "organize", "form": form, "devices": devices, "valid_ids": valid_ids,
        "can_revoke": is_organizer,
    }  # fmt: skip
    return render(request, "attendance/devices.html", context)


# The code pairs a phone: the browser must not show it again from its cache.
@never_cache
@require_safe
def pairing_code(request: HttpRequest, event: str, invitation: int) -> HttpResponse:
    """Show the pairing code that is valid now; with `part=code` that alone, which the page polls."""
    event_obj = get_event_to_staff(event, request.user)
    invitations = PairingInvitation.objects.filter(event=event_obj).select_related("checkpoint")
    # A desk's staff must not pair a phone that overrules refusals.
    if not can_organize(request.user, event_obj):
        invitations = invitations.filter(can_override=False)
    row = get_object_or_404(invitations, pk=invitation)
    is_valid = row.expires_at > timezone.now()
    code = ShownCode(row) if is_valid else None
    context = {
        "event": event_obj, "section": "organize", "invitation": row, "code": code,
        "qr": draw_svg_symbol(code.url) if code else "", "paired_devices": row.devices.order_by("pk"),
        "is_only_local": is_local_host(urlsplit(settings.SITE_URL).hostname or ""),
    }  # fmt: skip
    template = "shown_code" if request.GET.get("part") == "code" else "pairing_code"
    return render(request, f"attendance/{template}.html", context)


@require_POST
def device_revoke(request: HttpRequest, event: str, device: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    row = get_object_or_404(Device.objects.phones(), event=event_obj, pk=device)
    revoke_device(device=row)
    messages.success(
        request, _("The device has been revoked; its data will be erased as soon as it is online.")
    )
    return redirect("organize-devices", event_obj.slug)


@require_safe
def show_readiness(request: HttpRequest, event: str) -> HttpResponse:
    """Show each phone's state and what is missing; `?part=rows` returns the part that refreshes itself."""
    event_obj = get_event_to_staff(event, request.user)
    context = {
        "event": event_obj,
        "section": "organize",
        "readiness": load_readiness(event_obj),
        "now": timezone.now(),
    }
    is_part = request.GET.get("part") == "rows"
    response = render(request, "attendance/ready_rows.html" if is_part else "attendance/ready.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response
