/** Turn an outcome into what the screen shows. */

import { formatText, formatTime, hasText, language } from "./page.js";
import { ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED } from "./verdict.js";

const LONG_NAME_LENGTH = 32;

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
    detail: [describeOutcome(outcome, timeZone), person?.note].filter(Boolean).join(" · "),
    needsTap: verdict !== ADMITTED || Boolean(outcome.correctedVerdict),
  };
}

/** @param {Pick<Scanner.Outcome, "verdict" | "direction">} outcome */
const isExit = ({ verdict, direction }) => verdict === ADMITTED && direction === "out";

/** @param {Scanner.Outcome} outcome */
function getVerdictLabel(outcome) {
  return formatText(isExit(outcome) ? "verdict.out" : `verdict.${outcome.verdict}`);
}

/**
 * @param {Scanner.Outcome} outcome
 * @param {string} timeZone
 */
function describeOutcome(outcome, timeZone) {
  const isInside = outcome.verdict === ALREADY_IN && outcome.reason === "";
  const explanation = isInside ? describePresence(outcome, timeZone) : describeReason(outcome);
  if (!outcome.correctedVerdict) return explanation;
  const shown = formatText(`verdict.${outcome.correctedVerdict}`);
  const since = outcome.presence?.entered_at ? ` (${describePresence(outcome, timeZone)})` : "";
  const time = formatTime(outcome.at, timeZone);
  return `${formatText("detail.server", { shown, time })} ${explanation}${since}`;
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
function describeReason({ verdict, reason, codeStatus }) {
  if (!reason) return "";
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

/** @param {Scanner.Decision} decision */
export const hasPassed = ({ verdict }) => verdict === ADMITTED || verdict === UNVERIFIED;
