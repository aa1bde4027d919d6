/**
 * Show verdicts over the whole screen. Green clears by itself; any other waits for a tap, or, if it leaves nothing to
 * decide, for the next badge of a hand scanner.
 */

import { formatText, getElement } from "./page.js";
import { playSound } from "./sounds.js";

const GREEN_MS = 1800;
/** A tap meant for the previous verdict must not clear one that has just appeared. */
const IGNORED_TAP_MS = 250;
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

export class VerdictScreen {
  /** @type {Scanner.VerdictView | null} */
  #view = null;
  /** @type {Scanner.VerdictView[]} */
  #queue = [];
  #timer = 0;
  #shownAt = 0;
  #onClear;

  /** @param {() => void} onClear called when nothing is left to show */
  constructor(onClear) {
    this.#onClear = onClear;
    getElement("verdict").addEventListener("click", (event) => {
      if (!isAction(event.target)) this.#handleTap();
    });
    document.addEventListener("keydown", (event) => this.#handleKey(event));
  }

  get scanId() {
    return this.#view?.id ?? null;
  }

  /** Whether a verdict waits for a tap, so that nothing may cover it. */
  get needsTap() {
    return this.#view?.needsTap ?? false;
  }

  /** Make room for the next badge of a hand scanner: its operator has read a refusal that leaves nothing to decide. */
  clearIfReplaceable() {
    if (this.#view?.isReplaceable) this.clear();
  }

  /**
   * Show a verdict, with its sound. It queues behind one that needs a tap, unless it corrects that scan.
   * @param {Scanner.VerdictView} view
   */
  show(view) {
    if (this.showSilently(view)) playSound(view.verdict);
  }

  /**
   * Show a verdict without sound; return whether it is on the screen, not in the queue.
   * @param {Scanner.VerdictView} view
   */
  showSilently(view) {
    if (this.needsTap && this.scanId !== view.id) {
      this.#queue.push(view);
      return false;
    }
    if (this.#view?.verdict !== view.verdict) this.#shownAt = performance.now();
    this.#view = view;
    drawVerdict(view);
    clearTimeout(this.#timer);
    if (!view.needsTap) this.#timer = setTimeout(() => this.clear(), GREEN_MS);
    return true;
  }

  /**
   * Release the screen, without clearing it, for the verdict that replaces this one.
   * @param {string} scanId
   */
  release(scanId) {
    if (this.scanId === scanId) this.#view = null;
  }

  /** Signal that a badge was read, but not judged, because the verdict needs a tap. */
  nudge() {
    const section = getElement("verdict");
    section.classList.remove("is-nudged");
    const notRead = this.needsTap ? formatText("detail.not_read") : "";
    if (this.#view && notRead) getElement("verdict-hint").textContent = [notRead, this.#view.hint].filter(Boolean).join(" ");
    getElement("announcement").textContent = "";
    // The animation starts anew, and a screen reader reads a text again, only after a frame without it.
    requestAnimationFrame(() => {
      section.classList.add("is-nudged");
      getElement("announcement").textContent = notRead;
    });
    playSound("busy");
  }

  /** Remove the verdict, and show the next of the queue. */
  clear() {
    clearTimeout(this.#timer);
    this.#view = null;
    getElement("verdict").hidden = true;
    const next = this.#queue.shift();
    if (next) this.show(next);
    else this.#onClear();
  }

  /** Remove the verdict and the queue. */
  reset() {
    this.#queue = [];
    if (this.#view) this.clear();
  }

  #handleTap() {
    if (this.#view && performance.now() - this.#shownAt > IGNORED_TAP_MS) this.clear();
  }

  /** @param {KeyboardEvent} event */
  #handleKey(event) {
    if (!this.#view || !["Enter", " ", "Escape"].includes(event.key)) return;
    if (isAction(event.target) && event.key !== "Escape") return;
    event.preventDefault();
    this.#handleTap();
  }
}

/** @param {Scanner.VerdictView} view */
function drawVerdict(view) {
  const section = getElement("verdict");
  section.dataset.verdict = view.verdict;
  section.dataset.scan = view.id;
  section.dataset.tone = view.tone ?? "";
  section.classList.remove("is-nudged");
  getElement("verdict-icon").setAttribute("href", `#icon-${view.icon}`);
  getElement("verdict-word").textContent = view.label;
  getElement("verdict-name").textContent = view.name;
  getElement("verdict-name").classList.toggle("is-long", view.hasLongName);
  getElement("verdict-company").textContent = view.company;
  getElement("verdict-ticket").textContent = view.ticket;
  getElement("verdict-detail").textContent = view.detail;
  getElement("verdict-marks").replaceChildren(...view.marks.map(makeMark));
  getElement("verdict-hint").textContent = describeHint(view);
  getElement("verdict-actions").replaceChildren(...view.actions.map(makeActionButton));
  section.hidden = false;
  section.focus({ preventScroll: true });
  const marks = view.marks.map(({ text }) => text);
  const announcementText = [view.label, view.name, view.company, view.detail, ...marks].filter(Boolean).join(". ");
  getElement("announcement").textContent = announcementText;
}

/** @param {Scanner.ViewMark} mark */
function makeMark({ icon, text }) {
  const mark = document.createElement("span");
  const symbol = document.createElementNS(SVG_NAMESPACE, "svg");
  const use = document.createElementNS(SVG_NAMESPACE, "use");
  const words = document.createElement("bdi");
  use.setAttribute("href", `#icon-${icon}`);
  symbol.setAttribute("aria-hidden", "true");
  symbol.append(use);
  words.textContent = text;
  mark.append(symbol, words);
  return mark;
}

/** @param {Scanner.ViewAction} action */
function makeActionButton({ label, run }) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", run);
  return button;
}

/** @param {EventTarget | null} target */
const isAction = (target) => target instanceof Node && getElement("verdict-actions").contains(target);

/** @param {Scanner.VerdictView} view */
function describeHint({ needsTap, hint }) {
  if (hint) return hint;
  return needsTap ? formatText("detail.continue") : "";
}
