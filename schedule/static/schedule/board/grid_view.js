/** Draw one day: rooms as columns, time downwards, sessions as buttons. */

import { isOverlapping } from "./lanes.js";
import { createElement, formatText } from "./page.js";

/** Height of a minute in pixels, by the step of the grid. */
/** @type {Record<number, number>} */
const PIXELS_PER_MINUTE = { 60: 1, 30: 1.25, 15: 1.75, 5: 3.5 };
const LABEL_MINUTES = 60;
/** Share of a column left free for the title of a break where sessions cover all columns, as in board.css. */
const OVER_BAND_SHARE = 0.4;

export class GridView {
  /**
   * @param {HTMLElement} root
   * @param {import("./model.js").BoardModel} model
   */
  constructor(root, model) {
    this.root = root;
    this.model = model;
    this.date = "";
    this.step = 15;
    this.focusedId = 0;
    this.columnCount = 1;
    /** @type {{ start: number, end: number, minutes: number }} */
    this.window = { start: 0, end: 0, minutes: 1 };
    /** @type {Board.Block[]} */
    this.blocks = [];
    /** @type {Map<number, HTMLButtonElement>} */
    this.elements = new Map();
    this.rooms = createElement("div", "board-rooms");
    this.times = createElement("div", "board-times");
    this.area = createElement("div", "board-area");
    this.marker = createElement("div", "drop-marker");
    this.marker.hidden = true;
    this.markerText = createElement("span");
    this.marker.append(this.markerText);
    this.costs = createElement("div", "board-costs");
    this.costs.setAttribute("aria-hidden", "true");
    this.times.setAttribute("aria-hidden", "true");
    this.area.tabIndex = -1;
    this.area.setAttribute("role", "application");
    this.area.setAttribute("aria-describedby", "board-hint");
    this.root.append(createElement("div", "board-corner"), this.rooms, this.times, this.area);
  }

  /**
   * Draw a day.
   * @param {string} date
   */
  draw(date) {
    this.date = date;
    this.window = this.model.getWindow(date);
    this.area.setAttribute("aria-label", formatText("board_label", { day: this.model.formatDay(date) }));
    this.area.replaceChildren(this.costs, this.marker);
    this.elements.clear();
    this.blocks = this.model.arrangeDay(date);
    this.columnCount = this.model.rooms.length + Number(this.hasSessionsWithoutRoom());
    this.root.style.setProperty("--columns", String(Math.max(1, this.columnCount)));
    this.root.style.setProperty("--minutes", String(this.window.minutes));
    this.root.style.setProperty("--pixels", `${PIXELS_PER_MINUTE[this.step] ?? 2}px`);
    this.root.style.setProperty("--step", String(this.step));
    this.#drawRooms();
    this.#drawTimes(this.window);
    for (const block of this.blocks) this.#drawBlock(block);
    this.#updateTabStop();
  }

  hasSessionsWithoutRoom() {
    return this.blocks.some((block) => !block.isSpanning && block.column >= this.model.rooms.length);
  }

