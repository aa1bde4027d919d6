"""Tickets, orders and registrations: one model of a place for every kind of event."""

from .deliveries import Delivery as Delivery
from .orders import IdempotencyKey as IdempotencyKey
from .orders import Order as Order
from .questions import AnswerFile as AnswerFile
from .questions import ConsentText as ConsentText
from .questions import Option as Option
from .questions import Question as Question
from .registrations import Registration as Registration
from .registrations import RegistrationQuerySet as RegistrationQuerySet
from .tickets import CompanyShare as CompanyShare
from .tickets import Ticket as Ticket
