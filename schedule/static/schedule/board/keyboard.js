/** The board by keyboard: find a session, pick it up, move it, drop it. */

import { isOverlapping } from "./lanes.js";
import { getMinutes } from "./model.js";

/** @type {Record<string, [number, number]>} columns and steps */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class KeyboardControl {
  /** @param {import("./board.js").BoardEditor} board */
  constructor(board) {
    this.board = board;
    /** @type {{ session: Board.Session, column: number, start: number } | null} */
    this.held = null;
    // On the document: a held session has no element, and so no focus, while another day is shown.
    document.addEventListener("keydown", (event) => this.#handleKey(event));
    document.addEventListener("focusin", (event) => this.#rememberFocus(event));
    document.addEventListener("keydown", (event) => this.#handleUndoKeys(event));
  }

  /** @param {FocusEvent} event */
  #rememberFocus(event) {
    const session = this.#getSession(event.target);
    // Something else was chosen with the mouse. (While another day is shown, the timetable has the focus.)
    if (this.held && this.held.session !== session && event.target !== this.board.grid.area) this.release();
    // Tab returns to the session that had the focus last, also if it was clicked.
    if (session) (session.slot ? this.board.grid : this.board.tray).setTabStop(session.id);
  }

  /** @param {EventTarget | null} target */
  #getSession(target) {
    const element = target instanceof Element ? target.closest("[data-session]") : null;
    return element instanceof HTMLElement ? this.board.model.sessions.get(Number(element.dataset.session)) : undefined;
  }

  /** @param {KeyboardEvent} event */
  #handleUndoKeys(event) {
    if (!(event.ctrlKey || event.metaKey) || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) this.board.redo();
    else this.board.undo();
  }

  /** @param {KeyboardEvent} event */
  #handleKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (this.board.pointer.isDragging || !this.#isOnBoard(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      return this.board.showShortcuts();
    }
    const session = this.held?.session ?? this.#getSession(event.target);
    if (!session) return;
    const isHandled = this.held ? this.#handleHeldKey(event) : this.#handleSessionKey(event, session);
    if (isHandled) event.preventDefault();
  }

  /** @param {EventTarget | null} target of a key */
  #isOnBoard(target) {
    if (!(target instanceof Element) || target.closest("dialog")) return false;
    return this.board.root.contains(target) || (this.held !== null && target === document.body);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Board.Session} session
   */
  #handleSessionKey(event, session) {
    const { board } = this;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) return this.#nudge(session, arrow);
    if (arrow) return this.#moveFocus(session, arrow);
    switch (event.key) {
      case " ":
        return this.#pickUp(session);
      case "Enter":
        return board.openForm(session);
      case "+":
      case "=":
        return board.resizeBy(session, board.grid.step);
      case "-":
        return board.resizeBy(session, -board.grid.step);
      case "p":
      case "P":
        return board.cyclePins(session);
      case "Delete":
      case "Backspace":
        return board.park(session);
      case "u":
      case "U":
        return board.undo();
      case "Home":
      case "End":
        return this.#focusEnd(session, event.key === "Home");
      case "PageUp":
      case "PageDown":
        return board.showOtherDay(event.key === "PageUp" ? -1 : 1);
      default:
        return false;
    }
  }

  /** @param {KeyboardEvent} event */
  #handleHeldKey(event) {
    const arrow = ARROWS[event.key];
    if (arrow) return this.#moveHeld(arrow);
    switch (event.key) {
      case " ":
      case "Enter":
        return this.#dropHeld();
      case "Escape":
        return this.#putBack();
      case "Delete":
      case "Backspace":
        return this.#parkHeld();
      case "PageUp":
      case "PageDown":
        this.board.showOtherDay(event.key === "PageUp" ? -1 : 1);
        return this.#previewHeld();
      case "Tab":
        // Leaving the session puts it back where it was.
        this.release();
        return false;
      default:
        return false;
    }
  }

  /**
   * @param {Board.Session} session
   * @param {[number, number]} arrow
   */
  #moveFocus(session, [columns, steps]) {
    const { grid, tray } = this.board;
    if (!session.slot) {
      const ids = [...tray.elements.keys()];
      const next = ids[ids.indexOf(session.id) + (columns + steps)];
      if (next !== undefined) tray.focus(next);
      return true;
    }
    const next = this.#findNeighbour(session, columns, steps);
    if (next) grid.focus(next.session.id);
    return true;
  }

  /**
   * Return the next session in the same room, or the one nearest in time in the next room that has any.
   * @param {Board.Session} session
   * @param {number} columns
   * @param {number} steps
   */
  #findNeighbour(session, columns, steps) {
    const { blocks } = this.board.grid;
    const current = blocks.find((block) => block.session === session);
    if (!current) return undefined;
    if (steps) {
      const column = blocks.filter((block) => block.isSpanning || current.isSpanning || block.column === current.column);
      return column[column.indexOf(current) + steps];
    }
    const others = blocks.filter((block) => !block.isSpanning && Math.sign(block.column - current.column) === columns);
    const nearest = Math.min(...others.map((block) => Math.abs(block.column - current.column)));
    return others
      .filter((block) => Math.abs(block.column - current.column) === nearest)
      .sort((one, other) => Math.abs(one.start - current.start) - Math.abs(other.start - current.start))[0];
  }

  /**
   * @param {Board.Session} session
   * @param {boolean} isFirst
   */
  #focusEnd(session, isFirst) {
    const { grid, tray } = this.board;
    const view = session.slot ? grid : tray;
    const id = [...view.elements.keys()].at(isFirst ? 0 : -1);
    if (id !== undefined) view.focus(id);
    return true;
  }

  /**
   * Move a placed session at once, by one step or one room.
   * @param {Board.Session} session
   * @param {[number, number]} arrow
   */
  #nudge(session, [columns, steps]) {
    const { grid } = this.board;
    const block = grid.blocks.find((each) => each.session === session);
    if (!block) return true;
    // A session without a room is in the column after the last one, and stays there if only its time changes.
    const column = columns ? clamp(block.column + columns, 0, this.board.model.rooms.length - 1) : block.column;
    const start = Math.max(0, block.start + steps * grid.step);
    this.board.drop(session, { kind: "cell", column, start });
    return true;
  }

  /** @param {Board.Session} session */
  #pickUp(session) {
    const { board } = this;
    const block = board.grid.blocks.find((each) => each.session === session);
    const place = block ?? board.model.findFreePlace(session, board.grid.date, board.grid.step);
    this.held = { session, column: place.column, start: place.start };
    board.startDrag(session, false);
    board.announceText("picked_up", { title: session.title });
    return this.#previewHeld();
  }

  /** @param {[number, number]} arrow */
  #moveHeld([columns, steps]) {
    const { held, board } = this;
    if (!held) return true;
    const { step, window } = board.grid;
    if (columns) held.column = clamp(held.column + columns, 0, Math.max(0, board.model.rooms.length - 1));
    // If the session starts between two steps of the grid, move it to a step first.
    const snapped = steps > 0 ? Math.floor(held.start / step) * step : Math.ceil(held.start / step) * step;
    held.start = clamp((steps ? snapped : held.start) + steps * step, 0, window.minutes - step);
    return this.#previewHeld();
  }

  #getTarget() {
    const { held, board } = this;
    if (!held) return null;
    const block = board.grid.blocks.find((each) => each.session === held.session);
    if (block && block.column === held.column && block.start === held.start) return this.#makeCell(held);
    const minutes = held.session.slot ? getMinutes(held.session.slot) : held.session.minutes;
    const extent = { ...held, minutes, isSpanning: board.model.isSpanning(held.session) };
    const other = board.grid.blocks.find(
      (each) =>
        each.session !== held.session &&
        !each.isSpanning &&
        !extent.isSpanning &&
        each.start === held.start &&
        isOverlapping(each, extent),
    );
    return other ? board.makeSwap(other) : this.#makeCell(held);
  }

  /**
   * @param {{ column: number, start: number }} held
   * @returns {Board.Target}
   */
  #makeCell(held) {
    return { kind: "cell", column: held.column, start: held.start };
  }

  #previewHeld() {
    this.board.preview(this.#getTarget());
    this.board.announcePreview();
    this.board.grid.marker.scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  }

  #dropHeld() {
    const { held } = this;
    const target = this.#getTarget();
    this.held = null;
    if (!held) return true;
    this.board.drop(held.session, target);
    const session = this.board.model.sessions.get(held.session.id);
    if (session) this.board.reveal(session);
    return true;
  }

  #parkHeld() {
    const { held } = this;
    this.held = null;
    this.board.endDrag();
    if (held?.session.slot) return this.board.park(held.session);
    if (held) this.board.focusSession(held.session.id);
    return true;
  }

  /** Put the held session back where it was. */
  release() {
    const { held, board } = this;
    if (!held) return;
    this.held = null;
    board.endDrag();
    board.announceText("put_back", { title: held.session.title });
  }

  /** Put the held session back, and show its day. */
  #putBack() {
    const { held } = this;
    this.release();
    const session = this.board.model.sessions.get(held?.session.id ?? 0);
    if (session) this.board.reveal(session);
    return true;
  }
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

/** @param {EventTarget | null} target */
const isTyping = (target) =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
