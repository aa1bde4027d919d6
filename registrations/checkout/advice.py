"""What a line of the bank's statement is in words, and what to do about it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .match import Kind

TAKE_IT = _("Take it as this payment")


@dataclass(frozen=True)
class Advice:
    """What it is, what to do, and how the button says that."""

    name: str | Promise
    told: str | Promise
    button: str | Promise = TAKE_IT


ADVICE = {
    Kind.EXACT: Advice(_("exact"), _("The reference and the amount agree with what is due: take it.")),
    Kind.TOO_LITTLE: Advice(
        _("too little"), _("Less than is due. Take it, and ask for the rest or credit the difference.")
    ),
    Kind.TOO_MUCH: Advice(
        _("too much"), _("More than is due. Take it, and give the difference back from the payment.")
    ),
    Kind.TWICE: Advice(
        _("paid already"),
        _("Nothing is due any more. Take it and give it back, or assign it to another order."),
    ),
    Kind.LATE: Advice(
        _("too late"),
        _("The order waits no longer. Take it: it gets its places if they are left; else give it back."),
    ),
    Kind.PROPOSAL: Advice(
        _("perhaps"), _("No reference, but amount and name agree with one that is due: look, then take it.")
    ),
    Kind.SEVERAL: Advice(
        _("several"),
        _("It names more than one, and is not the sum of what is due: assign a part to each."),
        _("Assign"),
    ),
    Kind.RETURNED: Advice(
        _("money given back"), _("Money that left for what it names: it is noted as given back.")
    ),
    Kind.PAYOUT: Advice(_("card payments"), _("The sum of a payout of Stripe."), _("Match it to the payout")),
    Kind.UNKNOWN: Advice(
        _("unknown"),
        _("Nothing tells what it is for. Assign it, or set it aside with a reason."),
        _("Assign"),
    ),
}
