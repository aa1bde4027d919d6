"""What visits add: their own facts, applications, identities, rides, debriefs and proposals."""

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
from .legs import DayMail as DayMail
from .legs import Leg as Leg
from .legs import LegSeat as LegSeat
from .planning import Interest as Interest
from .planning import Proposal as Proposal
from .visits import IdentityField as IdentityField
from .visits import NdaText as NdaText
from .visits import Visit as Visit
