/** The board on which editors build a timetable: connect its parts, and send what they do. */

import { CostOverlay, getSeverest } from "./costs.js";
import { GridView } from "./grid_view.js";
import { KeyboardControl } from "./keyboard.js";
import { BoardLayout } from "./layout.js";
import { BoardModel, getMinutes, MINUTE_MS } from "./model.js";
import { createElement, formatText, getElement, readChoice, storeChoice } from "./page.js";
import { Panels } from "./panels.js";
import { PointerDrag } from "./pointer_drag.js";
import { SelectionBar } from "./selection.js";
import { BoardServer, ServerRefusal } from "./server.js";
import { Synchronizer } from "./synchronizer.js";
import { TrayView } from "./tray_view.js";

const MIN_MINUTES = 5;

export class BoardEditor {
  /**
   * @param {HTMLElement} root
   * @param {BoardServer} server
   * @param {Board.Data} data
   */
  constructor(root, server, data) {
    this.root = root;
    // Browsers format “en” as American English: “Tue, Jun 15”.
    const { lang } = document.documentElement;
    this.model = new BoardModel(data, lang === "en" ? "en-GB" : lang);
    this.scroller = getElement("board-scroll", HTMLElement);
    this.grid = new GridView(getElement("board-grid", HTMLElement), this.model);
    this.tray = new TrayView(this.model);
    this.costs = new CostOverlay(this.grid, server);
    this.panels = new Panels();
    this.formAddress = root.dataset.form ?? "";
    this.status = getElement("board-status", HTMLElement);
    this.reason = getElement("board-reason", HTMLElement);
    /** @type {HTMLButtonElement[]} */
    this.dayTabs = [];
    /** @type {Board.Session | null} */
    this.dragged = null;
    /** @type {Board.Target | null} */
    this.target = null;
    this.previewText = "";
    this.layout = new BoardLayout(this);
    this.sync = new Synchronizer(this, server);
    this.pointer = new PointerDrag(this);
    this.keyboard = new KeyboardControl(this);
    this.selection = new SelectionBar(this);
    this.#connectTools();
    this.reload(data);
    this.sync.start(data);
  }

  /**
   * Show newly fetched data.
   * @param {Board.Data} data
   * @param {number[]} unanswered sessions that stay where they are
   */
  reload(data, unanswered = []) {
    this.model.load(data, unanswered);
    this.#drawDayTabs();
    this.tray.drawTracks();
    const dates = this.model.days.map((day) => day.date);
    const date = [this.grid.date, this.layout.takeRequestedDay(), readChoice("day")].find((each) => dates.includes(each)) ?? dates[0] ?? "";
    const focused = this.#getFocusedId();
    this.showDay(date);
    if (focused) this.focusSession(focused);
  }

