/** The verdict over the whole screen. Green goes by itself; all else stays until tapped. */

import { part, say } from "./page.js";
import { play } from "./sounds.js";

const GREEN_MS = 1800;
const IGNORED_TAP_MS = 250;

export class Screen {
  #view = null;
  #queue = [];
  #timer = 0;
  #shownAt = 0;
  #onClear;

  /** @param {() => void} onClear called whenever the screen is free again */
  constructor(onClear) {
    this.#onClear = onClear;
    part("verdict").addEventListener("click", () => this.#tap());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The scan on the screen; null if there is none. */
  get scan() {
    return this.#view?.id ?? null;
  }

  /** Whether a verdict waits for a tap, so that nothing may cover it. */
  get isHeld() {
    return this.#view?.stays ?? false;
  }

  /**
   * Show a verdict. One that corrects the scan on the screen takes its place; any other waits for a held one.
   * @param {import("./view.js").View} view
   * @param {{isSilent?: boolean}} options
   */
  show(view, { isSilent = false } = {}) {
    if (this.isHeld && this.#view.id !== view.id) {
      this.#queue.push(view);
      return;
    }
    if (this.#view?.verdict !== view.verdict) this.#shownAt = performance.now();
    this.#view = view;
    this.#paint(view);
    if (!isSilent) play(view.verdict);
    clearTimeout(this.#timer);
    if (!view.stays) this.#timer = setTimeout(() => this.clear(), GREEN_MS);
  }

  /** Something was read while a verdict waits: say so without hiding it. */
  nudge() {
    const section = part("verdict");
    section.classList.remove("is-nudged");
    requestAnimationFrame(() => section.classList.add("is-nudged"));
    play("busy");
  }

  /** Take the verdict away; the next that waits takes its place. */
  clear() {
    clearTimeout(this.#timer);
    this.#view = null;
    part("verdict").hidden = true;
    const next = this.#queue.shift();
    if (next) this.show(next);
    else this.#onClear();
  }

  /** Forget everything that was shown. */
  reset() {
    this.#queue = [];
    if (this.#view) this.clear();
  }

  #paint(view) {
    const section = part("verdict");
    section.dataset.verdict = view.verdict;
    section.dataset.scan = view.id;
    section.classList.remove("is-nudged");
    part("verdict-sign").setAttribute("href", `#icon-${view.sign}`);
    part("verdict-word").textContent = view.word;
    part("verdict-name").textContent = view.name;
    part("verdict-name").classList.toggle("is-long", view.isLong);
    part("verdict-company").textContent = view.company;
    part("verdict-ticket").textContent = view.ticket;
    part("verdict-detail").textContent = view.detail;
    part("verdict-hint").textContent = view.stays ? say("detail.continue") : "";
    section.hidden = false;
    section.focus({ preventScroll: true });
    part("spoken").textContent = [view.word, view.name, view.company, view.detail].filter(Boolean).join(". ");
  }

  #tap() {
    if (this.#view && performance.now() - this.#shownAt > IGNORED_TAP_MS) this.clear();
  }

  #key(event) {
    if (!this.#view || !["Enter", " ", "Escape"].includes(event.key)) return;
    event.preventDefault();
    this.#tap();
  }
}
