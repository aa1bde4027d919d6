"""URLs of the club's directory."""

from typing import Any

from django.urls import path

from convention.tables.downloads import build_list_paths

from .address_requests import views as address_requests
from .downloads import CLUB_LISTS
from .governance import views as governance
from .merge_people import views as merge_people
from .recipients import views as recipients
from .renewals import views as renewals
from .views import (
    claims,
    companies,
    company_list,
    directory_imports,
    employments,
    markets,
    memberships,
    people,
    seats,
)

COMPANY_URL = "organize/club/companies/<slug:company>"
MEMBERSHIP_URL = f"{COMPANY_URL}/memberships/<int:membership>"
GROUP_URL = "organize/club/groups/<slug:group>"
PERSON_URL = "organize/club/people/<int:person_id>"
JOB_URL = f"{PERSON_URL}/jobs/<int:employment_id>"

pages: list[Any] = [
    *build_list_paths("organize/club/lists", companies.club_list_export, CLUB_LISTS),
    path("organize/club/", company_list.company_list, name="club-companies"),
    path("organize/club/memberships/renew/", renewals.membership_renewals, name="club-renewals"),
    path(
        "organize/club/memberships/confirm/",
        renewals.membership_confirmations,
        name="club-confirmations",
    ),
    path("organize/club/memberships/delete/", renewals.membership_drafts_delete, name="club-drafts-delete"),
    path("organize/club/addresses/", recipients.contact_addresses, name="club-contact-addresses"),
    path(
        "organize/club/addresses/selected/",
        recipients.selection_addresses,
        name="club-selection-addresses",
    ),
    path("organize/club/people/addresses/", recipients.people_addresses, name="club-people-addresses"),
    path("organize/club/companies/new/", companies.company_create, name="club-company-new"),
    path(f"{COMPANY_URL}/", companies.company_detail, name="club-company"),
    path(f"{COMPANY_URL}/edit/", companies.company_edit, name="club-company-edit"),
    path(f"{COMPANY_URL}/delete/", companies.company_delete, name="club-company-delete"),
    path(f"{COMPANY_URL}/merge/", companies.company_merge, name="club-company-merge"),
    path(f"{COMPANY_URL}/addresses/", recipients.company_addresses, name="club-company-addresses"),
    path(f"{COMPANY_URL}/roles/", companies.company_role_add, name="club-role-add"),
    path(f"{COMPANY_URL}/roles/<int:role_id>/end/", companies.company_role_end, name="club-role-end"),
    path(f"{COMPANY_URL}/contacts/<int:contact>/end/", companies.contact_end, name="club-contact-end"),
    path(f"{COMPANY_URL}/seats/give/<int:employment_id>/", seats.seat_give, name="club-seat-give"),
    path(f"{COMPANY_URL}/seats/move/<int:seat>/", seats.seat_move, name="club-seat-move"),
    path(f"{COMPANY_URL}/seats/take/<int:seat>/", seats.seat_end, name="club-seat-end"),
    path(f"{COMPANY_URL}/memberships/new/", memberships.membership_create, name="club-membership-new"),
    path(f"{MEMBERSHIP_URL}/", memberships.membership_detail, name="club-membership"),
    path(f"{MEMBERSHIP_URL}/confirm/", memberships.membership_confirm, name="club-membership-confirm"),
    path(f"{MEMBERSHIP_URL}/leave/", memberships.membership_end, name="club-membership-end"),
    path(f"{MEMBERSHIP_URL}/renew/", memberships.membership_renew, name="club-membership-renew"),
    # Its reader is not signed in: the token proves who reads the address.
    path("colleagues/<str:token>/", claims.address_claim, name="club-claim"),
    path("organize/club/people/", people.person_list, name="club-people"),
    path("organize/club/people/new/", people.person_create, name="club-person-new"),
    path(f"{PERSON_URL}/", people.person_detail, name="club-person"),
    path(f"{PERSON_URL}/edit/", people.person_edit, name="club-person-edit"),
    path(
        f"{PERSON_URL}/addresses/<int:address_id>/remove/",
        people.person_address_remove,
        name="club-person-address-remove",
    ),
    path(f"{PERSON_URL}/address/", address_requests.address_request, name="club-person-address-ask"),
    path(f"{PERSON_URL}/close/", people.person_close, name="club-person-close"),
    path(f"{PERSON_URL}/reopen/", people.person_reopen, name="club-person-reopen"),
    path(f"{PERSON_URL}/merge/", merge_people.person_merge_search, name="club-person-merge-search"),
    path(f"{PERSON_URL}/merge/<int:duplicate_id>/", merge_people.person_merge, name="club-person-merge"),
    path(f"{PERSON_URL}/jobs/", people.employment_add, name="club-employment-add"),
    path(f"{JOB_URL}/", employments.employment_edit, name="club-employment"),
    path(f"{JOB_URL}/end/", employments.employment_end, name="club-employment-end"),
    path(f"{JOB_URL}/remove/", employments.employment_remove, name="club-employment-remove"),
    path(f"{PERSON_URL}/employer/", people.employer_change, name="club-employer-change"),
    path("organize/club/markets/", markets.market_list, name="club-markets"),
    path("organize/club/markets/<slug:market>/", markets.market_detail, name="club-market"),
    path("organize/club/roles/", governance.club_role_list, name="club-roles"),
    path("organize/club/roles/<int:role_id>/end/", governance.club_role_end, name="club-person-role-end"),
    path("organize/club/groups/", governance.working_group_list, name="club-groups"),
    path("organize/club/groups/new/", governance.working_group_create, name="club-group-new"),
    path(f"{GROUP_URL}/", governance.working_group_detail, name="club-group"),
    path(f"{GROUP_URL}/edit/", governance.working_group_edit, name="club-group-edit"),
    path(f"{GROUP_URL}/addresses/", recipients.group_addresses, name="club-group-addresses"),
    path(f"{GROUP_URL}/mandates/<int:mandate>/", governance.mandate_edit, name="club-mandate"),
    path(f"{GROUP_URL}/mandates/<int:mandate>/end/", governance.mandate_end, name="club-mandate-end"),
    path("organize/club/plans/", governance.plan_list, name="club-plans"),
    path("organize/club/plans/new/", governance.plan_create, name="club-plan-new"),
    path("organize/club/plans/<slug:plan>/", governance.plan_edit, name="club-plan"),
    path("organize/club/import/", directory_imports.directory_import_create, name="club-import"),
    path("organize/club/imports/", directory_imports.directory_import_list, name="club-imports"),
    path(
        "organize/club/imports/<int:pk>/undo/",
        directory_imports.directory_import_undo,
        name="club-import-undo",
    ),
]
endpoints: list[Any] = []
