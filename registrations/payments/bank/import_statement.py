"""Import a bank statement: store each line once and record what is beyond doubt."""

import datetime
import itertools
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.club.models import Person
from convention.db.advisory_locks import acquire_advisory_lock
from registrations.payments.models import BankLine, BankStatement

from .assignments import assign_line, match_line_to_payout, record_returned_transfer
from .matching import LineMatch, MatchKind, match_line
from .payables import build_line_facts, build_payable_index
from .statement_lines import StatementEntry, StatementFile

QUERY_BATCH_SIZE = 10_000
# A bank books nothing in advance: a later day is a typing error. One day for other time zones.
MAX_TIME_AHEAD = datetime.timedelta(days=1)


RECORDED_KINDS = (MatchKind.EXACT, MatchKind.RETURNED)


@dataclass
class StatementImport:
    """Result of an import or preview: new lines with their matches; numbers of known and future ones."""

    matches: list[tuple[BankLine, LineMatch]] = field(default_factory=list)
    known_count: int = 0
    future_count: int = 0

    def count_kinds(self, *kinds: MatchKind) -> int:
        """Return how many new lines have one of these match kinds."""
        return sum(match.kind in kinds for _line, match in self.matches)

    @property
    def payment_days(self) -> set[datetime.date]:
        """Return the days of the new lines that are recorded as payments or refunds."""
        return {line.booked_on for line, match in self.matches if match.kind in RECORDED_KINDS}

    def __str__(self) -> str:
        open_count = sum(
            (line.amount > 0 and match.kind not in (MatchKind.EXACT, MatchKind.PAYOUT))
            or match.kind == MatchKind.UNMATCHED_RETURN
            for line, match in self.matches
        )
        # Each new line is in one of these numbers.
        summary = _(
            "New lines: %(new)d. Already imported: %(known)d. Matched to amounts due: %(exact)d. "
            "Matched to Stripe payouts: %(payouts)d. Refunds and other debits: %(debits)d. "
            "To review: %(open)d."
        ) % {
            "new": len(self.matches),
            "known": self.known_count,
            "exact": self.count_kinds(MatchKind.EXACT),
            "payouts": self.count_kinds(MatchKind.PAYOUT),
            "debits": len(self.matches) - self.count_kinds(MatchKind.EXACT, MatchKind.PAYOUT) - open_count,
            "open": open_count,
        }
        if not self.future_count:
            return summary
        sentence = ngettext(
            "%(count)d line is dated in the future and is left out: check the file.",
            "%(count)d lines are dated in the future and are left out: check the file.",
            self.future_count,
        )
        return f"{summary} {sentence % {'count': self.future_count}}"


@transaction.atomic
def import_statement(*, file: StatementFile, imported_by: Person | None = None) -> StatementImport:
    """Store the new lines and record exact matches, in one transaction; lines of later days are left out."""
    # Two imports of overlapping statements would both see the same lines as new.
    acquire_advisory_lock("bank-import")
    statement = BankStatement.objects.create(
        name=file.name[:200], account=file.account, imported_by=imported_by
    )
    statement_import = StatementImport()
    lines = _build_new_lines(statement, file, statement_import)
    BankLine.objects.bulk_create(lines)
    # Built once and updated after each match: a year's statement has thousands of lines.
    index = build_payable_index()
    for line in lines:
        # One after the other, because after the first of two equal transfers nothing may be due any more.
        match = match_line(build_line_facts(line), index)
        statement_import.matches.append((line, match))
        if _apply_match(line, match):
            index.settle_match(match)
    # A statement of known lines only leaves no empty row behind.
    if not lines:
        statement.delete()
    else:
        record_action("bank.import", statement, fields=["lines"])
    return statement_import


def _build_new_lines(
    statement: BankStatement, file: StatementFile, statement_import: StatementImport
) -> list[BankLine]:
    """Return the lines of a file that are not stored yet.

    Fingerprints that earlier versions of this code computed are compared too; each stored line matches once.
    """
    last_day = timezone.localdate() + MAX_TIME_AHEAD
    booked = [entry for entry in file.entries if entry.booked_on <= last_day]
    statement_import.future_count = len(file.entries) - len(booked)
    entries = {entry.fingerprint: entry for entry in booked}
    candidates = {
        fingerprint: [fingerprint, *entry.former_fingerprints] for fingerprint, entry in entries.items()
    }
    known_fingerprints = _find_known_fingerprints(set(itertools.chain(*candidates.values())))
    lines = []
    for fingerprint, entry in entries.items():
        if match := next(
            (candidate for candidate in candidates[fingerprint] if candidate in known_fingerprints), None
        ):
            # Each stored line matches one entry: two equal payments in the file need two stored lines.
            known_fingerprints.remove(match)
        else:
            lines.append(_build_line(statement, fingerprint, entry))
    statement_import.known_count = len(booked) - len(lines)
    return lines


def _find_known_fingerprints(fingerprints: set[str]) -> set[str]:
    """Return those already stored, queried in batches: a statement has a limit of parameters."""
    known = set[str]()
    for batch in itertools.batched(fingerprints, QUERY_BATCH_SIZE, strict=False):
        known.update(BankLine.objects.filter(fingerprint__in=batch).values_list("fingerprint", flat=True))
    return known


def _build_line(statement: BankStatement, fingerprint: str, entry: StatementEntry) -> BankLine:
    return BankLine(
        statement=statement,
        fingerprint=fingerprint,
        booked_on=entry.booked_on,
        amount=entry.amount_cents,
        currency=entry.currency,
        counterparty=entry.counterparty,
        payer_iban=entry.payer_iban,
        text=entry.text,
        reference=entry.reference,
        is_reversal=entry.is_reversal,
    )


def _apply_match(line: BankLine, match: LineMatch) -> bool:
    """Record a match that is beyond doubt; return whether anything was recorded."""
    if match.kind == MatchKind.PAYOUT:
        match_line_to_payout(line=line, payout_id=match.reference)
    elif match.kind == MatchKind.EXACT:
        for reference, cents in match.parts:
            assign_line(line=line, reference=reference, amount=cents)
    elif match.kind == MatchKind.RETURNED:
        return record_returned_transfer(line=line, reference=match.reference) is not None
    else:
        return False
    return True


@transaction.atomic
def preview_statement(*, file: StatementFile) -> StatementImport:
    """Return what `import_statement` would do, and roll it back. Raise the same."""
    preview = import_statement(file=file)
    # The preview runs the import itself, so that it cannot promise anything else.
    transaction.set_rollback(True)
    return preview
