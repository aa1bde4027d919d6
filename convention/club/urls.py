"""Addresses."""

from typing import Any

from django.urls import path

from convention.downloads import list_paths

from . import views
from .lists import LISTS

ONE = "organize/club/companies/<slug:company>"
MEMBERSHIP = f"{ONE}/memberships/<int:membership>"

pages: list[Any] = [
    *list_paths("organize/club/lists", views.export, LISTS),
    path("organize/club/", views.companies, name="club-companies"),
    path("organize/club/companies/new/", views.new_company, name="club-company-new"),
    path(f"{ONE}/", views.company, name="club-company"),
    path(f"{ONE}/edit/", views.edit_company, name="club-company-edit"),
    path(f"{ONE}/contacts/<int:contact>/end/", views.end_contact, name="club-contact-end"),
    path(f"{ONE}/seats/give/<int:job>/", views.give, name="club-seat-give"),
    path(f"{ONE}/seats/take/<int:seat>/", views.take, name="club-seat-take"),
    path(f"{ONE}/memberships/new/", views.new_membership, name="club-membership-new"),
    path(f"{MEMBERSHIP}/", views.membership, name="club-membership"),
    path(f"{MEMBERSHIP}/confirm/", views.confirm_membership, name="club-membership-confirm"),
    path(f"{MEMBERSHIP}/leave/", views.leave_membership, name="club-membership-leave"),
    path(f"{MEMBERSHIP}/renew/", views.renew_membership, name="club-membership-renew"),
    path("organize/club/people/<int:member>/employer/", views.employer, name="club-employer"),
]
endpoints: list[Any] = []
