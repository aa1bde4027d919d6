"""Withdraw an application: by oneself, or by who runs the visit, who says why."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, InvalidFields

from .models import Application
from .place import release_place
from .refusals import Ended
from .tell_applicant import tell_applicant


@transaction.atomic
def withdraw(*, application: Application, reason: str = "") -> Application:
    """End a wish to come; its place goes to the next in line, as long as the list is not locked.

    Raises Ended, or Closed once the visit has begun.
    """
    visit = application.visit
    if visit.event.starts_at <= timezone.now():
        raise Closed(_("The visit has begun: nobody withdraws any more."))
    standing = Application.objects.standing().filter(pk=application.pk)
    if standing.exists():
        release_place(application=application, reason=reason)
    if not standing.update(withdrawn_at=timezone.now(), listed_at=None):
        raise Ended(_("This application has ended already."))
    record("visit.withdraw", application, event=visit.event, fields=["withdrawn_at"], reason=reason)
    application.refresh_from_db(fields=["withdrawn_at", "listed_at"])
    return application


@transaction.atomic
def take_place_back(*, application: Application, reason: str) -> Application:
    """The same by who runs the visit, such as after a change of employer; the applicant reads why by mail.

    Raises InvalidFields without a reason.
    """
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need another look."), {"reason": [_("Say why: the e-mail tells it.")]}
        )
    withdraw(application=application, reason=reason)
    application.ended_because = reason[:300]
    application.save(update_fields=["ended_because"])
    tell_applicant.enqueue(application.pk)
    return application
