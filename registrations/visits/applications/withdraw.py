"""Withdraw an application: by the applicant, at their request, or by the organizer with a reason."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields, NotOpenNow
from registrations.models import Registration
from registrations.visits.models import Application
from registrations.visits.preconditions import ApplicationEnded, has_begun

from .notifications import confirm_requested_withdrawal, notify_applicant
from .places import cancel_place_without_fee, release_place


@transaction.atomic
def withdraw_application(*, application: Application, reason: str = "") -> Application:
    """End an application; the next in the waiting list gets its place unless the list is locked.

    Raise ApplicationEnded, or NotOpenNow once the visit has begun.
    """
    visit = application.visit
    if has_begun(visit, at=timezone.now()):
        raise NotOpenNow(_("The visit has started, so it is too late to withdraw."))
    active = Application.objects.active().filter(pk=application.pk)
    if active.exists():
        release_place(application=application, reason=reason)
    # The conditional update decides a race of two requests; the loser's transaction is rolled back.
    if not active.update(withdrawn_at=timezone.now(), listed_at=None):
        raise ApplicationEnded(_("This application has already ended."))
    record_action("visit.withdraw", application, event=visit.event, fields=["withdrawn_at"], reason=reason)
    application.refresh_from_db(fields=["withdrawn_at", "listed_at"])
    return application


@transaction.atomic
def revoke_place(*, application: Application, reason: str) -> Application:
    """Withdraw an application for the organizer and mail the reason to the applicant, who pays no fee.

    Raise InvalidFields without a reason, or the errors of `withdraw_application`.
    """
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {"reason": [_("Enter the reason; it is included in the e-mail.")]},
        )
    # Saved before the cancellation, whose listeners read it: the club gets no mail about its own decision.
    # Set only here: `notify_applicant` mails the revocation if there is a reason.
    application.revocation_reason = reason[:300]
    application.save(update_fields=["revocation_reason"])
    if registration := application.registration:
        # Without a fee, as the e-mail promises; it replaces the usual mail about a cancellation.
        cancel_place_without_fee(registration, reason=reason)
        registration.refresh_from_db()
    withdraw_application(application=application, reason=reason)
    notify_applicant.enqueue(application.pk)
    return application


@transaction.atomic
def withdraw_at_request(*, application: Application, reason: str = "") -> Application:
    """Withdraw an application for an applicant who asked the organizer, by the rules of their own withdrawal.

    An e-mail confirms it. Raise the errors of `withdraw_application`.
    """
    withdraw_application(application=application, reason=reason)
    registration = application.registration
    if registration and registration.full_price:
        # The usual mail about the cancellation says what is refunded.
        return application
    if registration:
        Registration.objects.filter(pk=registration.pk).update(cancellation_sent_at=timezone.now())
    confirm_requested_withdrawal.enqueue(application.pk)
    return application
