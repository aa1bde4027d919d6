"""The tables of tickets, orders and registrations, the same for every kind of event.

Start with `tickets.py`, `orders.py` and `registrations.py`. Models may import `convention`, `schedule.models`
and each other, nothing else of this package; what happens to their rows is in `booking`, `changes`,
`waiting_list` and their siblings.
"""

from .addons import Addon as Addon
from .deliveries import GivenBy as GivenBy
from .deliveries import MailDelivery as MailDelivery
from .deliveries import TransferNotice as TransferNotice
from .drafts import RegistrationDraft as RegistrationDraft
from .imports import UNDO_PERIOD as UNDO_PERIOD
from .imports import DismissedDuplicate as DismissedDuplicate
from .imports import ImportedRow as ImportedRow
from .imports import ImportRun as ImportRun
from .orders import MAX_TAX_NUMBER_LENGTH as MAX_TAX_NUMBER_LENGTH
from .orders import UNVERIFIED_ORDER as UNVERIFIED_ORDER
from .orders import IdempotencyKey as IdempotencyKey
from .orders import Order as Order
from .orders import OrderAlarm as OrderAlarm
from .passes import PassQuota as PassQuota
from .questions import AnswerFile as AnswerFile
from .questions import ConsentText as ConsentText
from .questions import Question as Question
from .questions import QuestionOption as QuestionOption
from .quotas import Quota as Quota
from .refund_rules import RefundRule as RefundRule
from .registrations import Registration as Registration
from .registrations import RegistrationAddon as RegistrationAddon
from .registrations import RegistrationQuerySet as RegistrationQuerySet
from .session_bookings import AgendaLink as AgendaLink
from .session_bookings import SessionBooking as SessionBooking
from .sponsors import Package as Package
from .sponsors import SponsorLogo as SponsorLogo
from .sponsors import Sponsorship as Sponsorship
from .tickets import CompanyShare as CompanyShare
from .tickets import PriceStep as PriceStep
from .tickets import Ticket as Ticket
from .vouchers import Voucher as Voucher
from .waiting_list import MAX_OFFER_HOURS as MAX_OFFER_HOURS
from .waiting_list import WaitingEntry as WaitingEntry
from .waiting_list import WaitingPolicy as WaitingPolicy
