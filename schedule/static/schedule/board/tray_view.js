/** The tray: sessions without a place, found by words and track. */

import { createElement, formatText, getElement } from "./page.js";

/** @param {string} text */
const normalize = (text) =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "");

export class TrayView {
  /** @param {import("./model.js").BoardModel} model */
  constructor(model) {
    this.model = model;
    this.root = getElement("board-tray", HTMLElement);
    this.list = getElement("tray-list", HTMLElement);
    this.search = getElement("tray-search", HTMLInputElement);
    this.track = getElement("tray-track", HTMLSelectElement);
    this.count = getElement("tray-count", HTMLElement);
    this.focusedId = 0;
    /** @type {Map<number, HTMLButtonElement>} */
    this.elements = new Map();
    this.search.addEventListener("input", () => this.draw());
    this.track.addEventListener("change", () => this.draw());
  }

  drawTracks() {
    const options = [...this.model.tracks.values()].map((track) => new Option(track.name, String(track.id)));
    const chosen = this.track.value;
    this.track.replaceChildren(new Option(formatText("all_tracks"), ""), ...options);
    this.track.value = chosen;
    this.track.parentElement?.toggleAttribute("hidden", !options.length);
  }

  draw() {
    const unplaced = this.model.listUnplaced();
    const words = normalize(this.search.value).split(/\s+/).filter(Boolean);
    const found = unplaced.filter((session) => this.#matches(session, words));
    this.count.hidden = !unplaced.length;
    this.count.textContent = formatText("tray_count", { shown: found.length, count: unplaced.length });
    this.elements.clear();
    const items = found.map((session) => this.#drawItem(session));
    const emptyText = this.model.sessions.size ? "tray_empty" : "tray_no_sessions";
    const emptyNotice = createElement("p", "muted small", formatText(unplaced.length ? "tray_no_match" : emptyText));
    this.list.replaceChildren(...(items.length ? items : [emptyNotice]));
    this.#updateTabStop();
  }

  /**
   * @param {Board.Session} session
   * @param {string[]} words
   */
  #matches(session, words) {
    if (this.track.value && String(session.track ?? "") !== this.track.value) return false;
    const text = normalize(`${session.title} ${session.speakers.join(" ")} ${session.number}`);
    return words.every((word) => text.includes(word));
  }

  /** @param {Board.Session} session */
  #drawItem(session) {
    const element = createElement("button", `block role-${session.role}`);
    element.type = "button";
    element.dataset.session = String(session.id);
    const title = createElement("strong", "block-title", session.title);
    title.dir = "auto";
    const audience = session.is_for_members ? [formatText("for_members")] : [];
    const facts = [formatText("minutes", { count: session.minutes }), ...audience, ...session.speakers];
    element.append(title, createElement("span", "block-speakers", facts.join(" · ")));
    element.append(createElement("span", "visually-hidden", formatText("in_tray")));
    const track = this.model.tracks.get(session.track ?? 0);
    if (track?.color) element.style.setProperty("--track", track.color);
    this.elements.set(session.id, element);
    return element;
  }

  #updateTabStop() {
    const ids = [...this.elements.keys()];
    const id = ids.includes(this.focusedId) ? this.focusedId : ids[0];
    for (const [each, element] of this.elements) element.tabIndex = each === id ? 0 : -1;
  }

  /** @param {number} id */
  setTabStop(id) {
    this.focusedId = id;
    this.#updateTabStop();
  }

  /** @param {number} id */
  focus(id) {
    this.setTabStop(id);
    this.elements.get(id)?.focus();
  }
}
