"""Save a visitor's identity data, encrypted at once, or delete them."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.codes.encryption import encrypt_value
from convention.errors import InvalidFields, NotOpenNow
from registrations.visits.models import Application, Identity, Visit

from .deletion import delete_identities
from .fields import WINDOW_OPEN, get_identity_window, list_requested_fields


def get_identity_binding(application: Application) -> str:
    """Return the label that binds the ciphertext to its application: it decrypts nowhere else."""
    return f"identity:{application.pk}"


@transaction.atomic
def save_identity(*, application: Application, answers: Mapping[str, str]) -> Identity:
    """Replace the identity of an application; only requested fields are stored, and their names recorded.

    Raise NotOpenNow outside the period or without a place, InvalidFields if an answer is missing,
    MissingEncryptionKey.
    """
    visit, application = _lock_rows(application)
    _check_requested(visit, application)
    requested = list_requested_fields(visit)
    missing = [field for field in requested if field not in answers]
    if missing:
        sentence = _("Complete this field too: the host requires it.")
        raise InvalidFields(
            _("Some fields need to be corrected."), {str(field): [sentence] for field in missing}
        )
    # Data minimization (GDPR, article 5(1)(c)): an answer that the host no longer requests is dropped.
    data = {str(field): answers[field] for field in requested}
    identity, _created = Identity.objects.update_or_create(
        application=application,
        defaults={
            "encrypted_data": encrypt_value(data, row_label=get_identity_binding(application)),
            "field_names": list(data),
            "written_at": timezone.now(),
        },
    )
    # The trail gets the names of the fields only; it is kept for longer than the identities.
    record_action("identity.give", application, event=visit.event, fields=list(data))
    return identity


@transaction.atomic
def delete_identity(*, application: Application) -> None:
    """Delete the identity at once, from existing lists too."""
    _visit, application = _lock_rows(application)
    # No check of the period: people may withdraw their details at any time.
    delete_identities(application_ids=[application.pk], verb="identity.take_back")


def _lock_rows(application: Application) -> tuple[Visit, Application]:
    """Lock the visit, then the application, so that a purge and an answer never overlap."""
    visits = Visit.objects.select_related("event").select_for_update(of=("self",))
    visit = visits.get(pk=application.visit_id)
    return visit, Application.objects.select_for_update(of=("self",)).get(pk=application.pk)


def _check_requested(visit: Visit, application: Application) -> None:
    if not Application.objects.confirmed().filter(pk=application.pk).exists():
        raise NotOpenNow(_("You can enter your details once you have a place on this visit."))
    # Checked under the lock: `purge_visit` locks the visit too, and nothing may be stored after it.
    if get_identity_window(visit).state_at(timezone.now()) != WINDOW_OPEN:
        raise NotOpenNow(_("Your details cannot be entered at this time. Nothing was saved."))
