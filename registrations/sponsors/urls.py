"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from .views import offer, organize, own, packages

LINK = "orders/<slug:reference>/<slug:secret>/sponsor"
OFFER = "events/<slug:event>/sponsors"
LIST = "organize/<slug:event>/sponsors"

pages: list[Any] = [
    path(f"{OFFER}/", offer.packages, name="sponsors"),
    path(f"{OFFER}/<int:pk>.png", offer.logo, name="sponsor-logo"),
    path(f"{OFFER}/<slug:slug>/", offer.order, name="sponsor-order"),
    path(f"{LINK}/", own.own, name="order-sponsor"),
    path(f"{LINK}/logo.png", own.logo, name="order-sponsor-logo"),
    path(f"{LIST}/", organize.sponsorships, name="organize-sponsors"),
    path(
        "organize/<slug:event>/sponsors.csv", organize.export, {"kind": "csv"}, name="organize-sponsors-csv"
    ),
    path(
        "organize/<slug:event>/sponsors.xlsx",
        organize.export,
        {"kind": "xlsx"},
        name="organize-sponsors-xlsx",
    ),
    path(f"{LIST}/packages/", packages.packages, name="organize-packages"),
    path(f"{LIST}/packages/new/", packages.new_package, name="organize-package-new"),
    path(f"{LIST}/packages/<slug:slug>/", packages.package, name="organize-package"),
    path(f"{LIST}/packages/<slug:slug>/remove/", packages.remove, name="organize-package-remove"),
    path(f"{LIST}/packages/<slug:slug>/take/", organize.take, name="organize-package-take"),
    path(f"{LIST}/<int:pk>/", organize.sponsorship, name="organize-sponsor"),
    path(f"{LIST}/<int:pk>/logo.png", organize.logo, name="organize-sponsor-logo"),
    path(f"{LIST}/<int:pk>/logo/", organize.send_logo, name="organize-sponsor-logo-new"),
    path(f"{LIST}/<int:pk>/cancel/", organize.cancel, name="organize-sponsor-cancel"),
]
organizer_pages = [
    OrganizerPage("organize-sponsors", _("Sponsors"), 27),
]
