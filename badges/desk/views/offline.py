"""The desk without network: page, service worker, and the endpoints that give data and take entries."""

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
from badges.desk.offline_data import describe_sync
from badges.desk.offline_devices import enable_desk_device, find_desk_device, revoke_desk_device
from badges.desk.offline_entries import apply_entries
from badges.desk.serializers import DeskDeviceRequest, DeskEntryResponse, DeskSyncRequest
from convention.api.problems import answer_in_json
from convention.errors import ConventionError
from convention.events.permissions import get_event_to_staff

from .guests import get_operator

if TYPE_CHECKING:
    from django.http import HttpRequest


class InvalidDeskRequest(ConventionError):
    """The body is not what the desk's scripts send."""

    kind = "invalid-desk-request"


def read_body[S: serializers.Serializer[Any]](request: "HttpRequest", serializer: type[S]) -> S:
    """Return the validated body. Raise InvalidDeskRequest."""
    sentence = _("The desk sent an unreadable request. Reload the page.")
    try:
        read = serializer(data=json.loads(request.body))
    except (ValueError, RecursionError):
        raise InvalidDeskRequest(sentence) from None
    if not read.is_valid():
        raise InvalidDeskRequest(sentence, {"errors": read.errors})
    return read


@cache_control(no_cache=True)
@require_safe
def offline_page(request: "HttpRequest") -> HttpResponse:
    """Show the desk's page for work without network: the same for everyone, it contains no personal data."""
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
    """Serve the manifest with which a browser installs the desk."""
    return JsonResponse(
        offline_shell.describe_app(),
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
    )


@require_safe
@answer_in_json
def offline_session(request: "HttpRequest", event: str) -> HttpResponse:
    """Return the CSRF token to the staff, so that the stored page can send."""
    event_obj = get_event_to_staff(event, request.user)
    return JsonResponse({"event": event_obj.slug, "title": event_obj.title, "csrf_token": get_token(request)})


@require_POST
@answer_in_json
def offline_enable(request: "HttpRequest", event: str) -> HttpResponse:
    """Enable the browser for offline use."""
    event_obj = get_event_to_staff(event, request.user)
    read = read_body(request, DeskDeviceRequest)
    device = enable_desk_device(
        event=event_obj, name=read.validated_data["name"], enabled_by=get_operator(request)
    )
    return JsonResponse({"device": str(device.uid), "expires_at": device.expires_at.isoformat()}, status=201)


@require_POST
@answer_in_json
def offline_sync(request: "HttpRequest", event: str) -> HttpResponse:
    """Apply the entries of a device, then return their outcomes and what changed in the data."""
    event_obj = get_event_to_staff(event, request.user)
    read = read_body(request, DeskSyncRequest)
    device = find_desk_device(event_obj, read.validated_data["device"])
    entries = apply_entries(
        device=device, entries=read.build_entries(at=timezone.now()), operator=get_operator(request)
    )
    event_obj.refresh_from_db(fields=["sequence"])
    answer = describe_sync(
        device,
        request.user,
        known_version=read.validated_data["version"],
        known_digests=read.validated_data["digests"],
    )
    results = DeskEntryResponse(entries, many=True).data
    return JsonResponse({"results": results, **answer}, json_dumps_params={"ensure_ascii": False})


@require_safe
def desk_device_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the devices that may work offline, with how many of their entries were not taken."""
    event_obj = get_event_to_staff(event, request.user)
    not_taken = Count("entries", filter=~Q(entries__state=DeskEntry.State.DONE))
    devices = DeskDevice.objects.filter(event=event_obj).select_related("enabled_by")
    context = {"section": "desk", "event": event_obj, "devices": devices.annotate(problem_count=not_taken)}
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
