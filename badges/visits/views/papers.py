"""The lists of the day on paper and as files, and certificates."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from convention.audit.record import record
from convention.downloads import download, inline
from convention.errors import Closed, NotFound
from registrations.visits.day_doors import own_application, ride_to_staff, visit_to_staff
from registrations.visits.doors import visit_to_run
from registrations.visits.models import Visit

from ..certificates import certified, draw_certificates
from ..lists import evacuation_roll, manifest_roll, roster_roll, roster_sheet
from ..rolls import draw_roll
from ..roster import Visitor, manifest_of, roster_of
from ..where import may_certify


@require_GET
def roster(request: HttpRequest, event: str) -> HttpResponse:
    """Everybody, on paper."""
    visit = visit_to_staff(event, request.user)
    record("visit_roster.print", visit, event=visit.event)
    return inline(
        draw_roll(visit.event, roster_roll(visit.event, roster_of(visit))), name=f"{event}-roster.pdf"
    )


@require_GET
def roster_file(request: HttpRequest, event: str, name: str, kind: str) -> HttpResponse:
    """Everybody, as .csv or .xlsx."""
    visit = visit_to_run(event, request.user)
    record("visit_roster.export", visit, event=visit.event, fields=[kind])
    sheet = roster_sheet(visit, roster_of(visit, reader=request.user))
    return download(sheet, name=f"{event}-roster", kind=kind)


@require_GET
def evacuation(request: HttpRequest, event: str) -> HttpResponse:
    """Those on site, on paper."""
    visit = visit_to_staff(event, request.user)
    record("visit_evacuation.print", visit, event=visit.event)
    roll = evacuation_roll(visit.event, roster_of(visit))
    return inline(draw_roll(visit.event, roll), name=f"{event}-evacuation.pdf")


@require_GET
def manifest(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Those of one ride, on paper."""
    leg = ride_to_staff(event, pk, request.user)
    record("visit_manifest.print", leg, event=leg.visit.event)
    roll = manifest_roll(leg.visit.event, manifest_of(leg, roster_of(leg.visit)))
    return inline(draw_roll(leg.visit.event, roll), name=f"{event}-coach-{leg.pk}.pdf")


@require_GET
def certificates(request: HttpRequest, event: str) -> HttpResponse:
    """A certificate for each who arrived and left. Raises Closed where nobody has."""
    visit = visit_to_run(event, request.user)
    people = [certified(one) for one in roster_of(visit) if may_certify(one.where)]
    if not people:
        raise Closed(_("Nobody has arrived and left yet: a certificate needs both scans."))
    record("certificate.print", visit, event=visit.event)
    return inline(draw_certificates(visit.event, people), name=f"{event}-certificates.pdf")


@require_GET
def certificate(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """The certificate of one."""
    visit = visit_to_run(event, request.user)
    return _certificate(visit, [one for one in roster_of(visit) if one.reference == reference])


@require_GET
def own_certificate(request: HttpRequest, event: str) -> HttpResponse:
    """One's own certificate."""
    application = own_application(event, request.user)
    visit = application.visit
    return _certificate(visit, [one for one in roster_of(visit) if one.pk == application.registration_id])


def _certificate(visit: Visit, found: list[Visitor]) -> HttpResponse:
    if not found:
        raise NotFound(_("There is no such visitor."))
    content = draw_certificates(visit.event, [certified(found[0])])
    record("certificate.print", f"registrations.registration:{found[0].pk}", event=visit.event)
    return inline(content, name=f"{visit.event.slug}-certificate-{found[0].reference}.pdf")
