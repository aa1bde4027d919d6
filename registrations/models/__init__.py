"""Tickets, orders and registrations: one model of a place for every kind of event."""

from .addons import Addon as Addon
from .deliveries import Delivery as Delivery
from .orders import IdempotencyKey as IdempotencyKey
from .orders import Order as Order
from .passes import Passes as Passes
from .questions import AnswerFile as AnswerFile
from .questions import ConsentText as ConsentText
from .questions import Option as Option
from .questions import Question as Question
from .quotas import Quota as Quota
from .refund_rules import RefundRule as RefundRule
from .registrations import Registration as Registration
from .registrations import RegistrationAddon as RegistrationAddon
from .registrations import RegistrationQuerySet as RegistrationQuerySet
from .seats import SessionSeat as SessionSeat
from .tickets import CompanyShare as CompanyShare
from .tickets import PriceStep as PriceStep
from .tickets import Ticket as Ticket
from .vouchers import Voucher as Voucher
from .waiting import WaitingEntry as WaitingEntry
from .waiting import WaitingPolicy as WaitingPolicy
