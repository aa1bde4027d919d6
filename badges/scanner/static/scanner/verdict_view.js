/** Turn an outcome into what the screen shows. */

import { formatText, formatTime, hasText, language } from "./page.js";
import { ACTION, ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED } from "./verdict.js";

const LONG_NAME_LENGTH = 32;
/** Reasons that leave the decision to the operator. */
const REASONS_TO_DECIDE = ["offline", "full"];
const REFUSALS = [REFUSED, ALREADY_IN, ACTION];

/**
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone of the event
 * @returns {Scanner.VerdictView}
 */
export function makeVerdictView(outcome, timeZone) {
  const { person, verdict, id } = outcome;
  const name = person?.name ?? "";
  return {
    id,
    verdict,
    icon: isExit(outcome) ? "out" : verdict,
    label: getVerdictLabel(outcome),
    name,
    hasLongName: name.length > LONG_NAME_LENGTH,
    company: person?.company ?? "",
    ticket: (language === "en" && person?.ticket_en) || (person?.ticket ?? ""),
    detail: describeOutcome(outcome, timeZone),
    marks: listMarks(person),
    // The operator must see a note or an open payment, so even a green verdict waits for a tap then.
    needsTap: verdict !== ADMITTED || Boolean(outcome.correctedVerdict || person?.note || person?.to_pay),
    isReplaceable: REFUSALS.includes(verdict) && !outcome.isLetIn,
    tone: verdict === UNVERIFIED && outcome.reason === "full" ? "full" : undefined,
    actions: [],
  };
}

/** @param {Scanner.BadgeRecord | null} person */
function listMarks(person) {
  /** @type {Scanner.ViewMark[]} */
  const marks = [];
  if (person?.to_pay) marks.push({ icon: "pay", text: formatText("mark.to_pay") });
  if (person?.no_photo) marks.push({ icon: "no-photo", text: formatText("mark.no_photo") });
  if (person?.note) marks.push({ icon: "note", text: person.note });
  return marks;
}

/**
 * Return whether the operator may admit a person whom this device cannot admit by itself.
 * @param {Scanner.Outcome} outcome
 */
export function canLetIn({ verdict, reason, direction, isLetIn }) {
  return verdict === UNVERIFIED && direction === "in" && !isLetIn && REASONS_TO_DECIDE.includes(reason);
}

/**
 * @param {Scanner.JudgedBadge} judged
 * @param {boolean} isPassed
 * @returns {Scanner.VerdictView}
 */
export function makeTestView({ badge }, isPassed) {
  return {
    ...makeErrorView(formatText(isPassed ? "test.passed" : "test.failed")),
    verdict: isPassed ? ADMITTED : REFUSED,
    icon: isPassed ? ADMITTED : REFUSED,
    label: formatText("test.title"),
    name: badge.person?.name ?? "",
  };
}

/**
 * @param {string} sentence
 * @returns {Scanner.VerdictView}
 */
export function makeErrorView(sentence) {
  return {
    id: crypto.randomUUID(),
    verdict: "action",
    icon: "action",
    label: formatText("verdict.unverified"),
    name: "",
    hasLongName: false,
    company: "",
    ticket: "",
    detail: sentence,
    marks: [],
    needsTap: true,
    isReplaceable: false,
    actions: [],
  };
}

/**
 * Ask for another scan of a code of which only a part arrived: this is not the attendee's error.
 * @returns {Scanner.VerdictView}
 */
export function makeIncompleteView() {
  const view = makeErrorView(formatText("reason.incomplete"));
  return { ...view, verdict: UNVERIFIED, icon: UNVERIFIED, isReplaceable: true };
}

/**
 * @param {string} id
 * @param {Scanner.DeviceConflict} conflict
 * @param {string} places where and when the badge was let in
 * @param {Scanner.ViewAction[]} actions
 * @returns {Scanner.VerdictView}
 */
