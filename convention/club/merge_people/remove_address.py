"""Remove an address that a person has besides their main one."""

from allauth.account.models import EmailAddress
from django.db import transaction

from convention import hooks
from convention.audit.record import record_action
from convention.club.addresses.other_addresses import load_other_addresses
from convention.club.models import Person
from convention.club.people import find_address_objection, refuse_erased_person
from convention.errors import Forbidden


@transaction.atomic
def remove_other_address(*, person: Person, address: EmailAddress, actor: Person) -> None:
    """Remove the address; sessions and API tokens end if it could be used to sign in.

    Raise Forbidden if the actor may not change the person's addresses, and for an erased person.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    refuse_erased_person(person)
    if objection := find_address_objection(person, actor):
        raise Forbidden(objection)
    # Read again under the lock: a merge or another request may have made it the main one, or removed it.
    stored = next((row for row in load_other_addresses(person) if row.pk == address.pk), None)
    if stored is None:
        return
    record_action("person.remove_address", person, fields=["email"])
    hooks.remove_address.provider()(person=person, address=stored)