  #drawRooms() {
    const heads = this.model.rooms.map((room) => {
      const head = createElement("div", "board-room");
      const name = createElement("span", "", room.name);
      name.dir = "auto";
      head.append(name);
      if (room.capacity) head.append(createElement("small", "", formatText("seats", { count: room.capacity })));
      head.title = room.name;
      return head;
    });
    while (heads.length < this.columnCount) heads.push(createElement("div", "board-room", formatText("no_room")));
    this.rooms.replaceChildren(...heads);
  }

  /** @param {{ start: number, minutes: number }} window */
  #drawTimes({ start, minutes }) {
    const labels = [];
    for (let minute = 0; minute < minutes; minute += LABEL_MINUTES) {
      const at = new Date(start + minute * 60_000).toISOString();
      const label = createElement("span", "", this.model.formatClock(at));
      label.style.setProperty("--start", String(minute));
      labels.push(label);
    }
    this.times.replaceChildren(...labels);
  }

  /** @param {Board.Block} block */
  #drawBlock(block) {
    const { session, slot } = block;
    const element = createElement("button", "block");
    element.type = "button";
    element.dataset.session = String(session.id);
    element.tabIndex = -1;
    element.classList.add(`role-${session.role}`);
    element.classList.toggle("spanning", block.isSpanning);
    element.classList.toggle("cancelled", slot.is_cancelled);
    element.classList.toggle("short", block.minutes < 25);
    element.classList.toggle("narrow", block.lanes > 1);
    const title = createElement("strong", "block-title", session.title);
    title.dir = "auto";
    const hours = createElement("span", "block-hours", this.model.formatClock(slot.starts_at));
    hours.append(createElement("span", "block-end", `–${this.model.formatClock(slot.ends_at)}`));
    const label = createElement("span", "block-label");
    const head = createElement("span", "block-head");
    const conflicts = this.model.listConflicts(session);
    if (conflicts.length) {
      const isBlocked = conflicts.some((conflict) => conflict.level === "block");
      const sign = createElement("span", `block-conflict${isBlocked ? " is-blocked" : ""}`, "!");
      sign.setAttribute("aria-hidden", "true");
      head.append(sign);
      element.title = conflicts.map((conflict) => conflict.text).join("\n");
    }
    head.append(hours);
    label.append(head, title);
    if (session.speakers.length) label.append(createElement("span", "block-speakers", session.speakers.join(", ")));
    if (session.is_for_members) label.append(createElement("span", "block-members", formatText("for_members")));
    const pins = describePins(slot);
    if (pins) label.append(createElement("span", "block-pins", pins));
    element.append(label, createElement("span", "block-handle"));
    const more = this.#describeMore(session, slot);
    if (more) element.append(createElement("span", "visually-hidden", more));
    this.#placeBlock(element, block);
    this.elements.set(session.id, element);
    this.area.append(element);
  }

  /**
   * @param {HTMLElement} element
   * @param {Board.Block} block
   */
  #placeBlock(element, block) {
    const { style } = element;
    style.setProperty("--start", String(block.start));
    style.setProperty("--length", String(block.minutes));
    style.setProperty("--column", String(block.column));
    style.setProperty("--lane", String(block.lane));
    style.setProperty("--lanes", String(block.lanes));
    if (block.isSpanning) {
      const { column, length } = this.#findFreeColumns(block);
      style.setProperty("--label", String(column));
      style.setProperty("--label-columns", String(length || OVER_BAND_SHARE));
    } else {
      const bands = this.blocks.filter((each) => each.isSpanning && isOverlapping(each, block));
      element.classList.toggle("over-band", bands.some((band) => !this.#findFreeColumns(band).length));
    }
    const track = this.model.tracks.get(block.session.track ?? 0);
    if (track?.color) style.setProperty("--track", track.color);
  }

  /**
   * Return the longest run of columns in which no session covers a band, for its title; its length is 0 if there is none.
   * @param {Board.Block} band
   */
  #findFreeColumns(band) {
    const over = this.blocks.filter((block) => !block.isSpanning && isOverlapping(block, band));
    const taken = new Set(over.map((block) => block.column));
    let best = { column: 0, length: 0 };
    let first = 0;
    for (let column = 0; column < this.columnCount; column += 1) {
      if (taken.has(column)) first = column + 1;
      else if (column + 1 - first > best.length) best = { column: first, length: column + 1 - first };
    }
    return best;
  }

  /**
   * Return in words what a block shows by its place or by a sign: room, cancellation and conflicts.
   *
   * It begins without a comma: browsers insert a space before it in the name of the button.
   * @param {Board.Session} session
   * @param {Board.Slot} slot
   */
  #describeMore(session, slot) {
    const state = slot.is_cancelled ? formatText("cancelled") : "";
    const conflicts = this.model.listConflicts(session).map((conflict) => conflict.text);
    return [this.model.getRoomName(slot), state, ...conflicts].filter(Boolean).join(", ");
  }

  /**
   * Return title, place and pins in words.
   * @param {Board.Session} session
   */
  describe(session) {
    const pins = session.slot && (describePins(session.slot) || formatText("not_pinned"));
    const audience = session.is_for_members ? formatText("for_members") : "";
    return [session.title, audience, this.describePlace(session.slot), pins].filter(Boolean).join(", ");
  }

  /**
   * Return “lun. 28 déc., 09:00–09:50, Salle Curie”.
   * @param {Board.Slot | null} slot
   */
  describePlace(slot) {
    if (!slot) return formatText("in_tray");
    const day = this.model.getDay(slot);
    const room = this.model.getRoomName(slot);
    return [day && this.model.formatDay(day.date), this.model.formatHours(slot), room].filter(Boolean).join(", ");
  }

  /** Make one session the stop of the Tab key; the arrow keys reach the others. */
  #updateTabStop() {
    const ids = this.blocks.map((block) => block.session.id);
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

  /**
   * Mark the place where a session would go.
   * @param {Board.Target} target
   * @param {{ minutes: number, isSpanning: boolean, text: string, level: Board.Level }} shape
   */
  showMarker(target, { minutes, isSpanning, text, level }) {
    const { style } = this.marker;
    this.marker.hidden = target.kind === "tray";
    this.marker.className = `drop-marker level-${level}${isSpanning ? " spanning" : ""}${target.kind === "swap" ? " swap" : ""}`;
    style.setProperty("--start", String(target.start));
    style.setProperty("--length", String(minutes));
    style.setProperty("--column", String(target.column));
    if (this.markerText.textContent !== text) this.markerText.textContent = text;
  }

  hideMarker() {
    this.marker.hidden = true;
  }

  /** Return the geometry of the area, to be measured once for a drag. */
  measure() {
    const area = this.area.getBoundingClientRect();
    return {
      columnWidth: area.width / Math.max(1, this.columnCount),
      minuteHeight: area.height / Math.max(1, this.window.minutes),
    };
  }
}

/** @param {Board.Slot} slot */
function describePins(slot) {
  if (slot.is_time_pinned && slot.is_room_pinned) return formatText("pinned");
  if (slot.is_time_pinned) return formatText("time_pinned");
  return slot.is_room_pinned ? formatText("room_pinned") : "";
}
