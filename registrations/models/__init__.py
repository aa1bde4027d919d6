"""Tickets, orders and registrations: one model of a place for every kind of event."""

from .addons import Addon as Addon
from .addons import RegistrationAddon as RegistrationAddon
from .deliveries import Delivery as Delivery
from .orders import IdempotencyKey as IdempotencyKey
from .orders import Order as Order
from .prices import PriceStep as PriceStep
from .quotas import Quota as Quota
from .registrations import Registration as Registration
from .registrations import RegistrationQuerySet as RegistrationQuerySet
from .tickets import CompanyShare as CompanyShare
from .tickets import Ticket as Ticket
from .vouchers import Voucher as Voucher
