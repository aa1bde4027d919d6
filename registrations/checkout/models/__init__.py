"""What is known of payments by card and of the bank's statements; the money itself stands in `invoices`."""

from .bank import Assignment as Assignment
from .bank import BankLine as BankLine
from .bank import BankLineQuerySet as BankLineQuerySet
from .bank import Statement as Statement
from .cards import OPEN_DISPUTES as OPEN_DISPUTES
from .cards import Attempt as Attempt
from .cards import BalanceLine as BalanceLine
from .cards import Dispute as Dispute
from .cards import StripeEvent as StripeEvent
from .cards import StripeRefund as StripeRefund
