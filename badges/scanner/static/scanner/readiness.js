/** Check whether this device is ready to work offline. */

import { canCheckSignatures } from "./badge_codes.js";
import { countRegistrations, getPairing } from "./database.js";
import { isInstalled } from "./installation.js";
import { formatText, getElement } from "./page.js";
import { isSoundUnlocked } from "./sounds.js";

const MAX_CLOCK_OFFSET_MS = 2000;
/** Without one of these nothing can be scanned offline; the others are advice. */
const REQUIRED = ["list", "app", "reader"];

/** Ask the browser not to clear our storage when space runs short. */
export async function requestPersistentStorage() {
  return (await navigator.storage?.persisted?.()) || (await navigator.storage?.persist?.()) || false;
}

/**
 * @param {boolean} isReaderLoaded
 * @returns {Promise<Scanner.Readiness>}
 */
export async function checkReadiness(isReaderLoaded) {
  const pairing = await getPairing();
  const clockOffsetMs = Math.abs(pairing?.clock_offset_ms ?? 0);
  const checks = [
    makeCheck("list", Boolean(pairing?.fetched_at), { count: await countRegistrations() }),
    makeCheck("app", await isInstalled()),
    makeCheck("reader", isReaderLoaded),
    makeCheck("signature", await canCheckSignatures()),
    makeCheck("storage", Boolean(await navigator.storage?.persisted?.())),
    makeCheck("sound", isSoundUnlocked()),
    makeCheck("clock", clockOffsetMs <= MAX_CLOCK_OFFSET_MS, { count: Math.round(clockOffsetMs / 1000) }),
  ];
  return { isReady: checks.every(({ name, isPassed }) => isPassed || !REQUIRED.includes(name)), checks };
}

/**
 * @param {string} name
 * @param {boolean} isPassed
 * @param {Record<string, number>} values
 * @returns {Scanner.ReadinessCheck}
 */
function makeCheck(name, isPassed, values = {}) {
  return { name, isPassed, text: formatText(isPassed ? `ready.${name}` : `ready.no_${name}`, values) };
}

/** @param {Scanner.Readiness} readiness */
export function showReadiness({ isReady, checks }) {
  getElement("ready").textContent = formatText(isReady ? "ready.yes" : "ready.no");
  getElement("ready").dataset.ready = String(isReady);
  const lines = checks.map(({ name, isPassed, text }) => {
    const line = document.createElement("li");
    line.dataset.check = name;
    line.classList.toggle("is-missing", !isPassed);
    line.textContent = text;
    return line;
  });
  getElement("checks").replaceChildren(...lines);
}
