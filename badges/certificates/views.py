"""Public page that confirms a certificate, and attendees' own pages behind their link."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.errors import NotFound
from convention.tables.downloads import inline_response
from convention.web.client_network import get_client_network
from registrations.models import Registration
from registrations.permissions import get_order_by_link

from .draw import describe_certificate, draw_certificate_with_scans, draw_certificates, get_issuer_name
from .facts import (
    CertificateFacts,
    list_certified_sessions,
    list_supporting_scans,
    load_event_facts,
    load_session_facts,
)
from .issue import issue_certificates, list_withdrawn_sessions
from .permissions import (
    check_certificates_open,
    check_own_certificates,
    explain_unavailability,
    get_certificate_by_code,
)

# A venue or a company is one network; a guessed code would need 10^17 tries.
MAX_CHECKS_PER_HOUR = 300


@never_cache
@require_safe
def certificate_search(request: HttpRequest) -> HttpResponse:
    """Show the form for a code; with `code`, redirect to its page."""
    code = request.GET.get("code", "").strip()
    if not code:
        return render(request, "certificates/search.html", {})
    throttle_check(request)
    try:
        certificate = get_certificate_by_code(code)
    except NotFound as error:
        return render(request, "certificates/search.html", {"code": code, "error": str(error)}, status=404)
    return redirect("certificate", certificate.code)


@never_cache
@require_safe
def certificate_detail(request: HttpRequest, code: str) -> HttpResponse:
    """Show what the certificate says, and whether it is still valid; nothing else."""
    throttle_check(request)
    certificate = get_certificate_by_code(code)
    context = {
        "certificate": certificate,
        "event": certificate.event,
        "lines": describe_certificate(certificate.event, certificate),
        "issuer": get_issuer_name(),
    }
    return render(request, "certificates/certificate.html", context)


def throttle_check(request: HttpRequest) -> None:
    """Count a check of a code for the network that it comes from. Raise TooManyRequests."""
    network = get_client_network(request.META) or "unknown"
    consume_rate_limit("certificates", network, limit=MAX_CHECKS_PER_HOUR, window_seconds=3600)


@never_cache
@require_safe
def own_certificates(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """List the certificates that the attendee can download."""
    registration = _get_own_registration(reference, secret, person)
    event = registration.event
    reason = explain_unavailability(event)
    withdrawn = list_withdrawn_sessions(registration)
    context = {
        "event": event,
        "registration": registration,
        "link": (reference, secret),
        "has_event_certificate": not reason and bool(load_event_facts(event, registrations=[registration])),
        "is_event_withdrawn": None in withdrawn,
        "sessions": list_certified_sessions(registration),
        "withdrawn_sessions": withdrawn,
        "unavailable_reason": reason,
    }
    return render(request, "certificates/own.html", context)


@never_cache
@require_safe
def own_event_certificate(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    registration = _get_own_registration(reference, secret, person)
    check_certificates_open(registration.event)
    facts = load_event_facts(registration.event, registrations=[registration])
    return respond_certificate(request, registration, facts)


@never_cache
@require_safe
def own_session_certificate(
    request: HttpRequest, reference: str, secret: str, person: str, guid: uuid.UUID
) -> HttpResponse:
    registration = _get_own_registration(reference, secret, person)
    for session in list_certified_sessions(registration):
        if session.guid == guid:
            facts = load_session_facts(session, registrations=[registration])
            return respond_certificate(request, registration, facts)
    raise NotFound(_("There is no certificate for this session: your badge was not scanned there."))


def _get_own_registration(reference: str, secret: str, person: str) -> Registration:
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    check_own_certificates(link_access, registration)
    return registration


def respond_certificate(
    request: HttpRequest, registration: Registration, facts: list[CertificateFacts]
) -> HttpResponse:
    """Issue the certificate and return it as PDF; `scans` adds the scans it rests on. Raise NotFound."""
    if not facts:
        raise NotFound(_("There is no certificate: your badge was not scanned at this event."))
    event = registration.event
    [certificate] = issue_certificates(event=event, facts=facts)
    if request.GET.get("scans"):
        scans = list_supporting_scans(registration, facts[0].session)
        content = draw_certificate_with_scans(event, certificate, scans)
    else:
        content = draw_certificates(event, [certificate])
    record_action("certificate.print", f"registrations.registration:{registration.pk}", event=event)
    return inline_response(content, name=f"{event.slug}-certificate-{certificate.code}.pdf")
