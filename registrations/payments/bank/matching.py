"""Match bank statement lines to what is owed. Pure functions, without database access."""

import datetime
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum

from convention.money import Money, compact_reference, find_creditor_references
from convention.text.normalize import casefold_text

# Some banks cut long references: this many characters identify one if no other begins with them.
MIN_CUT_LENGTH = 6
# A creditor reference of 25 characters in groups of four.
MAX_REFERENCE_WORDS = 7
# Stripe names an expected day; weekends and holidays move the booking.
PAYOUT_TOLERANCE_DAYS = 7
# A person chooses among payouts within this time.
PAYOUT_OFFER_DAYS = 31
# A shorter noted text, such as VIR, would be in many lines.
MIN_PAYOUT_TEXT_LENGTH = 6
# Legal forms and titles, and words too common in company names to identify the payer.
IGNORED_NAME_WORDS = frozenset(
    "sas sarl sa sasu eurl club association groupe france societe the and des les "
    "m mr mrs mme mle mlle".split()
)


class MatchKind(StrEnum):
    """Result of matching a line. All but EXACT, RETURNED and PAYOUT need a person's decision."""

    EXACT = "exact"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    ALREADY_PAID = "already_paid"
    NO_LONGER_DUE = "no_longer_due"
    PROPOSAL = "proposal"
    SEVERAL_REFERENCES = "several_references"
    OTHER_CURRENCY = "other_currency"
    RETURNED = "returned"
    UNMATCHED_RETURN = "unmatched_return"
    PAYOUT = "payout"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PayableItem:
    """Something that may be paid; `amount_due` in cents is zero or less if nothing is due.

    `document_numbers` are those of its invoices and of the quotation that was ordered; `attendee_names` are
    names under which it may be paid besides the buyer's.
    """

    reference: str
    buyer_name: str
    amount_due: int
    currency: str = "EUR"
    document_numbers: tuple[str, ...] = ()
    was_paid: bool = False
    paid_cents: int = 0
    # Cents of one payment that a debit can return.
    returnable_cents: int = 0
    # Cents of each refund whose debit no statement has shown yet.
    open_refund_cents: tuple[int, ...] = ()
    attendee_names: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.buyer_name, *self.attendee_names)

    def find_name_with(self, words: Set[str]) -> str:
        """Return the first of its names with one of these distinctive words, else ""."""
        return next((name for name in self.names if words & split_name_words(name)), "")

    @property
    def due_part(self) -> str:
        """Return reference and amount due as one form value, which tells if either has changed since."""
        return f"{self.reference}:{self.amount_due}"

    @property
    def due_money(self) -> Money:
        return Money(self.amount_due, self.currency)

    def may_have_returned(self, cents: int) -> bool:
        """Return whether a debit of so many cents can be a refund of this."""
        return cents in self.open_refund_cents or 0 < cents <= self.returnable_cents


@dataclass(frozen=True)
class ExpectedPayout:
    """Payout whose bank line is not known yet, with its cents and expected day.

    `bank_text` is the text of its line if it was noted.
    """

    payout_id: str
    amount_cents: int
    arrives_on: datetime.date
    currency: str = "EUR"
    bank_text: str = ""

    def has_text_of(self, line_facts: "BankLineFacts") -> bool:
        """Return whether the noted text is that of the line, however it was spaced."""
        noted = compact_reference(self.bank_text)
        line_text = compact_reference(f"{line_facts.counterparty} {line_facts.payer_text}")
        return len(noted) >= MIN_PAYOUT_TEXT_LENGTH and noted in line_text


@dataclass(frozen=True)
class BankLineFacts:
    """Statement line to be matched."""

    amount_cents: int
    payer_text: str
    counterparty: str
    booked_on: datetime.date
    currency: str = "EUR"
    is_reversal: bool = False


@dataclass(frozen=True)
class LineMatch:
    """Kind of a match, and the reference and buyer it concerns.

    `parts` has (reference, cents due) of every payable the line names.
    """

    kind: MatchKind
    reference: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    buyer_name: str = ""


@dataclass
class PayableIndex:
    """Payables indexed by reference, and their references by the numbers of their documents."""

    items: dict[str, PayableItem] = field(default_factory=dict)
    references_by_document: dict[str, list[str]] = field(default_factory=dict)
    expected_payouts: list[ExpectedPayout] = field(default_factory=list)

    @classmethod
    def build_index(
        cls, items: Iterable[PayableItem], expected_payouts: Iterable[ExpectedPayout] = ()
    ) -> "PayableIndex":
        """Return the index of all payables and expected payouts."""
        index = cls(expected_payouts=list(expected_payouts))
        for item in items:
            index.items[compact_reference(item.reference)] = item
            for number in item.document_numbers:
                references = index.references_by_document.setdefault(compact_reference(number), [])
                references.append(compact_reference(item.reference))
        return index

    def settle_match(self, match: LineMatch) -> None:
        """Mark the matched payables as paid, for the next lines of the same import."""
        self.expected_payouts = [
            payout for payout in self.expected_payouts if payout.payout_id != match.reference
        ]
        for reference, _cents in match.parts:
            item = self.items[compact_reference(reference)]
            self.items[compact_reference(reference)] = replace(
                item, amount_due=0, was_paid=True, paid_cents=item.paid_cents + item.amount_due
            )


