/** What the screen says of an outcome: word, person, why, and whether it waits for a tap. */

import { knows, language, say, timeOf } from "./page.js";
import { ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED } from "./verdict.js";

const LONG_NAME = 32;

/**
 * @typedef {object} View
 * @property {string} id of the scan
 * @property {string} verdict colour and sound
 * @property {string} sign icon
 * @property {string} word
 * @property {string} name
 * @property {boolean} isLong whether the name needs smaller letters
 * @property {string} company
 * @property {string} ticket
 * @property {string} detail
 * @property {boolean} stays until tapped
 */

/**
 * @param {import("./judge.js").Outcome} outcome
 * @param {string} zone the event's time zone
 * @returns {View}
 */
export function viewOf(outcome, zone) {
  const { person, verdict, id } = outcome;
  const name = person?.name ?? "";
  return {
    id,
    verdict,
    sign: verdict === ADMITTED && outcome.direction === "out" ? "out" : verdict,
    word: wordOf(outcome),
    name,
    isLong: name.length > LONG_NAME,
    company: person?.company ?? "",
    ticket: (language === "en" && person?.ticket_en) || (person?.ticket ?? ""),
    detail: [detailOf(outcome, zone), person?.note].filter(Boolean).join(" · "),
    stays: verdict !== ADMITTED || Boolean(outcome.late),
  };
}

/** The verdict in one word. */
export function wordOf({ verdict, direction }) {
  return say(verdict === ADMITTED && direction === "out" ? "verdict.out" : `verdict.${verdict}`);
}

function detailOf(outcome, zone) {
  const why = outcome.verdict === ALREADY_IN && outcome.reason === "" ? sinceOf(outcome, zone) : reasonOf(outcome);
  if (!outcome.late) return why;
  const shown = say(`verdict.${outcome.late.shown}`);
  const since = outcome.presence?.entered_at ? ` (${sinceOf(outcome, zone)})` : "";
  return `${say("detail.server", { shown, time: timeOf(outcome.at, zone) })} ${why}${since}`;
}

function sinceOf({ presence }, zone) {
  if (!presence?.entered_at) return say("detail.inside");
  const time = timeOf(presence.entered_at, zone);
  return presence.gate ? say("detail.since", { time, place: presence.gate }) : say("detail.since_here", { time });
}

function reasonOf({ verdict, reason, codeStatus }) {
  if (!reason) return "";
  if (reason === "unknown" && codeStatus === "not_a_badge") return say("reason.not_a_badge");
  if (reason === "unknown" && verdict === REFUSED) return say("reason.unknown_refused");
  return say(knows(`reason.${reason}`) ? `reason.${reason}` : "reason.other");
}

/** The line of the last scan. */
export function lineOf(outcome, zone) {
  const name = outcome.person?.name || say("detail.nobody");
  return say("last.line", { name, verdict: wordOf(outcome), time: timeOf(outcome.at, zone) });
}

/** Whether an outcome let its holder pass. */
export const hasPassed = ({ verdict }) => verdict === ADMITTED || verdict === UNVERIFIED;
