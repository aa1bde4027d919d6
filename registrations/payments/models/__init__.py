"""Database models of card payments and bank statements.
Amounts received are `registrations.invoices.models.Payment`; the models here record how they were paid.
Import models from this package.
"""

from .bank import BankLine as BankLine
from .bank import BankLineAssignment as BankLineAssignment
from .bank import BankLineQuerySet as BankLineQuerySet
from .bank import BankLineState as BankLineState
from .bank import BankStatement as BankStatement
from .cards import OPEN_DISPUTE_STATUSES as OPEN_DISPUTE_STATUSES
from .cards import CardPaymentAttempt as CardPaymentAttempt
from .cards import Dispute as Dispute
from .cards import PayoutLine as PayoutLine
from .cards import StripeEvent as StripeEvent
from .cards import StripeRefund as StripeRefund
