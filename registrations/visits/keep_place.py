"""Keep a place although its holder lost the seat it was given for: a decision of who runs the visit."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Application
from .refusals import Ended


@transaction.atomic
def keep_place(*, application: Application, reason: str) -> Application:
    """Let someone come all the same, and say why for the audit trail. Raises Ended, InvalidFields."""
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need another look."), {"reason": [_("Say why the place is kept.")]}
        )
    alive = Application.objects.alive().filter(pk=application.pk)
    if not Application.objects.filter(pk__in=list(alive.values_list("pk", flat=True))).update(
        kept_at=timezone.now()
    ):
        raise Ended(_("This application has ended already."))
    record("visit.keep_place", application, event=application.visit.event, fields=["kept_at"], reason=reason)
    application.refresh_from_db(fields=["kept_at"])
    return application
