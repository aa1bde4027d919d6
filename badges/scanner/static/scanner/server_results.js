/** Compare the server's results with what the operator was shown. */

import { ACTION, ADMITTED, REASONS_FOR_DESK, REFUSED, UNVERIFIED } from "./verdict.js";

/**
 * Rebuild the outcome of a scan from before the page was reloaded, as far as the stored scan contains it.
 * @param {Scanner.PendingScan} scan
 * @returns {Scanner.Outcome}
 */
export function restoreOutcome(scan) {
  const { id, direction, local_verdict: verdict, let_in: isLetIn = verdict === ADMITTED } = scan;
  const at = Date.parse(scan.at);
  return { id, direction, verdict, reason: "", at, scan, person: null, presence: null, isLetIn, isUndo: Boolean(scan.undoes) };
}

/**
 * Return the outcome with the server's verdict, and with what the server knows of the attendee.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.ScanResult} result
 * @returns {Scanner.Outcome}
 */
export function correctOutcome(outcome, result) {
  const { name, company, ticket, entered_at, gate, reason, attendee = outcome.attendee } = result;
  const known = attendee?.person ?? outcome.person;
  // The server sends one name of the ticket; the English one of the snapshot belongs to the same ticket only.
  const ticket_en = known?.ticket === ticket ? known.ticket_en : "";
  const person = name ? { note: "", ...known, name, company, ticket, ticket_en } : known;
  const presence = entered_at ? { entered_at, gate } : outcome.presence;
  // An attendee is sent for a typed short code alone, which is resolved now.
  const codeStatus = attendee ? "lookup" : outcome.codeStatus;
  const verdict = getShownVerdict(outcome, result);
  const isDeskEntry = result.is_desk_entry;
  return { ...outcome, codeStatus, verdict, reason, person, presence, isDeskEntry, attendee };
}

/**
 * Return the verdict to show. The server stores attendees who passed against the rules as admitted, with the
 * objection as reason; unless the operator knew the objection, it is shown like a refusal.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.ScanResult} result
 * @returns {Scanner.Verdict}
 */
function getShownVerdict(outcome, { verdict, reason }) {
  const isObjection = verdict === ADMITTED && reason !== "" && outcome.direction === "in" && !outcome.isUndo;
  const isKnown = reason === outcome.reason || (reason === "full" && outcome.scan.local_verdict === UNVERIFIED);
  if (!isObjection || outcome.scan.override_reason || isKnown) return verdict;
  return REASONS_FOR_DESK.includes(reason) ? ACTION : REFUSED;
}

/**
 * Return whether somebody passed whom the server would have stopped, or a badge came in twice.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.Outcome} corrected
 */
export function isWorse(outcome, corrected) {
  // After an undo, an exit or an override with a reason, a later answer must not interrupt the operator.
  if (outcome.isUndo || outcome.isUndone || outcome.direction === "out" || outcome.scan.override_reason) return false;
  if (!outcome.isLetIn || (outcome.verdict === corrected.verdict && outcome.reason === corrected.reason)) return false;
  return corrected.verdict !== ADMITTED || corrected.reason === "conflict";
}
