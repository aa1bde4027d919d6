"""Histories that one person may have with the site, made by its own actions where there is one.

Each function leaves rows of the person named in `find_traces.py` and returns whom an erasure is asked
for: the person, or None for somebody known by address alone.
"""

from tests.convention.privacy.histories.orders import (
    bank_line_set_aside,
    billed_but_ordered_by_another,
    contact_on_a_package_quotation,
    credited,
    former_attendee,
    half_filled_form,
    handed_to_a_colleague,
    hold_that_expired,
    import_taken_back,
    invoiced_and_paid,
    member_of_company_order,
    merged_registrations,
    named_on_company_invoice,
    ordered_under_a_former_address,
    owed_by_hand,
    paid_by_card,
    quotation_by_a_colleague,
    quotation_of_their_own,
    registered_alone,
    sponsor_contact,
    waiting_list,
)
from tests.convention.privacy.histories.roles import (
    at_the_desk,
    corrected_by_the_organizer,
    directory_import,
    earlier_requests,
    edited_in_the_back_office,
    failed_tasks,
    gave_feedback,
    host_of_a_visit,
    mailings,
    proposes_sessions,
    roles_in_the_club,
    speaker,
    staff_of_an_event,
    visit_with_identity,
)

HISTORIES = [
    registered_alone, half_filled_form, hold_that_expired, member_of_company_order, named_on_company_invoice,
    quotation_of_their_own, quotation_by_a_colleague, billed_but_ordered_by_another, invoiced_and_paid,
    credited, paid_by_card, bank_line_set_aside, handed_to_a_colleague, former_attendee, waiting_list,
    ordered_under_a_former_address, visit_with_identity, mailings, import_taken_back, directory_import,
    merged_registrations, speaker, host_of_a_visit, roles_in_the_club, staff_of_an_event, at_the_desk,
    corrected_by_the_organizer, sponsor_contact, owed_by_hand, edited_in_the_back_office, failed_tasks,
    earlier_requests, gave_feedback, proposes_sessions, contact_on_a_package_quotation,
]  # fmt: skip
