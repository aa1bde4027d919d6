"""Take away a lost second factor, so that a new one can be set up."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from convention.addresses import having
from convention.audit.record import record
from convention.club.models import Person
from convention.errors import NotFound
from convention.mail import send

from .letters import letter
from .sessions import end_other_sessions


@transaction.atomic
def reset_second_factor(*, email: str, reason: str = "") -> Person:
    """Remove passkeys, app and recovery codes, end all sessions, tell the person. Raises NotFound."""
    people = having(Person.objects.select_for_update().order_by("pk"), email.strip())
    person = people[0] if people else None
    if person is None or not person.email:
        raise NotFound(_("Nobody has the address %(email)s.") % {"email": email})
    removed, _rows = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise NotFound(_("%(email)s has no second factor: there is nothing to reset.") % {"email": email})
    end_other_sessions(person=person, this=None)
    record("second_factor.reset", person, reason=reason)
    notice = letter("second_factor_reset", person.email, {}, person.language)
    transaction.on_commit(lambda: send(notice))
    return person