  /** Return the id of the focused session, 0 for none, to restore the focus after redrawing its element. */
  #getFocusedId() {
    const active = document.activeElement;
    return active instanceof HTMLElement && active.closest("#board") ? Number(active.dataset.session ?? 0) : 0;
  }

  /** Redraw the board; not during a drag, since its end redraws too. */
  redraw() {
    if (this.dragged) return;
    const focused = this.#getFocusedId();
    this.grid.draw(this.grid.date);
    this.tray.draw();
    this.#updateDayTabs();
    this.selection.update();
    if (focused) this.focusSession(focused);
  }

  /** @param {number} id */
  focusSession(id) {
    if (this.grid.elements.has(id)) this.grid.focus(id);
    else if (this.tray.elements.has(id)) this.tray.focus(id);
    else this.grid.elements.get(this.grid.blocks[0]?.session.id ?? 0)?.focus();
  }

  /**
   * Show the day of a session and focus it.
   * @param {Board.Session} session
   */
  reveal(session) {
    const day = session.slot && this.model.getDay(session.slot);
    if (day && day.date !== this.grid.date) this.showDay(day.date);
    this.focusSession(session.id);
  }

  // --- days and view --------------------------------------------------------------------------------

  #drawDayTabs() {
    this.dayTabs = this.model.days.map((day) => {
      const tab = createElement("button", "board-day");
      tab.type = "button";
      tab.dataset.date = day.date;
      tab.addEventListener("click", () => this.showDay(day.date));
      return tab;
    });
    getElement("board-days", HTMLElement).replaceChildren(...this.dayTabs);
  }

  #updateDayTabs() {
    for (const tab of this.dayTabs) {
      const date = tab.dataset.date ?? "";
      const count = this.model.listPlaced(date).length;
      const label = formatText("day_count", { day: this.model.formatDay(date), count });
      if (tab.textContent !== label) tab.textContent = label;
      tab.setAttribute("aria-pressed", String(date === this.grid.date));
    }
  }

  /** @param {string} date */
  showDay(date) {
    this.grid.draw(date);
    this.costs.draw();
    this.tray.draw();
    storeChoice("day", date);
    this.layout.setDay(date);
    this.#updateDayTabs();
    this.selection.update();
  }

  /** @param {number} distance in days */
  showOtherDay(distance) {
    const index = this.model.days.findIndex((day) => day.date === this.grid.date);
    const day = this.model.days[index + distance];
    if (!day) return true;
    this.showDay(day.date);
    this.announceText("day_shown", { day: this.model.formatDay(day.date) });
    // The element of a held session is gone: focus the grid, so that the board still gets its keys.
    if (this.dragged) this.grid.area.focus({ preventScroll: true });
    else this.focusSession(this.grid.blocks[0]?.session.id ?? 0);
    return true;
  }

  #connectTools() {
    const step = getElement("board-step", HTMLSelectElement);
    step.value = readChoice("step") || step.value;
    const condensed = getElement("board-condensed", HTMLInputElement);
    condensed.checked = readChoice("condensed") === "yes";
    const update = () => {
      this.grid.step = Number(step.value);
      this.root.classList.toggle("condensed", condensed.checked);
      storeChoice("step", step.value);
      storeChoice("condensed", condensed.checked ? "yes" : "no");
      if (this.grid.date) this.redraw();
    };
    step.addEventListener("change", update);
    condensed.addEventListener("change", update);
    update();
    getElement("board-undo", HTMLButtonElement).addEventListener("click", () => this.undo());
    getElement("board-redo", HTMLButtonElement).addEventListener("click", () => this.redo());
    getElement("board-help", HTMLButtonElement).addEventListener("click", () => this.showShortcuts());
    getElement("board-history", HTMLButtonElement).addEventListener("click", () => this.sync.showJournal());
    this.root.addEventListener("dblclick", (event) => {
      const element = event.target instanceof Element ? event.target.closest("[data-session]") : null;
      const session = this.model.sessions.get(Number(element instanceof HTMLElement && element.dataset.session));
      if (session) this.openForm(session);
    });
  }

  showShortcuts() {
    this.panels.showShortcuts();
  }

  // --- drag ------------------------------------------------------------------------------------------

  /**
   * @param {Board.Session} session
   * @param {boolean} isResize
   */
  startDrag(session, isResize) {
    this.dragged = session;
    this.previewText = "";
    this.root.classList.add("is-moving");
    if (!isResize) void this.#showCosts(session);
  }

  /**
   * Draw the costs once they are loaded, and repeat the preview for a pointer that does not move.
   * @param {Board.Session} session
   */
  async #showCosts(session) {
    await this.costs.show(session.id);
    this.#repeatPreview(session);
  }

  /** @param {Board.Session} session whose costs have arrived */
  #repeatPreview(session) {
    if (this.dragged !== session || !this.target) return;
    this.preview(this.target);
    if (this.keyboard.held) this.announcePreview();
  }

  endDrag() {
    this.dragged = null;
    this.target = null;
    this.#showReason("");
    this.root.classList.remove("is-moving");
    this.tray.root.classList.remove("is-target");
    this.costs.hide();
    this.grid.hideMarker();
    this.redraw();
    this.sync.catchUp();
  }

  /**
   * Return where a session goes if it is dropped at a point; null beside the board.
   * @param {Board.Session} session
   * @param {number} column
   * @param {number} start of the dragged session, in minutes from the top, not on the grid yet
   * @param {number} pointerMinute
   * @returns {Board.Target | null}
   */
  resolveTarget(session, column, start, pointerMinute) {
    const { step, window, columnCount } = this.grid;
    if (column < 0 || column >= columnCount || pointerMinute < 0) return null;
    const isSpanning = this.model.isSpanning(session);
    const blockUnderPointer = this.grid.blocks.find(
      (block) =>
        block.session !== session &&
        !block.isSpanning &&
        !isSpanning &&
        block.column === column &&
        pointerMinute >= block.start &&
        pointerMinute < block.start + block.minutes,
    );
    if (blockUnderPointer) return this.makeSwap(blockUnderPointer);
    const snapped = Math.min(Math.max(0, Math.round(start / step) * step), window.minutes - step);
    return { kind: "cell", column, start: snapped };
  }

  /**
   * @param {Board.Block} block
   * @returns {Board.Target}
   */
  makeSwap(block) {
    return { kind: "swap", column: block.column, start: block.start, other: block.session };
  }

  /**
   * Show where the dragged session would go, and what that would cost.
   * @param {Board.Target | null} target
   */
  preview(target) {
    const session = this.dragged;
    this.target = target;
    this.tray.root.classList.toggle("is-target", target?.kind === "tray");
    if (!session || !target) {
      this.#showReason("");
      return this.grid.hideMarker();
    }
    const { text, level } = this.#describeTarget(session, target);
    this.previewText = text;
    const minutes = session.slot ? getMinutes(session.slot) : session.minutes;
    this.grid.showMarker(target, { minutes, isSpanning: this.model.isSpanning(session), text, level });
    // In full, as the edge of the timetable may cut what the marker says. The keyboard's status says it too.
    this.#showReason(level === "free" || this.keyboard.held ? "" : text);
  }

  /** @param {string} text what speaks against the place under the pointer; "" for nothing */
  #showReason(text) {
    if (this.reason.textContent !== text) this.reason.textContent = text;
    this.reason.hidden = !text;
  }

  /**
   * @param {Board.Session} session
   * @param {Board.Target} target
   * @returns {{ text: string, level: Board.Level }}
   */
  #describeTarget(session, target) {
    if (target.kind === "tray") return { text: formatText("to_tray"), level: "free" };
    const slot = this.model.makeSlot(session, this.grid.date, target.column, target.start);
    const place = [this.model.formatClock(slot.starts_at), this.model.getRoomName(slot)].filter(Boolean).join(", ");
    if (target.other) {
      return this.#describeSwap(session, target.other, place);
    }
    const cost = this.costs.find(slot.room, Date.parse(slot.starts_at));
    return { text: cost?.text ? `${place} · ${cost.text}` : place, level: cost?.level ?? "free" };
  }

  /**
   * Describe a swap, with its costs for both sessions once they are loaded.
   * @param {Board.Session} session
   * @param {Board.Session} other
   * @param {string} place
   * @returns {{ text: string, level: Board.Level }}
   */
  #describeSwap(session, other, place) {
    const text = `${place} · ${formatText(session.slot ? "swap_with" : "replaces", { title: other.title })}`;
    const costs = this.costs.findSwap(other.id, () => this.#repeatPreview(session));
    if (!costs) return { text, level: "warn" };
    const costTexts = costs.filter((cost) => cost.text).map((cost) => {
      const title = this.model.sessions.get(cost.session)?.title ?? "";
      return `${formatText("quoted", { title })} ${cost.text}`;
    });
    return { text: [text, ...(costTexts.length ? costTexts : [formatText("swap_free")])].join(" · "), level: getSeverest(costs) };
  }

  announcePreview() {
    this.announce(this.previewText);
  }

  /**
   * Put a session where it was dropped.
   * @param {Board.Session} session
   * @param {Board.Target | null} target
   */
  drop(session, target) {
    this.endDrag();
    if (!target || (target.kind === "tray" && !session.slot)) return;
    this.send(this.model.planMove(session, this.grid.date, target), session);
  }

  // --- commands --------------------------------------------------------------------------------------

  /**
   * Apply moves locally at once, and send them to the server.
   * @param {Board.Placement[]} placements
   * @param {Board.Session} session the one to keep in focus
   */
  send(placements, session) {
    const before = new Map(placements.map((each) => [each.session, this.model.sessions.get(each.session)?.slot ?? null]));
    if (placements.every((each) => isSameSlot(before.get(each.session) ?? null, each.slot))) return;
    for (const { session: id, slot } of placements) {
      const moved = this.model.sessions.get(id);
      if (moved) moved.slot = slot;
    }
    this.redraw();
    this.focusSession(session.id);
    // Focusing alone leaves a session at the edge half hidden.
    document.activeElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.announce(this.#describeMoved(placements, session));
    this.sync.sendMoves(placements, before);
  }

  /**
   * @param {Board.Placement[]} placements
   * @param {Board.Session} session
   */
  #describeMoved(placements, session) {
    if (!session.slot) return formatText("parked", { title: session.title });
    const places = placements.map(({ session: id, slot }) => {
      const title = this.model.sessions.get(id)?.title ?? "";
      return formatText("placed", { title, place: this.grid.describePlace(slot) });
    });
    return places.length > 1 ? formatText("several_placed", { count: places.length, places: places.join(" · ") }) : places.join("");
  }

  /**
   * @param {Board.Session} session
   * @param {number} minutes
   */
  previewLength(session, minutes) {
    const block = this.grid.blocks.find((each) => each.session === session);
    if (!block) return;
    const length = this.#snapLength(minutes);
    const text = formatText("minutes", { count: length });
    const target = { kind: /** @type {const} */ ("cell"), column: block.column, start: block.start };
    this.grid.showMarker(target, { minutes: length, isSpanning: block.isSpanning, text, level: "free" });
  }

  /** @param {number} minutes */
  #snapLength(minutes) {
    const step = Math.min(this.grid.step, 15);
    return Math.max(MIN_MINUTES, Math.round(minutes / step) * step);
  }

  /**
   * @param {Board.Session} session
   * @param {number} minutes
   */
  resize(session, minutes) {
    this.endDrag();
    this.#setLength(session, this.#snapLength(minutes));
  }

  /**
   * @param {Board.Session} session
   * @param {number} minutes
   */
  resizeBy(session, minutes) {
    if (session.slot) this.#setLength(session, Math.max(MIN_MINUTES, getMinutes(session.slot) + minutes));
    return true;
  }

  /**
   * @param {Board.Session} session
   * @param {number} minutes
   */
  #setLength(session, minutes) {
    if (!session.slot) return;
    const endsAt = new Date(Date.parse(session.slot.starts_at) + minutes * MINUTE_MS).toISOString();
    this.send([{ session: session.id, slot: { ...session.slot, ends_at: endsAt } }], session);
  }

  /** @param {Board.Session} session */
  park(session) {
    if (session.slot) this.send([{ session: session.id, slot: null }], session);
    return true;
  }

  /**
   * Pin time and room, then the time, then the room, then nothing.
   * @param {Board.Session} session
   */
  cyclePins(session) {
    const { slot } = session;
    if (!slot) return true;
    const states = [[false, false], [true, true], [true, false], [false, true]];
    const index = states.findIndex(([time, room]) => time === slot.is_time_pinned && room === slot.is_room_pinned);
    const [time, room] = states[(index + 1) % states.length] ?? [];
    const pinned = { ...slot, is_time_pinned: Boolean(time), is_room_pinned: Boolean(room) };
    this.send([{ session: session.id, slot: pinned }], session);
    this.announce(this.grid.describe(session));
    return true;
  }

  undo() {
    this.sync.undo();
    return true;
  }

  redo() {
    this.sync.redo();
    return true;
  }

  /** @param {Board.Session} session */
  openForm(session) {
    location.assign(this.formAddress.replace("/0/", `/${session.number}/`));
    return true;
  }

  // --- messages --------------------------------------------------------------------------------------

  /** @param {string} text */
  announce(text) {
    this.status.textContent = text;
    // A long message may have been scrolled.
    getElement("board-messages", HTMLElement).scrollTop = 0;
  }

  /**
   * @param {string} name
   * @param {Record<string, string | number>} values
   */
  announceText(name, values = {}) {
    this.announce(formatText(name, values));
  }
}

/**
 * @param {Board.Slot | null} one
 * @param {Board.Slot | null} other
 */
function isSameSlot(one, other) {
  if (!one || !other) return one === other;
  return (
    one.room === other.room &&
    Date.parse(one.starts_at) === Date.parse(other.starts_at) &&
    Date.parse(one.ends_at) === Date.parse(other.ends_at) &&
    one.is_time_pinned === other.is_time_pinned &&
    one.is_room_pinned === other.is_room_pinned
  );
}

async function start() {
  const root = getElement("board", HTMLElement);
  const csrf = document.querySelector("#board-page input[name=csrfmiddlewaretoken]");
  const server = new BoardServer(root.dataset.address ?? "", csrf instanceof HTMLInputElement ? csrf.value : "");
  try {
    const data = await server.loadBoard();
    root.hidden = false;
    document.getElementById("board-list")?.setAttribute("hidden", "");
    new BoardEditor(root, server, data);
  } catch (error) {
    if (!(error instanceof ServerRefusal)) throw error;
    // The list for browsers without scripts stays visible.
    getElement("board-failed", HTMLElement).hidden = false;
  }
}

void start();
