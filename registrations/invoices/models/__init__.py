"""Database models of receivables, payments, invoices and quotations.

Rows of money are only ever added: an issued document, its lines, its PDF and the entries of a closed period
are immutable, and database triggers (`registrations.invoices.triggers`) enforce it. Import models from this
package.
"""

from .closed_entries import ClosedVatAmount as ClosedVatAmount
from .closed_entries import EntryRow as EntryRow
from .documents import ImmutableModel as ImmutableModel
from .documents import ImmutableRowError as ImmutableRowError
from .documents import Invoice as Invoice
from .documents import InvoiceLine as InvoiceLine
from .documents import InvoiceMail as InvoiceMail
from .documents import InvoicePdf as InvoicePdf
from .documents import NumberSeries as NumberSeries
from .documents import Reminder as Reminder
from .issuers import Issuer as Issuer
from .quotations import Quotation as Quotation
from .receivables import MAX_VAT_NUMBER_LENGTH as MAX_VAT_NUMBER_LENGTH
from .receivables import Charge as Charge
from .receivables import Payment as Payment
from .receivables import Payout as Payout
from .receivables import Receivable as Receivable
from .receivables import ReceivableQuerySet as ReceivableQuerySet
from .receivables import Refund as Refund
from .receivables import RefundQuerySet as RefundQuerySet
