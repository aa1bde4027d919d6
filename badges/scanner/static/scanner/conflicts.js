/** Show scan conflicts on both devices that let a badge in, and resolve them while the people are there. */

import { requestField } from "./api.js";
import { getPairing, getSetting } from "./database.js";
import { formatText, formatTime, getElement, settings } from "./page.js";
import { isCurrentToken } from "./pairing.js";
import { makeConflictView } from "./verdict_view.js";

const INTERVAL_MS = 30_000;

export class ConflictWatch {
  #screen;
  #recent;
  /** @type {Scanner.DeviceConflict[]} */
  #open = [];
  /** @type {Set<string>} */
  #shown = new Set();
  #fetchedAt = -Infinity;

  /**
   * @param {import("./verdict_screen.js").VerdictScreen} screen
   * @param {import("./recent_scans.js").RecentScans} recent
   */
  constructor(screen, recent) {
    this.#screen = screen;
    this.#recent = recent;
    getElement("conflicts-open").addEventListener("click", () => this.#showNext());
  }

  /** Forget all: the device is no longer paired. */
  clear() {
    this.#open = [];
    this.#shown.clear();
    this.#fetchedAt = -Infinity;
    this.#drawCount();
  }

  /** Fetch the open conflicts of this device's scans, at most every INTERVAL_MS, and show the new ones. */
  async refresh() {
    if (performance.now() - this.#fetchedAt < INTERVAL_MS) return;
    await this.refreshNow();
  }

  async refreshNow() {
    const pairing = await getPairing();
    if (!pairing) return;
    this.#fetchedAt = performance.now();
    /** @type {{conflicts: Scanner.DeviceConflict[]} | null} */
    const answer = await requestField(settings.conflicts, pairing.token, "conflicts").catch(() => null);
    // Without an answer, the next sync tries again.
    if (!answer || !(await isCurrentToken(pairing.token))) return;
    this.#open = answer.conflicts;
    this.#drawCount();
    for (const conflict of this.#open) this.#showOnce(conflict, pairing.event.timezone);
  }

  /**
   * @param {Scanner.DeviceConflict} conflict
   * @param {string} timeZone
   */
  #showOnce(conflict, timeZone) {
    if (this.#shown.has(conflict.id)) return;
    this.#shown.add(conflict.id);
    // The second device shows an alarm already.
    const alarmId = this.#recent.findConflict(conflict.key);
    if (!alarmId) this.#screen.show(this.#makeView(conflict, conflict.id, timeZone));
    else if (this.#screen.scanId === alarmId) this.#screen.showSilently(this.#makeView(conflict, alarmId, timeZone));
  }

  async #showNext() {
    const [pairing, conflict] = [await getPairing(), this.#open[0]];
    if (pairing && conflict) this.#screen.show(this.#makeView(conflict, conflict.id, pairing.event.timezone));
  }

  /**
   * @param {Scanner.DeviceConflict} conflict
   * @param {string} viewId
   * @param {string} timeZone
   */
  #makeView(conflict, viewId, timeZone) {
    const resolve = (/** @type {string} */ kind) => () => this.#resolve(conflict, kind);
    const firstEntry = { ...conflict, at: conflict.entered_at ?? conflict.scans[0]?.at };
    const entries = [firstEntry, ...conflict.scans].map((entry) => describeEntry(entry, timeZone));
    return makeConflictView(viewId, conflict, entries.join(" · "), [
      { label: formatText("conflict.duplicate"), run: resolve("duplicate") },
      { label: formatText("conflict.reentry"), run: resolve("reentry") },
      { label: formatText("conflict.wrong_badge"), run: resolve("wrong_badge") },
      { label: formatText("conflict.desk"), run: () => this.#screen.clear() },
    ]);
  }

  /**
   * @param {Scanner.DeviceConflict} conflict
   * @param {string} kind
   */
  async #resolve(conflict, kind) {
    const pairing = await getPairing();
    if (!pairing) return;
    const operator = (await getSetting("operator")) ?? "";
    const body = { id: conflict.id, kind, operator };
    this.#screen.clear();
    try {
      await requestField(settings.conflicts, pairing.token, "resolved", body);
      this.#open = this.#open.filter(({ id }) => id !== conflict.id);
      getElement("announcement").textContent = formatText("conflict.settled");
    } catch {
      // The conflict stays in the count at the top, and can be resolved later.
      getElement("announcement").textContent = formatText("conflict.offline");
    }
    this.#drawCount();
  }

  #drawCount() {
    const count = this.#open.length;
    getElement("conflicts-open").hidden = count === 0;
    getElement("conflicts-open").textContent = formatText("conflict.count", { count });
  }
}

/**
 * Return where, when and by whom a badge was let in: two phones may stand at one door at the same minute.
 * @param {{gate: string, at?: string, device: string, is_desk: boolean, is_mine: boolean}} entry
 * @param {string} timeZone
 */
function describeEntry({ gate, at, device, is_desk, is_mine }, timeZone) {
  const place = `${gate} ${at ? formatTime(at, timeZone) : ""}`.trim();
  const recorder = is_desk ? formatText("conflict.at_desk") : device;
  return [place, is_mine ? formatText("conflict.this_phone") : recorder].filter(Boolean).join(", ");
}