def match_line(line_facts: BankLineFacts, index: PayableIndex) -> LineMatch:
    """Match by reference, invoice or quotation, else by amount and name (a proposal only)."""
    match = _find_match(line_facts, index)
    item = index.items.get(compact_reference(match.reference))
    return replace(match, buyer_name=item.buyer_name) if item else match


def _find_match(line_facts: BankLineFacts, index: PayableIndex) -> LineMatch:
    if payout := find_payout(line_facts, index.expected_payouts):
        return LineMatch(MatchKind.PAYOUT, payout.payout_id)
    # Debits are never payments.
    if line_facts.amount_cents <= 0:
        return match_returned(line_facts, index)
    # Both together: a line may name one payable by its reference and another one by its document.
    named = [
        *find_by_reference(line_facts.payer_text, index),
        *find_by_document(line_facts.payer_text, index),
    ]
    if named:
        return match_amount(line_facts, list({item.reference: item for item in named}.values()))
    likely = find_by_amount_and_name(line_facts, index)
    return LineMatch(MatchKind.PROPOSAL, likely.reference) if likely else LineMatch(MatchKind.UNKNOWN)


def match_returned(line_facts: BankLineFacts, index: PayableIndex) -> LineMatch:
    """Match a debit: a refund if it names a reference, or an invoice of the recipient.

    The recipient's name is compared because a supplier's invoice may have the same number as ours.
    """
    words = split_name_words(line_facts.counterparty)
    invoiced_items = [
        item for item in find_by_document(line_facts.payer_text, index) if item.find_name_with(words)
    ]
    named = find_by_reference(line_facts.payer_text, index) or invoiced_items
    is_refund = (
        len(named) == 1
        and named[0].currency == line_facts.currency
        and named[0].may_have_returned(-line_facts.amount_cents)
    )
    if is_refund:
        return LineMatch(MatchKind.RETURNED, named[0].reference)
    return LineMatch(MatchKind.UNMATCHED_RETURN if line_facts.is_reversal else MatchKind.UNKNOWN)


def match_amount(line_facts: BankLineFacts, named: Sequence[PayableItem]) -> LineMatch:
    """Compare the amount with what is due of all payables named, in the currency of the line."""
    named_in_currency = [item for item in named if item.currency == line_facts.currency]
    if not named_in_currency:
        return LineMatch(MatchKind.OTHER_CURRENCY, named[0].reference)
    named = named_in_currency
    due_items = [item for item in named if item.amount_due > 0]
    due = sum(item.amount_due for item in due_items)
    first = (due_items or named)[0]
    parts = tuple((item.reference, item.amount_due) for item in due_items)
    if due_items and line_facts.amount_cents == due:
        return LineMatch(MatchKind.EXACT, first.reference, parts)
    # Several references and another sum: only a person can split the amount.
    if len(named) > 1:
        return LineMatch(MatchKind.SEVERAL_REFERENCES, first.reference, parts)
    if not due_items:
        return LineMatch(
            MatchKind.ALREADY_PAID if first.was_paid else MatchKind.NO_LONGER_DUE, first.reference
        )
    return LineMatch(
        MatchKind.UNDERPAID if line_facts.amount_cents < due else MatchKind.OVERPAID, first.reference
    )


def find_by_reference(payer_text: str, index: PayableIndex) -> list[PayableItem]:
    """Find payables by ISO 11649 or plain reference, however the bank spaced or cut it."""
    compact = compact_reference(payer_text)
    valid = [
        index.items[candidate]
        for candidate in find_creditor_references(payer_text)
        if candidate in index.items
    ]
    # Shorter references would be found by chance in any text.
    plain = [item for reference, item in index.items.items() if len(reference) > 5 and reference in compact]
    named = {item.reference: item for item in [*valid, *plain]}
    return list(named.values()) or _find_cut_reference(compact, index)


def _find_cut_reference(compact: str, index: PayableIndex) -> list[PayableItem]:
    """Find the only payable whose reference begins with the cut end of the text."""
    match = re.search(r"RF\d\d([0-9A-Z]+)$", compact)
    if not match or len(match[1]) < MIN_CUT_LENGTH:
        return []
    matching_items = [item for reference, item in index.items.items() if reference.startswith(match[1])]
    # With two candidates, a wrong guess would confirm somebody else's order.
    return matching_items if len(matching_items) == 1 else []


def find_by_document(payer_text: str, index: PayableIndex) -> list[PayableItem]:
    """Find payables by invoice or quotation number; of F20271 and F202712 only the longer one counts."""
    compact = compact_reference(payer_text)
    numbers = [number for number in index.references_by_document if number in compact]
    longest = [
        candidate
        for candidate in numbers
        if not any(candidate != other and candidate in other for other in numbers)
    ]
    found = [item for number in longest for item in _list_document_items(number, index)]
    return list({item.reference: item for item in found}.values())


