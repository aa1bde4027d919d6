"""Describe who gets which e-mail when a place is given to another attendee, for all pages that do it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.text.email_addresses import is_same_email
from registrations.models import Registration


@dataclass(frozen=True)
class HandoverTexts:
    """Sentences about a place whose buyer gets its badge, or a copy of it, for one kind of reader."""

    badge_copy: Promise
    badge_and_link: Promise
    badge: Promise


BUYER_TEXTS = HandoverTexts(
    badge_copy=gettext_lazy(
        "The place is now in the name of %(name)s. We are e-mailing the badge and the link to %(email)s, "
        "with a copy of the badge to you."
    ),
    badge_and_link=gettext_lazy(
        "The place is now in the name of %(name)s. We are e-mailing you the badge, and %(email)s a "
        "personal link to the registration."
    ),
    badge=gettext_lazy("The place is now in the name of %(name)s. We are e-mailing you the badge."),
)
OTHER_TEXTS = HandoverTexts(
    badge_copy=gettext_lazy(
        "The place is now in the name of %(name)s. We are e-mailing the badge and the link to %(email)s, "
        "and a copy of the badge to the buyer."
    ),
    badge_and_link=gettext_lazy(
        "The place is now in the name of %(name)s. We are e-mailing the badge to the buyer, and "
        "%(email)s a personal link to the registration."
    ),
    badge=gettext_lazy("The place is now in the name of %(name)s. We are e-mailing the badge to the buyer."),
)


def has_own_mailbox(registration: Registration) -> bool:
    """Return whether the attendee has an address, and another one than the buyer."""
    return registration.has_own_address


def may_have_forwarded_badge(registration: Registration) -> bool:
    """Return whether the attendee, with an own mailbox, may have got the badge from the buyer."""
    return has_own_mailbox(registration) and registration.confirmation_sent_at is not None


def is_announced_with_badge(registration: Registration) -> bool:
    """Return whether a mail with badge and link goes to the attendee as the new holder of the place."""
    is_handed_over = registration.holder_count > 1 and registration.confirmed_at is not None
    return is_handed_over and has_own_mailbox(registration)


def describe_handover(registration: Registration, *, reader: str = "") -> str:
    """Return who gets badge and link of a place that was just named or given to another attendee.

    `reader` is the address of the person who reads the page, who may be the buyer.
    """
    names = {"name": registration.name, "email": registration.email}
    return _choose_sentence(registration, reader) % names


def describe_correction(
    corrected: Registration, *, former_holder: int, reader: str = "", former_contact: str = ""
) -> str:
    """Return that the correction is saved and who gets the badge, also if it named or gave away the place.

    `former_holder` is the `holder_number` before the correction, and `former_contact` the order's address, if
    its link was used.
    """
    is_named_by_other = former_holder == 0 and corrected.is_link_mailed
    if is_named_by_other or corrected.holder_count > max(1, former_holder):
        return describe_handover(corrected, reader=reader)
    order = corrected.order
    if former_contact and not is_same_email(former_contact, order.email):
        return _(
            "Your correction has been saved. E-mails about the order now go to %(email)s, and the order has "
            "a new link: this page. Bookmark it."
        ) % {"email": order.email}
    return " ".join(
        filter(None, [_("Your correction has been saved."), _describe_badge_mail(corrected, reader)])
    )


def _describe_badge_mail(corrected: Registration, reader: str) -> str:
    """Return who is about to get the corrected badge; "" if no e-mail is due."""
    is_due = corrected.confirmed_at is not None and corrected.confirmation_sent_at is None
    buyer_address = corrected.order.email
    if not is_due or corrected.event.is_over() or not (corrected.is_private or buyer_address):
        return ""
    if corrected.is_private:
        return _("We are e-mailing the new badge to %(email)s.") % {"email": corrected.email}
    is_sent_to_attendee = corrected.gets_own_confirmation
    if is_same_email(reader, buyer_address):
        return (
            _("We are e-mailing the new badge to you and to %(email)s.") % {"email": corrected.email}
            if is_sent_to_attendee
            else _("We are e-mailing you the new badge.")
        )
    if is_sent_to_attendee:
        return _("We are e-mailing the new badge to %(email)s and to the buyer.") % {"email": corrected.email}
    return _("We are e-mailing the new badge to the buyer.")


def _choose_sentence(registration: Registration, reader: str) -> str:
    # A place that is not confirmed yet has no badge.
    if not registration.confirmed_at:
        return _(
            "The place is now in the name of %(name)s. We will e-mail the badge once the place is confirmed."
        )
    buyer_address = registration.order.email
    if registration.is_private or (is_announced_with_badge(registration) and not buyer_address):
        return _(
            "The place is now in the name of %(name)s. We are e-mailing the badge and the link to %(email)s."
        )
    if not buyer_address:
        return _("The place is now in the name of %(name)s.")
    texts = BUYER_TEXTS if is_same_email(reader, buyer_address) else OTHER_TEXTS
    if is_announced_with_badge(registration):
        return str(texts.badge_copy)
    # Of a place that never changed hands, only the buyer gets the badge.
    return str(texts.badge_and_link if has_own_mailbox(registration) else texts.badge)
