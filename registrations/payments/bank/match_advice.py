"""Texts for each kind of match: label, explanation and button."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .matching import MatchKind

RECORD_BUTTON = _("Take it as this payment")


@dataclass(frozen=True)
class MatchAdvice:
    """Label, explanation and button of a match kind."""

    label: str | Promise
    explanation: str | Promise
    button_label: str | Promise = RECORD_BUTTON


MATCH_ADVICE = {
    MatchKind.EXACT: MatchAdvice(_("exact"), _("Reference and amount match. Record the payment.")),
    MatchKind.UNDERPAID: MatchAdvice(
        _("too little"), _("Less than is due. Take it, and ask for the rest or credit the difference.")
    ),
    MatchKind.OVERPAID: MatchAdvice(
        _("too much"), _("More than is due. Take it, and give the difference back from the payment.")
    ),
    MatchKind.ALREADY_PAID: MatchAdvice(
        _("paid already"),
        _("Nothing is due any more. Take it and give it back, or assign it to another order."),
    ),
    MatchKind.NO_LONGER_DUE: MatchAdvice(
        _("too late"),
        _("The order waits no longer. Take it: it gets its places if they are left; else give it back."),
    ),
    MatchKind.PROPOSAL: MatchAdvice(
        _("perhaps"), _("No reference, but amount and name agree with one that is due: look, then take it.")
    ),
    MatchKind.SEVERAL_REFERENCES: MatchAdvice(
        _("several"),
        _("It names more than one, and is not the sum of what is due: assign a part to each."),
        _("Assign"),
    ),
    MatchKind.RETURNED: MatchAdvice(
        _("money given back"), _("Money that left for what it names: it is noted as given back.")
    ),
    MatchKind.PAYOUT: MatchAdvice(
        _("card payments"), _("The sum of a payout of Stripe."), _("Match it to the payout")
    ),
    MatchKind.UNKNOWN: MatchAdvice(
        _("unknown"),
        _("No match found. Assign it to an order, or ignore it with a reason."),
        _("Assign"),
    ),
}
