"""Models of visits: visits, applications, identities, rides, debriefs and proposals."""

from .applications import Application as Application
from .applications import NdaAcceptance as NdaAcceptance
from .debriefs import Debrief as Debrief
from .debriefs import DebriefNote as DebriefNote
from .debriefs import FeedbackAnswer as FeedbackAnswer
from .debriefs import FeedbackQuestion as FeedbackQuestion
from .identities import HostContact as HostContact
from .identities import HostLink as HostLink
from .identities import Identity as Identity
from .identities import VisitorList as VisitorList
from .planning import Interest as Interest
from .planning import Proposal as Proposal
from .rides import DayMail as DayMail
from .rides import NotifiedDates as NotifiedDates
from .rides import Ride as Ride
from .rides import RideSeat as RideSeat
from .visits import IdentityField as IdentityField
from .visits import NdaText as NdaText
from .visits import Visit as Visit
