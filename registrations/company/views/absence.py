"""The page on which an attendee tells the company's contact that they cannot come, behind their own link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.web.routing import require_safe_or_post
from registrations.booking.membership_places import is_transferable
from registrations.company.absence import check_reportable, find_reported_at, report_absence
from registrations.permissions import get_order_by_link


@never_cache
@require_safe_or_post
def attendee_absence(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Offer to e-mail the contact that the attendee cannot come; a POST does so."""
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    if link_access.is_full:
        # The contact, who decides about the place, need not be e-mailed by themselves.
        return redirect("order-cancel", reference, secret, person)
    check_reportable(registration)
    order = link_access.order
    contact = order.for_company.managed_by or order.company
    if request.method == "POST":
        report_absence(registration=registration)
        messages.success(
            request,
            _("We are e-mailing %(contact)s. The place stays yours until it is given away or cancelled.")
            % {"contact": contact},
        )
        return redirect("order", reference, secret)
    context = {
        "link_access": link_access,
        "event": order.event,
        "registration": registration,
        "contact": contact,
        "reported_at": find_reported_at(registration),
        "is_before_deadline": timezone.now() <= order.event.substitution_deadline,
        "can_transfer": is_transferable(registration),
    }
    return render(request, "company/report_absence.html", context)
