"""Addresses that a person has besides the main one, from records that were merged: all of them sign in."""

from collections.abc import Collection
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import QuerySet

from convention.audit.record import record_action
from convention.club.addresses.own_addresses import find_active_owner
from convention.club.models import Person
from convention.club.permissions import is_club_administrator
from convention.text.email_addresses import filter_by_email, is_same_email

from .mails import send_notice, write_account_mail
from .password_change import end_access


def prepare_merged_addresses(rows: "QuerySet[Any]", survivor: Person) -> None:
    """Leave only addresses that the survivor does not have, none of them as the main one."""
    # Somebody who has signed in only asked for an unverified one: the survivor must not seem to ask for it.
    rows.filter(verified=False, user__last_login__isnull=False).delete()
    own = list(EmailAddress.objects.filter(user=survivor).values_list("email", flat=True))
    known = [row.pk for row in rows if any(is_same_email(row.email, email) for email in own)]
    rows.filter(pk__in=known).delete()
    rows.update(primary=False)


@transaction.atomic
def add_addresses(*, person: Person, addresses: Collection[str], added_by: Person) -> None:
    """Store these addresses of the person in addition to their main one (hook of the club).

    If an administrator adds them, they sign in too. Others cannot vouch for an address that nobody has
    proven: it would give its orders to whoever reads the main one. Then it is stored unverified. People who
    have signed in before are notified: to others an e-mail about their records says nothing.
    """
    if not person.email:
        return
    is_trusted = is_club_administrator(added_by)
    for address in addresses:
        # Another account may have verified it meanwhile: then it stays theirs.
        if find_active_owner(address) in (None, person):
            row = _get_or_create_row(person, address)
            EmailAddress.objects.filter(pk=row.pk).update(verified=row.verified or is_trusted)
    verified = EmailAddress.objects.filter(user=person, verified=True)
    if any(not is_same_email(row.email, person.email) for row in verified):
        _verify_main_address(person)
        if person.last_login:
            main_first = verified.order_by("-primary", "pk")
            _notify_addresses(person, list(main_first.values_list("email", flat=True)))


def _get_or_create_row(person: Person, address: str) -> EmailAddress:
    for row in EmailAddress.objects.filter(user=person):
        if is_same_email(row.email, address):
            return row
    return EmailAddress.objects.create(user=person, email=address)


def _verify_main_address(person: Person) -> None:
    # Otherwise another verified one would be shown as the address of the account.
    main = _get_or_create_row(person, person.email or "")
    # An address is verified for one account only; the person's next code removes it from the other.
    is_verified_elsewhere = bool(_find_other_holders(person))
    # First: a person has one main address.
    EmailAddress.objects.filter(user=person).exclude(pk=main.pk).update(primary=False)
    EmailAddress.objects.filter(pk=main.pk).update(primary=True, verified=not is_verified_elsewhere)


def _notify_addresses(person: Person, addresses: list[str]) -> None:
    for address in addresses:
        values = {"addresses": ", ".join(addresses)}
        notice = write_account_mail("records_merged", address, values, person.language)
        # A mail must not tell of a merge that was rolled back.
        transaction.on_commit(partial(send_notice, notice))


@transaction.atomic
def remove_address(*, person: Person, address: EmailAddress) -> None:
    """Remove the address, and end what it gave access to if it signs in (hook of the club).

    People who have signed in before are notified, at this address and the main one.
    """
    if address.verified:
        end_access(person=person)
        if person.last_login:
            values = {"removed": address.email, "email": person.email}
            for recipient in filter(None, (address.email, person.email)):
                notice = write_account_mail("address_removed", recipient, values, person.language)
                # A mail must not tell of a change that was rolled back.
                transaction.on_commit(partial(send_notice, notice))
    address.delete()


@transaction.atomic
def release_main_address(*, person: Person) -> None:
    """Remove the person's main address, which a mailed code has proven, from other accounts."""
    for address in _find_other_holders(person):
        record_action("person.remove_address", address.user, fields=["email"])
        remove_address(person=address.user, address=address)


def _find_other_holders(person: Person) -> list[EmailAddress]:
    """Return the rows with which other accounts have verified the person's main address."""
    others = EmailAddress.objects.filter(verified=True).exclude(user=person).select_related("user")
    return filter_by_email(others, person.email or "")
