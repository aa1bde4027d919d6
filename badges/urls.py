from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from . import views

ORDER_LINK = "orders/<slug:reference>/<slug:secret>"
LINK = f"{ORDER_LINK}/<slug:person>"

pages: list[Any] = [
    path(f"{ORDER_LINK}/badges.pdf", views.order_badges, name="order-badges"),
    path(f"{LINK}/badge.pdf", views.order_badge, name="order-badge"),
    path(f"{LINK}/badge.pkpass", views.order_apple_pass, name="order-apple-pass"),
    path(f"{LINK}/google-wallet/", views.order_google_pass, name="order-google-pass"),
    path(
        f"{LINK}/badge.svg",
        views.order_badge_picture,
        name="order-badge-picture",
    ),
    path("organize/<slug:event>/badges/", views.badge_printing, name="organize-badges"),
    path(
        "organize/<slug:event>/registrations/selection/badges/",
        views.badges_of_selection,
        name="organize-selection-badges",
    ),
    path("organize/<slug:event>/badges/removed/", views.badges_removed, name="organize-badges-removed"),
    path("organize/<slug:event>/badges/preview.svg", views.badge_preview, name="organize-badges-preview"),
    path(
        "organize/<slug:event>/badges/<slug:layout>/print/",
        views.badge_print,
        name="organize-badges-print",
    ),
]
endpoints: list[Any] = []
unlocalized_pages: list[Any] = [
    path("B/<str:token>", views.badge_page, name="badge"),
    # Codes are upper case for the QR's compact mode; the address may be typed or shared in lower case.
    path("b/<str:token>", views.badge_page),
]
organizer_pages = [OrganizerPage("organize-badges", _("Badges"), 40, PageGroup.ON_SITE)]
