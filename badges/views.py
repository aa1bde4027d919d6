"""Badges for those who wear them."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from registrations.doors import order_by_link

from .pdf import badge_pdf


@never_cache
@require_GET
def order_badge(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """The badge of one registration, behind the link of its order."""
    registration = order_by_link(reference, secret).registration(person)
    name = f"badge-{registration.reference.lower()}.pdf"
    return HttpResponse(
        badge_pdf(registration),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )
