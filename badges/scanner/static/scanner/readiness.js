/** Check whether this device is ready to work offline. */

import { canCheckSignatures } from "./badge_codes.js";
import { countRegistrations, getPairing, getSetting } from "./database.js";
import { getCameraState } from "./device_state.js";
import { isInstalled } from "./installation.js";
import { formatText, getElement } from "./page.js";
import { isSoundUnlocked } from "./sounds.js";
import { measureListAge } from "./status_bar.js";

const MAX_CLOCK_OFFSET_MS = 2000;
const MAX_LIST_AGE_MS = 10 * 60_000;
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
  const ageMs = pairing ? measureListAge(pairing) : Infinity;
  const checks = [
    makeCheck("list", Boolean(pairing?.fetched_at), { count: await countRegistrations() }),
    makeCheck("age", ageMs < MAX_LIST_AGE_MS, { count: Number.isFinite(ageMs) ? Math.round(ageMs / 60_000) : 0 }),
    makeCheck("app", await isInstalled()),
    makeCheck("reader", isReaderLoaded),
    makeCheck("camera", getCameraState() === "ok"),
    makeCheck("badge", Boolean(await getSetting("badge_tested_at"))),
    makeCheck("sound", isSoundUnlocked()),
    makeCheck("storage", Boolean(await navigator.storage?.persisted?.())),
    makeCheck("clock", clockOffsetMs <= MAX_CLOCK_OFFSET_MS, { count: Math.round(clockOffsetMs / 1000) }),
    makeCheck("signature", await canCheckSignatures()),
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
  const text = formatText(isPassed ? `ready.${name}` : `ready.no_${name}`, values);
  return { name, isPassed, text, advice: isPassed ? "" : formatText(`advice.${name}`) };
}

/** @param {Scanner.Readiness} readiness */
export function showReadiness({ isReady, checks }) {
  getElement("ready").textContent = formatText(isReady ? "ready.yes" : "ready.no");
  getElement("ready").dataset.ready = String(isReady);
  const lines = checks.map(({ name, isPassed, text, advice }) => {
    const line = document.createElement("li");
    line.dataset.check = name;
    line.classList.toggle("is-missing", !isPassed);
    const [state, title, help] = ["b", "span", "small"].map((kind) => document.createElement(kind));
    state.textContent = formatText(isPassed ? "ready.ok" : REQUIRED.includes(name) ? "ready.problem" : "ready.advice");
    state.className = "visually-hidden";
    title.textContent = text;
    help.textContent = advice;
    line.append(state, title, help);
    return line;
  });
  getElement("checks").replaceChildren(...lines);
}
