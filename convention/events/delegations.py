"""Delegate an event to an outside firm for a time, and name the people who work on it."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Company, CompanyRole, Employment, Person
from convention.club.people import add_colleague, find_open_account
from convention.club.periods import ONE_DAY
from convention.errors import InvalidFields
from convention.text.dates import format_date
from convention.text.normalize import normalize_whitespace

from .models import Delegation, Event, EventRole
from .roles import give_event_role, lock_event


@transaction.atomic
def delegate_event(
    *,
    event: Event,
    company: Company,
    starts_on: datetime.date,
    ends_on: datetime.date,
    contract_number: str = "",
) -> Delegation:
    """Let a firm run the event from `starts_on` to `ends_on`, both included.

    If the same firm has a current contract, its days are changed. Raise InvalidFields if the days are in the
    wrong order or past, or if the firm does not have the organizer role on the first day.
    """
    # A form sent twice must find the contract of the first request instead of adding another.
    lock_event(event)
    _check_delegation(company, starts_on, ends_on)
    current = event.delegations.filter(company=company, ends_on__gte=timezone.localdate())
    delegation = current.first() or Delegation(event=event, company=company)
    delegation.starts_on, delegation.ends_on = starts_on, ends_on
    delegation.contract_number = normalize_whitespace(contract_number)[:120]
    delegation.save()
    record_action("delegation.give", delegation, event=event, fields=["company", "starts_on", "ends_on"])
    return delegation


def _check_delegation(company: Company, starts_on: datetime.date, ends_on: datetime.date) -> None:
    errors: dict[str, list[str]] = {}
    if ends_on < starts_on:
        errors["ends_on"] = [_("The last day must not be before the first.")]
    elif ends_on < timezone.localdate():
        errors["ends_on"] = [_("The last day has already passed. Choose a later one.")]
    # Checked on the first day, not today: a contract may be entered before the firm's role begins.
    roles = CompanyRole.objects.open(at=starts_on).filter(company=company, role=CompanyRole.Role.ORGANIZER)
    if not roles.exists():
        day = format_date(starts_on)
        sentence = _("%(company)s does not have the organizer role on %(day)s. Add that role first.")
        errors["company"] = [sentence % {"company": company, "day": day}]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


@transaction.atomic
def end_delegation(*, delegation: Delegation, reason: str = "") -> None:
    """End the contract yesterday; delete it if it began today or later."""
    lock_event(delegation.event)
    # The last day counts, so only yesterday closes access at once.
    yesterday = timezone.localdate() - ONE_DAY
    record_action("delegation.end", delegation, event=delegation.event, fields=["ends_on"], reason=reason)
    rows = Delegation.objects.filter(pk=delegation.pk)
    people = list(delegation.roles.values_list("person_id", flat=True))
    # First: an end before the start would break the check constraint of periods.
    rows.filter(starts_on__gt=yesterday).delete()
    rows.filter(ends_on__gt=yesterday).update(ends_on=yesterday)
    hooks.revoke_devices_without_role.provider()(people)


@transaction.atomic
def add_delegate(
    *, delegation: Delegation, email: str, role: str, first_name: str = "", last_name: str = ""
) -> EventRole:
    """Give a person of the firm a role under the contract, and notify them.

    The role ends with the contract and with the employment. A known person is recorded as employed there
    too. Raise InvalidFields.
    """
    lock_event(delegation.event)
    # Only the club's organizers use this, and they may learn whether an address is known; a firm's own page
    # uses `appoint_delegate`.
    person = find_open_account(email)
    if person:
        _ensure_employed(person, delegation.company)
    else:
        person = add_colleague(
            company=delegation.company, email=email, first_name=first_name, last_name=last_name
        )
    return give_event_role(
        event=delegation.event,
        person=person,
        role=role,
        # Without an end: `EventRole.open` also checks the contract and the employment.
        days=(timezone.localdate(), None),
        delegation=delegation,
    )


def _ensure_employed(person: Person, company: Company) -> None:
    if not Employment.objects.open().filter(person=person, company=company).exists():
        Employment.objects.create(person=person, company=company)
        record_action("person.join", person, fields=["employments"])
