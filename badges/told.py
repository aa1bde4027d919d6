"""Who was told what: read from the log of an order's mails, with one question to the database."""

from dataclasses import dataclass

from convention.addresses import same
from registrations.models import Delivery, Order, Registration


@dataclass(frozen=True)
class Told:
    """The confirmations of an order, and the mails about places that changed hands."""

    mails: list[Delivery]

    @classmethod
    def of(cls, order: Order) -> "Told":
        """As far as it was told until now."""
        return cls(list(order.deliveries.filter(kind=Delivery.Kind.CONFIRMATION)))

    def knows(self, registration: Registration) -> bool:
        """Whether a confirmation told whoever ordered of this registration before it was changed."""
        since = registration.confirmed_at
        return since is not None and any(
            mail.registration_id is None
            and mail.accepted_at is not None
            and mail.queued_at >= since
            and mail.covers < registration.sequence
            for mail in self.mails
        )

    def has_new_holder(self, registration: Registration) -> bool:
        """Whether somebody else has the place than whoever ordered was told last."""
        stem = handover_stem(registration)
        is_told = any(mail.stem == stem and mail.accepted_at for mail in self.mails)
        return registration.holders > 1 and not is_told and self.knows(registration)

    def owes_holder(self, registration: Registration) -> bool:
        """Whether somebody got the place from another and does not know yet, or cannot be written to so far.

        Who ordered reads of it in the order's own mail.
        """
        has_own_mail = registration.email and not same(registration.email, registration.order.email)
        if registration.holders < 2 or not has_own_mail:
            return False
        stem, covers = holder_stem(registration), registration.sequence
        mine = [mail for mail in self.mails if mail.stem == stem]
        return not any(mail.accepted_at or (mail.refused_at and mail.covers == covers) for mail in mine)


def handover_stem(registration: Registration) -> str:
    """Names the mail that tells whoever ordered who holds the place now."""
    return f"handover-{registration.reference}-{registration.holders}"


def holder_stem(registration: Registration) -> str:
    """Names the mail that tells the one who holds it now."""
    return f"holder-{registration.reference}-{registration.holders}"
