"""Give an identity: a visitor tells what the host needs to know, sealed at once; or takes it back."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.sealed import seal

from .identity_fields import OPEN, asked_by, window_of
from .models import Application, Identity, Visit


def sealed_for(application: Application) -> str:
    """What an identity is bound to."""
    return f"identity:{application.pk}"


@transaction.atomic
def give_identity(*, application: Application, answers: Mapping[str, str]) -> Identity:
    """Keep what this host asks and nothing else, in place of what was there. The trail names the fields.

    Raises Closed outside its time or without a place, InvalidFields where an answer is missing, NoKey.
    """
    visit, application = _locked(application)
    _refuse_if_not_asked(visit, application)
    asked = asked_by(visit)
    missing = [field for field in asked if field not in answers]
    if missing:
        sentence = _("Write this too: the host asks for it.")
        raise InvalidFields(
            _("Some fields need another look."), {str(field): [sentence] for field in missing}
        )
    kept = {str(field): answers[field] for field in asked}
    identity, _is_new = Identity.objects.update_or_create(
        application=application,
        defaults={
            "sealed": seal(kept, of=sealed_for(application)),
            "fields": list(kept),
            "written_at": timezone.now(),
        },
    )
    record("identity.give", application, event=visit.event, fields=list(kept))
    return identity


@transaction.atomic
def take_identity_back(*, application: Application) -> None:
    """Remove it at once; lists that were made before hold it until the purge."""
    visit, application = _locked(application)
    removed, _kinds = Identity.objects.filter(application=application).delete()
    if removed:
        record("identity.take_back", application, event=visit.event)


def _locked(application: Application) -> tuple[Visit, Application]:
    """Both rows, the visit's first, so that a purge and a visitor's answer come one after the other."""
    visits = Visit.objects.select_related("event").select_for_update(of=("self",))
    visit = visits.get(pk=application.visit_id)
    return visit, Application.objects.select_for_update(of=("self",)).get(pk=application.pk)


def _refuse_if_not_asked(visit: Visit, application: Application) -> None:
    if not Application.objects.confirmed().filter(pk=application.pk).exists():
        raise Closed(_("Who you are is asked once you have a place on this visit."))
    if window_of(visit).at(timezone.now()) != OPEN:
        raise Closed(_("It is not the time to say who you are: nothing was kept."))
