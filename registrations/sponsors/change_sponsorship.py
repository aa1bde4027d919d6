"""Change what is shown of a sponsor: the name, the website, from when; and the contact."""

from collections.abc import Collection

from django.db import transaction

from convention.audit.record import record

from ..models import Sponsorship


@transaction.atomic
def change_sponsorship(*, sponsorship: Sponsorship, changed: Collection[str]) -> Sponsorship:
    """Keep the fields that were changed; `changed` names them."""
    if changed:
        sponsorship.save(update_fields=list(changed))
        record("sponsorship.change", sponsorship, event=sponsorship.event, fields=list(changed))
    return sponsorship
