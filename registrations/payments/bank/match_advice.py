"""Texts for each kind of match: label, explanation and button."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .matching import MatchKind

RECORD_BUTTON = _("Record this payment")


@dataclass(frozen=True)
class MatchAdvice:
    """Label, explanation and button of a match kind."""

    label: str | Promise
    explanation: str | Promise
    button_label: str | Promise = RECORD_BUTTON


MATCH_ADVICE = {
    MatchKind.EXACT: MatchAdvice(_("exact"), _("Reference and amount match. Record the payment.")),
    MatchKind.UNDERPAID: MatchAdvice(
        _("too little"),
        _("Less than the amount due. Record the payment, then ask for the rest or credit the difference."),
    ),
    MatchKind.OVERPAID: MatchAdvice(
        _("too much"), _("More than the amount due. Record the payment, then refund the difference.")
    ),
    MatchKind.ALREADY_PAID: MatchAdvice(
        _("already paid"),
        _("Nothing is left to pay. Record the payment and refund it, or assign it to another order."),
    ),
    MatchKind.NO_LONGER_DUE: MatchAdvice(
        _("too late"),
        _(
            "The order has expired. Record the payment: the order gets its places if there are "
            "any left. Otherwise, refund it."
        ),
    ),
    MatchKind.PROPOSAL: MatchAdvice(
        _("possible match"),
        _(
            "No reference, but this amount is due and the name is the same or similar. "
            "Check, then record the payment."
        ),
    ),
    MatchKind.SEVERAL_REFERENCES: MatchAdvice(
        _("several"),
        _("The line names several references, and its amount is not their total. Assign a part to each."),
        _("Assign"),
    ),
    MatchKind.OTHER_CURRENCY: MatchAdvice(
        _("other currency"),
        _(
            "The reference is that of an amount due in another currency. Record the payment on the page of "
            "that receivable, then set this line aside."
        ),
        _("Assign"),
    ),
    MatchKind.RETURNED: MatchAdvice(
        _("refund sent"), _("Money sent back for this reference; it is recorded as a refund.")
    ),
    MatchKind.UNMATCHED_RETURN: MatchAdvice(
        _("returned payment"),
        _(
            "The bank took this money back. Choose the payment that was returned, so that it is due again, "
            "or set the line aside."
        ),
    ),
    MatchKind.PAYOUT: MatchAdvice(
        _("card payments"), _("The amount matches a Stripe payout."), _("Match to the payout")
    ),
    MatchKind.UNKNOWN: MatchAdvice(
        _("unidentified"),
        _("No reference was recognized. Assign the line to what it pays, or set it aside with a reason."),
        _("Assign"),
    ),
}
