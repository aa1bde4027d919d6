"""Models of the club: people and companies, memberships and seats, directory imports."""

from .imports import UNDO_PERIOD as UNDO_PERIOD
from .imports import DirectoryImport as DirectoryImport
from .memberships import MAX_SEATS as MAX_SEATS
from .memberships import Membership as Membership
from .memberships import MembershipQuerySet as MembershipQuerySet
from .memberships import Plan as Plan
from .memberships import Seat as Seat
from .memberships import select_open_membership as select_open_membership
from .people import ClubRole as ClubRole
from .people import Company as Company
from .people import CompanyContact as CompanyContact
from .people import CompanyRole as CompanyRole
from .people import Employment as Employment
from .people import Mandate as Mandate
from .people import Market as Market
from .people import Person as Person
from .people import PersonManager as PersonManager
from .people import WorkingGroup as WorkingGroup