def _list_document_items(number: str, index: PayableIndex) -> list[PayableItem]:
    """Return the payables of a document; of several orders of one quotation, those that owe something."""
    items = [index.items[reference] for reference in index.references_by_document.get(number, [])]
    return [item for item in items if item.amount_due > 0] or items


def split_typed_references(text: str, index: PayableIndex) -> tuple[list[PayableItem], str]:
    """Return the payables that a typed list names, each once, and the first word that belongs to none or "".

    References are separated by spaces, commas or semicolons, and may have spaces themselves, as RF45 7KQ2.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if compact_reference(word)]
    items: dict[str, PayableItem] = {}
    unknown_word = ""
    while words:
        for count in range(min(len(words), MAX_REFERENCE_WORDS), 0, -1):
            if named := _find_typed_items("".join(words[:count]), index):
                items |= {item.reference: item for item in named}
                del words[:count]
                break
        else:
            unknown_word = unknown_word or words[0]
            del words[0]
    return list(items.values()), unknown_word


def _find_typed_items(text: str, index: PayableIndex) -> list[PayableItem]:
    """Return the payables that the text names in full, by reference, creditor reference or document."""
    compact = compact_reference(text)
    if compact in index.items:
        return [index.items[compact]]
    reference = compact[len("RF00") :]
    if reference in find_creditor_references(text) and reference in index.items:
        return [index.items[reference]]
    return _list_document_items(compact, index)


def find_by_amount_and_name(line_facts: BankLineFacts, index: PayableIndex) -> PayableItem | None:
    """Find the only payable with this amount due and a word of the payer's name, or its exact name.

    Without a payer, the text names it: then all words of a name must occur, as texts have other words too.
    """
    words = list_line_words(line_facts)
    payer_words = split_name_words(line_facts.counterparty)
    matching_payables = [
        item
        for item in index.items.values()
        if item.amount_due == line_facts.amount_cents
        and item.currency == line_facts.currency
        and (item.find_name_with(payer_words) or find_matching_names(item, words)[0])
    ]
    # The exact name outweighs similar ones, as those of a family or of companies of one group.
    exact_payables = [item for item in matching_payables if _has_exact_name(item, line_facts)]
    candidates = exact_payables or matching_payables
    return candidates[0] if len(candidates) == 1 else None


def _has_exact_name(item: PayableItem, line_facts: BankLineFacts) -> bool:
    payer_words = list_name_words(line_facts.counterparty)
    return bool(payer_words) and any(list_name_words(name) == payer_words for name in item.names)


def list_line_words(line_facts: BankLineFacts) -> set[str]:
    """Return the words by which a line may name its payer."""
    return list_name_words(f"{line_facts.counterparty} {line_facts.payer_text}")


def find_matching_names(item: PayableItem, line_words: Set[str]) -> tuple[str, str]:
    """Return the first name of which the line has all words, and the first of which it has some; else ""."""
    words = {word for word in line_words if len(word) > 2}
    similar_names = [name for name in item.names if words & split_name_words(name)]
    same_names = (name for name in similar_names if list_name_words(name) <= line_words)
    return next(same_names, ""), next(iter(similar_names), "")


def split_name_words(name: str) -> set[str]:
    """Return the distinctive words of a name."""
    return {word for word in list_name_words(name) if len(word) > 2}


def list_name_words(name: str) -> set[str]:
    """Return the words of a name without those that many names share, and without e-mail addresses."""
    # The parts of an address, such as its domain, tell nobody apart.
    text = re.sub(r"\S*@\S*", " ", name) if "@" in name else name
    words = re.split(r"\W+", casefold_text(text))
    return set(words) - IGNORED_NAME_WORDS - {""}


def find_payout(
    line_facts: BankLineFacts, expected_payouts: Iterable[ExpectedPayout]
) -> ExpectedPayout | None:
    """Find the payout of this sum expected within a week; the line has its noted text or mentions Stripe."""
    # The sum alone could be any transfer.
    is_from_stripe = "STRIPE" in compact_reference(f"{line_facts.counterparty} {line_facts.payer_text}")
    candidates = [
        payout
        for payout in list_payouts_of_amount(line_facts, expected_payouts, max_days=PAYOUT_TOLERANCE_DAYS)
        if is_from_stripe or payout.has_text_of(line_facts)
    ]
    # They are sorted by day. A payout with another text noted is probably that of another line.
    return min(
        candidates,
        key=lambda payout: (not payout.has_text_of(line_facts), bool(payout.bank_text)),
        default=None,
    )


def list_payouts_of_amount(
    line_facts: BankLineFacts, expected_payouts: Iterable[ExpectedPayout], *, max_days: int
) -> list[ExpectedPayout]:
    """Return the payouts of the line's amount that are expected about its day, the nearest first."""

    def count_days(payout: ExpectedPayout) -> int:
        return abs((line_facts.booked_on - payout.arrives_on).days)

    of_amount = [
        payout
        for payout in expected_payouts
        if payout.amount_cents == line_facts.amount_cents
        and payout.currency == line_facts.currency
        and count_days(payout) <= max_days
    ]
    return sorted(of_amount, key=count_days)
