"""Addresses."""

from typing import Any

from django.urls import path

from convention.downloads import list_paths

from .lists import LISTS
from .views import claims, companies, list_imports, markets, memberships, people

ONE = "organize/club/companies/<slug:company>"
MEMBERSHIP = f"{ONE}/memberships/<int:membership>"
PERSON = "organize/club/people/<int:member>"

pages: list[Any] = [
    *list_paths("organize/club/lists", companies.export, LISTS),
    path("organize/club/", companies.companies, name="club-companies"),
    path("organize/club/companies/new/", companies.new_company, name="club-company-new"),
    path(f"{ONE}/", companies.company, name="club-company"),
    path(f"{ONE}/edit/", companies.edit_company, name="club-company-edit"),
    path(f"{ONE}/merge/", companies.absorb, name="club-company-absorb"),
    path(f"{ONE}/roles/", companies.add_role, name="club-role-add"),
    path(f"{ONE}/roles/<int:role_id>/end/", companies.stop_role, name="club-role-end"),
    path(f"{ONE}/contacts/<int:contact>/end/", companies.end_contact, name="club-contact-end"),
    path(f"{ONE}/seats/give/<int:job>/", memberships.give, name="club-seat-give"),
    path(f"{ONE}/seats/take/<int:seat>/", memberships.take, name="club-seat-take"),
    path(f"{ONE}/memberships/new/", memberships.new_membership, name="club-membership-new"),
    path(f"{MEMBERSHIP}/", memberships.membership, name="club-membership"),
    path(f"{MEMBERSHIP}/confirm/", memberships.confirm_membership, name="club-membership-confirm"),
    path(f"{MEMBERSHIP}/leave/", memberships.leave_membership, name="club-membership-leave"),
    path(f"{MEMBERSHIP}/renew/", memberships.renew_membership, name="club-membership-renew"),
    path("colleagues/<str:token>/", claims.claim, name="club-claim"),
    path("organize/club/people/", people.people, name="club-people"),
    path(f"{PERSON}/", people.person, name="club-person"),
    path(f"{PERSON}/jobs/", people.add_job, name="club-job-add"),
    path(f"{PERSON}/jobs/<int:job>/", people.job, name="club-job"),
    path(f"{PERSON}/employer/", people.employer, name="club-employer"),
    path("organize/club/markets/", markets.markets, name="club-markets"),
    path("organize/club/markets/<slug:market>/", markets.market, name="club-market"),
    path("organize/club/import/", list_imports.import_page, name="club-import"),
    path("organize/club/imports/", list_imports.past, name="club-imports"),
    path("organize/club/imports/<int:pk>/undo/", list_imports.undo, name="club-import-undo"),
]
endpoints: list[Any] = []