export function makeConflictView(id, { name, company, is_desk, scans }, places, actions) {
  // Two records of one arrival: nobody has to come back, as they may if two phones let a badge in.
  const isOfDesk = is_desk || scans.some((scan) => scan.is_desk);
  return {
    ...makeErrorView(`${formatText(isOfDesk ? "conflict.detail_desk" : "conflict.detail")} ${places}`),
    id,
    verdict: ALREADY_IN,
    icon: ALREADY_IN,
    label: formatText(isOfDesk ? "conflict.title_desk" : "conflict.title"),
    name,
    hasLongName: name.length > LONG_NAME_LENGTH,
    company,
    actions,
  };
}

/** @param {Pick<Scanner.Outcome, "verdict" | "direction">} outcome */
const isExit = ({ verdict, direction }) => verdict === ADMITTED && direction === "out";

/** @param {Scanner.Outcome} outcome */
function getVerdictLabel(outcome) {
  if (outcome.verdict === UNVERIFIED && outcome.isLetIn && outcome.reason !== "unknown") return formatText("verdict.let_in");
  if (outcome.verdict === UNVERIFIED && outcome.reason === "full") return formatText("verdict.full");
  return formatText(isExit(outcome) ? "verdict.out" : `verdict.${outcome.verdict}`);
}

/**
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone
 */
function describeOutcome(outcome, timeZone) {
  if (outcome.reason === "conflict") return describeConflict(outcome, timeZone);
  const isInside = outcome.verdict === ALREADY_IN && outcome.reason === "";
  const explanation = isInside ? describePresence(outcome, timeZone) : describeReason(outcome);
  if (!outcome.correctedVerdict) return explanation;
  const shown = formatText(`verdict.${outcome.correctedVerdict}`);
  const time = formatTime(outcome.at, timeZone);
  return `${formatText("detail.server", { shown, time })} ${explanation}${describeSince(outcome, timeZone)}`;
}

/**
 * Describe an entry that was recorded elsewhere, too; the server did not refuse the badge.
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone
 */
function describeConflict(outcome, timeZone) {
  const { presence, isDeskEntry } = outcome;
  if (isDeskEntry && presence?.entered_at) {
    return formatText("detail.desk_entry", { time: formatTime(presence.entered_at, timeZone) });
  }
  return `${formatText("reason.conflict")}${describeSince(outcome, timeZone)}`;
}

/**
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone
 */
function describeSince(outcome, timeZone) {
  return outcome.presence?.entered_at ? ` (${describePresence(outcome, timeZone)})` : "";
}

/**
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone
 */
function describePresence({ presence }, timeZone) {
  if (!presence?.entered_at) return formatText("detail.inside");
  const time = formatTime(presence.entered_at, timeZone);
  return presence.gate
    ? formatText("detail.since", { time, place: presence.gate })
    : formatText("detail.since_here", { time });
}

/** @param {Scanner.Outcome} outcome */
function describeReason({ verdict, reason, codeStatus, scan }) {
  if (!reason) return "";
  // Overridden by a supervisor: show the recorded reason instead of the objection.
  if (verdict === ADMITTED && scan.override_reason) return formatText("detail.override", { reason: scan.override_reason });
  if (reason === "unknown" && codeStatus === "typed") return formatText("manual.unknown");
  if (reason === "unknown" && codeStatus === "not_a_badge") return formatText("reason.not_a_badge");
  if (reason === "unknown" && verdict === REFUSED) return formatText("reason.unknown_refused");
  return formatText(hasText(`reason.${reason}`) ? `reason.${reason}` : "reason.other");
}

/**
 * Return the line below the camera about the last scan.
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone
 */
export function describeLastScan(outcome, timeZone) {
  const name = outcome.person?.name || formatText("detail.nobody");
  const time = formatTime(outcome.at, timeZone);
  return formatText("last.line", { name, verdict: getVerdictLabel(outcome), time });
}
