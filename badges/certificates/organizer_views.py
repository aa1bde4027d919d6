"""Organizers' pages: print certificates for everyone, see the scans behind each, withdraw one."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from badges.attendance.reports.session_figures import load_session_figures
from convention.audit.record import record_action
from convention.club.permissions import require_signed_in
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.jobs.job_queue import request_job
from convention.tables.downloads import inline_response
from convention.tasks.queue_names import DOCUMENT_QUEUE
from convention.text.normalize import normalize_whitespace

from .draw import draw_certificate_with_scans, draw_certificates
from .facts import count_event_attendees, list_supporting_scans
from .issue import issue_certificates, withdraw_certificate
from .models import Certificate
from .permissions import check_certificates_open, explain_unavailability
from .print_job import MAX_IMMEDIATE_CERTIFICATES, load_printed_facts

ROWS_PER_PAGE = 50


class WithdrawalForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


@require_safe
def certificate_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show what can be printed, and the certificates issued so far; `q` searches by name or code."""
    event_obj = get_event_to_organize(event, request.user)
    query = normalize_whitespace(request.GET.get("q", ""))
    issued = Certificate.objects.filter(event=event_obj).select_related("session")
    if query:
        issued = issued.filter(name__icontains=query) | issued.filter(
            code__icontains=query.replace("-", "").replace(" ", "")
        )
    issued = issued.order_by("registration__sort_name", "-issued_at", "-pk")
    context = {
        "event": event_obj,
        "section": "organize",
        "sessions": [row for row in load_session_figures(event_obj) if row.arrived_count and row.has_started],
        "attendee_count": count_event_attendees(event_obj),
        "query": query,
        "page_obj": Paginator(issued, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "unavailable_reason": explain_unavailability(event_obj),
    }
    return render(request, "certificates/organize.html", context)


@require_POST
def certificates_print(request: HttpRequest, event: str) -> HttpResponse:
    """Print the certificates of everyone at the event or at one session; many are printed by a job."""
    event_obj = get_event_to_organize(event, request.user)
    check_certificates_open(event_obj)
    number = request.POST.get("session", "")
    facts = load_printed_facts(event_obj, number)
    if not facts:
        messages.warning(request, _("There is nothing to print: no badges were scanned there."))
        return redirect("organize-certificates", event_obj.slug)
    if len(facts) > MAX_IMMEDIATE_CERTIFICATES:
        job = request_job(
            event=event_obj,
            kind="certificates",
            title=lambda: _("Certificates of attendance"),
            requested_by=require_signed_in(request.user),
            argument=number,
            queue=DOCUMENT_QUEUE,
        )
        return redirect("organize-job", event_obj.slug, job.pk)
    certificates = issue_certificates(event=event_obj, facts=facts)
    record_action("certificate.print", event_obj, event=event_obj)
    name = f"certificates-{event_obj.slug}-{get_language()}.pdf"
    return inline_response(draw_certificates(event_obj, certificates), name=name)


@require_safe
def certificate_scans(request: HttpRequest, event: str, code: str) -> HttpResponse:
    """Show one certificate with the scans that it rests on."""
    event_obj = get_event_to_organize(event, request.user)
    certificate = _get_certificate(event_obj, code)
    context = {
        "event": event_obj,
        "section": "organize",
        "certificate": certificate,
        "scans": list_supporting_scans(certificate.registration, certificate.session),
        "form": WithdrawalForm(),
    }
    return render(request, "certificates/organize_certificate.html", context)


@require_safe
def certificate_pdf(request: HttpRequest, event: str, code: str) -> HttpResponse:
    """Return one certificate as it was issued; with `scans`, also the scans that it rests on."""
    event_obj = get_event_to_organize(event, request.user)
    certificate = _get_certificate(event_obj, code)
    if request.GET.get("scans"):
        scans = list_supporting_scans(certificate.registration, certificate.session)
        content = draw_certificate_with_scans(event_obj, certificate, scans)
    else:
        content = draw_certificates(event_obj, [certificate])
    record_action("certificate.print", certificate, event=event_obj)
    return inline_response(content, name=f"{event_obj.slug}-certificate-{certificate.code}.pdf")


@require_POST
def certificate_withdraw(request: HttpRequest, event: str, code: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    certificate = _get_certificate(event_obj, code)
    form = WithdrawalForm(request.POST)
    if form.is_valid():
        withdraw_certificate(certificate=certificate, reason=form.cleaned_data["reason"])
        messages.success(
            request, _("The certificate has been withdrawn. Its code now shows that it is not valid.")
        )
    else:
        messages.error(request, _("Enter the reason. It is stored in the audit trail."))
    return redirect("organize-certificate", event_obj.slug, certificate.code)


def _get_certificate(event: Event, code: str) -> Certificate:
    rows = Certificate.objects.select_related("session__room", "registration__event", "registration__ticket")
    certificate: Certificate = get_object_or_404(rows, event=event, code=code)
    certificate.event = event
    return certificate
