"""The offline desk: page, service worker, and the endpoints that send data and receive entries."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from badges.desk import offline_shell
from badges.desk.models import DeskDevice, DeskEntry
from badges.desk.offline_data import describe_erasure, describe_sync
from badges.desk.offline_devices import (
    enable_desk_device,
    find_desk_device,
    record_online_contact,
    revoke_desk_device,
)
from badges.desk.offline_entries import apply_entries
from badges.desk.serializers import (
    DeskContactRequest,
    DeskDeviceRequest,
    DeskEntryResponse,
    DeskSyncRequest,
)
from convention.api.problems import answer_in_json
from convention.errors import ConventionError
from convention.events.permissions import get_event_to_staff

from .guests import get_operator

if TYPE_CHECKING:
    from django.http import HttpRequest


class InvalidDeskRequest(ConventionError):
    """The body is not JSON, or the serializer rejects it."""

    kind = "invalid-desk-request"


def read_body[S: serializers.Serializer[Any]](request: "HttpRequest", serializer: type[S]) -> S:
    """Return the validated body. Raise InvalidDeskRequest."""
    sentence = _("The desk sent an unreadable request. Reload the page.")
    try:
        payload = serializer(data=json.loads(request.body))
    except (ValueError, RecursionError):
        raise InvalidDeskRequest(sentence) from None
    if not payload.is_valid():
        raise InvalidDeskRequest(sentence, {"errors": payload.errors})
    return payload


@cache_control(no_cache=True)
@require_safe
def offline_page(request: "HttpRequest") -> HttpResponse:
    """Return the desk's offline page, which is the same for everyone and contains no personal data."""
    return HttpResponse(offline_shell.render_page(translation.get_language() or "fr"))


@cache_control(no_cache=True)
@require_safe
def offline_worker(request: "HttpRequest") -> HttpResponse:
    """Serve the service worker, whose scope covers the desk in all languages."""
    response = HttpResponse(
        offline_shell.render_service_worker(), content_type="text/javascript; charset=utf-8"
    )
    response["Service-Worker-Allowed"] = "/"
    return response


@cache_control(no_cache=True)
@require_safe
def offline_manifest(request: "HttpRequest") -> HttpResponse:
    """Serve the web app manifest, by which a browser installs the desk."""
    return JsonResponse(
        offline_shell.describe_app(),
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
    )


@require_safe
@answer_in_json
def offline_session(request: "HttpRequest", event: str) -> HttpResponse:
    """Return a CSRF token to signed-in staff, so that the cached page can send entries."""
    event_obj = get_event_to_staff(event, request.user)
    return JsonResponse({"event": event_obj.slug, "title": event_obj.title, "csrf_token": get_token(request)})


@require_POST
@answer_in_json
def offline_enable(request: "HttpRequest", event: str) -> HttpResponse:
    """Enable the browser for offline use."""
    event_obj = get_event_to_staff(event, request.user)
    payload = read_body(request, DeskDeviceRequest)
    device = enable_desk_device(
        event=event_obj, name=payload.validated_data["name"], enabled_by=get_operator(request)
    )
    return JsonResponse({"device": str(device.uid), "expires_at": device.expires_at.isoformat()}, status=201)


@require_POST
@answer_in_json
def offline_sync(request: "HttpRequest", event: str) -> HttpResponse:
    """Apply the entries of a device, then return their outcomes and what changed in the data."""
    event_obj = get_event_to_staff(event, request.user)
    payload = read_body(request, DeskSyncRequest)
    device = find_desk_device(event_obj, payload.validated_data["device"])
    entries = apply_entries(
        device=device, entries=payload.build_entries(at=timezone.now()), operator=get_operator(request)
    )
    event_obj.refresh_from_db(fields=["sequence"])
    answer = describe_sync(
        device,
        request.user,
        known_version=payload.validated_data["version"],
        known_digests=payload.validated_data["digests"],
    )
    results = DeskEntryResponse(entries, many=True).data
    return JsonResponse({"results": results, **answer}, json_dumps_params={"ensure_ascii": False})


@require_POST
@answer_in_json
def offline_contact(request: "HttpRequest", event: str) -> HttpResponse:
    """Record that a browser which may work offline is at the online desk, with nothing left to send.

    A revoked or expired one is told to erase its data, as by `offline_sync`.
    """
    event_obj = get_event_to_staff(event, request.user)
    payload = read_body(request, DeskContactRequest)
    device = find_desk_device(event_obj, payload.validated_data["device"])
    if not device.is_active():
        return JsonResponse(describe_erasure())
    record_online_contact(device=device)
    return HttpResponse(status=204)


@require_safe
def desk_device_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the devices that may work offline, with the number of their entries to resolve."""
    event_obj = get_event_to_staff(event, request.user)
    unapplied = Count("entries", filter=Q(entries__state__in=DeskEntry.UNRESOLVED_STATES))
    devices = DeskDevice.objects.filter(event=event_obj).select_related("enabled_by")
    context = {"section": "desk", "event": event_obj, "devices": devices.annotate(problem_count=unapplied)}
    return render(request, "desk/devices.html", context)


@require_POST
def offline_revoke(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Revoke a device, for example after it was lost."""
    event_obj = get_event_to_staff(event, request.user)
    device = get_object_or_404(DeskDevice.objects.select_related("event"), event=event_obj, pk=pk)
    revoke_desk_device(device=device)
    messages.success(
        request, _("The device has been revoked; its data will be erased as soon as it is online.")
    )
    return redirect("desk-devices", event)
