"""Downloads of the day: lists as PDF, CSV and XLSX, and certificates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_safe

from badges.attendance.reports.printed_list import draw_printed_list
from badges.visits.certificates import print_visit_certificates
from badges.visits.day_lists import (
    make_evacuation_list,
    make_manifest_list,
    make_roster_list,
    make_roster_sheet,
)
from badges.visits.evacuation import record_list_opened
from badges.visits.roster import RosterEntry, build_manifest, load_roster
from convention.audit.record import record_action
from convention.errors import NotFound, NotOpenNow
from convention.tables.downloads import inline_response, table_response
from registrations.visits.models import Visit
from registrations.visits.permissions import (
    get_managed_visit,
    get_own_application,
    get_staffed_ride,
    get_staffed_visit,
)


# Each download is audited, since the files contain names. Staff may print; only managers get tables, which
# can be passed on and also name other visits.
@require_GET
def roster_pdf(request: HttpRequest, event: str) -> HttpResponse:
    visit = get_staffed_visit(event, request.user)
    record_action("visit_roster.print", visit, event=visit.event)
    return inline_response(
        draw_printed_list(visit.event, make_roster_list(visit.event, load_roster(visit))),
        name=f"{event}-roster.pdf",
    )


@require_GET
def roster_file(request: HttpRequest, event: str, name: str, kind: str) -> HttpResponse:
    visit = get_managed_visit(event, request.user)
    record_action("visit_roster.export", visit, event=visit.event, fields=[kind])
    sheet = make_roster_sheet(visit, load_roster(visit, reader=request.user))
    return table_response(sheet, name=f"{event}-roster", kind=kind)


@require_GET
def evacuation_pdf(request: HttpRequest, event: str) -> HttpResponse:
    visit = get_staffed_visit(event, request.user)
    content = draw_printed_list(visit.event, make_evacuation_list(visit.event, load_roster(visit)))
    record_list_opened("visit_evacuation.print", visit, event=visit.event)
    return inline_response(content, name=f"{event}-evacuation.pdf")


@require_GET
def manifest_pdf(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    ride = get_staffed_ride(event, pk, request.user)
    record_action("visit_manifest.print", ride, event=ride.visit.event)
    printed_list = make_manifest_list(ride.visit.event, build_manifest(ride, load_roster(ride.visit)))
    return inline_response(
        draw_printed_list(ride.visit.event, printed_list), name=f"{event}-coach-{ride.pk}.pdf"
    )


@require_GET
def certificates_pdf(request: HttpRequest, event: str) -> HttpResponse:
    """Return a certificate for each visitor who arrived and left, as PDF. Raise NotOpenNow without any."""
    visit = get_managed_visit(event, request.user)
    visitors = [entry for entry in load_roster(visit) if entry.whereabouts.allows_certificate]
    if not visitors:
        raise NotOpenNow(_("No certificates yet: they need an entry scan and an exit scan."))
    record_action("certificate.print", visit, event=visit.event)
    content = print_visit_certificates(event=visit.event, visitors=visitors)
    return inline_response(content, name=f"{event}-certificates.pdf")


@require_GET
def certificate_pdf(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Return the certificate of one visitor, for organizers."""
    visit = get_managed_visit(event, request.user)
    return _certificate_response(
        visit, [entry for entry in load_roster(visit) if entry.reference == reference]
    )


@require_GET
def own_certificate_pdf(request: HttpRequest, event: str) -> HttpResponse:
    """Return the certificate of the signed-in visitor."""
    application = get_own_application(event, request.user)
    visit = application.visit
    return _certificate_response(
        visit, [entry for entry in load_roster(visit) if entry.pk == application.registration_id]
    )


def _certificate_response(visit: Visit, entries: list[RosterEntry]) -> HttpResponse:
    if not entries:
        raise NotFound(_("We could not find this visitor."))
    content = print_visit_certificates(event=visit.event, visitors=entries[:1])
    record_action("certificate.print", f"registrations.registration:{entries[0].pk}", event=visit.event)
    return inline_response(content, name=f"{visit.event.slug}-certificate-{entries[0].reference}.pdf")


@cache_control(no_cache=True)
@require_safe
def evacuation_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker that saves evacuation lists; its scope covers both languages."""
    response = render(
        request, "visit_days/evacuation_worker.js", content_type="text/javascript; charset=utf-8"
    )
    # The script's own path would limit its scope to /visits/.
    response["Service-Worker-Allowed"] = "/"
    return response
