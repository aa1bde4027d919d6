"""URLs of sponsors' pages."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.routing import OrganizerPage, PageGroup

from .views import organizer, public, sponsor

SPONSOR_LINK_PATH = "orders/<slug:reference>/<slug:secret>/sponsor"
OFFER_PATH = "events/<slug:event>/sponsors"
ORGANIZER_PATH = "organize/<slug:event>/sponsors"

pages: list[Any] = [
    path(f"{OFFER_PATH}/", public.package_list, name="sponsors"),
    path(f"{OFFER_PATH}/<int:pk>.png", public.sponsor_logo, name="sponsor-logo"),
    path(f"{OFFER_PATH}/<slug:slug>/", public.package_order, name="sponsor-order"),
    path(f"{SPONSOR_LINK_PATH}/", sponsor.sponsor_page, name="order-sponsor"),
    path(f"{SPONSOR_LINK_PATH}/logo.png", sponsor.logo_preview, name="order-sponsor-logo"),
    path(f"{ORGANIZER_PATH}/", organizer.sponsorship_list, name="organize-sponsors"),
    path(
        "organize/<slug:event>/sponsors.csv",
        organizer.sponsorship_export,
        {"kind": "csv"},
        name="organize-sponsors-csv",
    ),
    path(
        "organize/<slug:event>/sponsors.xlsx",
        organizer.sponsorship_export,
        {"kind": "xlsx"},
        name="organize-sponsors-xlsx",
    ),
    path(f"{ORGANIZER_PATH}/packages/", organizer.package_list, name="organize-packages"),
    path(f"{ORGANIZER_PATH}/packages/new/", organizer.package_create, name="organize-package-new"),
    path(f"{ORGANIZER_PATH}/packages/<slug:slug>/", organizer.package_edit, name="organize-package"),
    path(
        f"{ORGANIZER_PATH}/packages/<slug:slug>/remove/",
        organizer.package_remove,
        name="organize-package-remove",
    ),
    path(
        f"{ORGANIZER_PATH}/packages/<slug:slug>/take/", organizer.package_take, name="organize-package-take"
    ),
    path(f"{ORGANIZER_PATH}/<int:pk>/", organizer.sponsorship_detail, name="organize-sponsor"),
    path(f"{ORGANIZER_PATH}/<int:pk>/logo.png", organizer.sponsorship_logo, name="organize-sponsor-logo"),
    path(f"{ORGANIZER_PATH}/<int:pk>/logo/", organizer.logo_upload, name="organize-sponsor-logo-new"),
    path(f"{ORGANIZER_PATH}/<int:pk>/cancel/", organizer.sponsorship_cancel, name="organize-sponsor-cancel"),
]
organizer_pages = [
    OrganizerPage(
        "organize-sponsors",
        _("Sponsors"),
        27,
        PageGroup.REGISTRATIONS,
        kinds=(Event.Kind.CONVENTION,),
        is_for_leads=False,
    ),
]
