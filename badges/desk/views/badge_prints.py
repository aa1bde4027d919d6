"""Print a guest's badge: as PDF, or as a page that the script prints at once."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from badges.desk.badge_prints import (
    AlreadyPrinted,
    BadgeChangedMeanwhile,
    find_last_print,
    print_badge,
)
from badges.desk.forms import ReprintForm
from badges.desk.permissions import get_guest_to_serve
from badges.desk.search import load_guests
from badges.printing.pdf import render_badge_pdf, render_badge_svg
from convention.tables.downloads import inline_response
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.models import Registration

from .guests import get_operator

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe_or_post
def guest_badge(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Show the badge with the buttons to print it; a POST records the print and returns the badge.

    `format` is "pdf", or "page" for a page with the badge alone, in the size of its paper. With
    `?page=registration`, the links lead back to the organizers' page of the registration.
    """
    guest = get_guest_to_serve(event, reference, request.user)
    form = ReprintForm(request.POST or None)
    context = {**_make_back_links(request, guest), "event": guest.event, "registration": guest, "form": form}
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        try:
            printed_registration = print_badge(
                registration=guest,
                printed_by=get_operator(request),
                reason=reason,
                seen_version=parse_digits(request.POST.get("badge_version", "")),
            )
        except (AlreadyPrinted, BadgeChangedMeanwhile) as error:
            # Replaces the form's own error about an empty reason.
            form.errors.pop("reason", None)
            form.add_error("reason" if isinstance(error, AlreadyPrinted) else None, str(error))
            guest.refresh_from_db(fields=["badge_version"])
        else:
            printed_registration.event = guest.event
            if request.POST.get("format") == "pdf":
                return inline_response(render_badge_pdf(printed_registration), name=f"badge-{reference}.pdf")
            context |= {"registration": printed_registration, "badge": render_badge_svg(printed_registration)}
            return render(request, "desk/badge_page.html", context)
    context |= {"badge": render_badge_svg(guest), "last_print": find_last_print(guest)}
    return render(request, "desk/badge.html", context)


def _make_back_links(request: "HttpRequest", guest: Registration) -> dict[str, str]:
    """Return the part of the site from which the badge is printed, and where its links lead back."""
    slug = guest.event.slug
    if request.GET.get("page") == "registration":
        registration_path = reverse("organize-registration", args=[slug, guest.reference])
        return {
            "section": "organize",
            "back_path": registration_path,
            "after_print_path": registration_path,
        }
    desk_path = reverse("desk", args=[slug])
    # A badge is mostly printed for somebody who has yet to be checked in.
    is_inside = load_guests(guest.event, [guest.pk])[0].is_inside
    guest_query = "" if is_inside else f"?{urlencode({'guest': guest.reference})}"
    return {
        "section": "desk",
        "back_path": reverse("desk-guest", args=[slug, guest.reference]),
        "after_print_path": f"{desk_path}{guest_query}",
    }
