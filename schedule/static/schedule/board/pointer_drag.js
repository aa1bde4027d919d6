/** Drag and resize sessions with mouse, pen or finger. */

import { createElement } from "./page.js";

const DRAG_START_PIXELS = 4;
/** A touch that stays this long starts a drag; one that moves earlier scrolls. */
const LONG_PRESS_MS = 350;
const TOUCH_SLOP_PIXELS = 10;
const DAY_SWITCH_MS = 600;
/** Beside the pointer, so that the words in the cell under it can be read. */
const GHOST_OFFSET = 14;
const SCROLL_EDGE_PIXELS = 48;
const SCROLL_PIXELS = 14;

/**
 * @typedef {object} Drag
 * @property {Board.Session} session
 * @property {HTMLElement} element
 * @property {boolean} isResize
 * @property {number} pointerId
 * @property {number} startX
 * @property {number} startY
 * @property {number} grabY distance of the pointer from the top of the block
 * @property {number} x
 * @property {number} y
 * @property {number} timer of a long press
 * @property {HTMLElement | null} ghost null until the drag has begun
 */

export class PointerDrag {
  /** @param {import("./board.js").BoardEditor} board */
  constructor(board) {
    this.board = board;
    this.scroller = board.scroller;
    /** @type {Drag | null} */
    this.drag = null;
    this.frame = 0;
    this.dayTimer = 0;
    this.hoveredDay = "";
    const { root } = board;
    root.addEventListener("pointerdown", (event) => this.#press(event));
    // Not passive: once a finger drags, the page must not scroll.
    root.addEventListener("touchmove", (event) => this.drag?.ghost && event.preventDefault(), { passive: false });
    root.addEventListener("contextmenu", (event) => this.drag && event.preventDefault());
    root.addEventListener("click", (event) => this.#swallowClick(event), { capture: true });
    document.addEventListener("pointermove", (event) => this.#follow(event));
    document.addEventListener("pointerup", (event) => this.#release(event));
    document.addEventListener("pointercancel", () => this.cancel());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
    this.hasJustDragged = false;
  }

  get isDragging() {
    return Boolean(this.drag?.ghost);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    this.hasJustDragged = false;
    if (event.button !== 0 || !event.isPrimary || !(event.target instanceof Element)) return;
    const element = event.target.closest("[data-session]");
    const session = this.board.model.sessions.get(Number(element instanceof HTMLElement && element.dataset.session));
    if (!(element instanceof HTMLElement) || !session) return;
    this.cancel();
    const isResize = Boolean(event.target.closest(".block-handle"));
    this.drag = {
      session,
      element,
      isResize,
      pointerId: event.pointerId,
      startX: event.clientX,
      startY: event.clientY,
      grabY: isResize ? 0 : event.clientY - element.getBoundingClientRect().top,
      x: event.clientX,
      y: event.clientY,
      timer: event.pointerType === "touch" ? setTimeout(() => this.#begin(), LONG_PRESS_MS) : 0,
      ghost: null,
    };
  }

  /** @param {PointerEvent} event */
  #follow(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.pointerId) return;
    const distance = Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY);
    if (!drag.ghost) {
      if (drag.timer) {
        if (distance > TOUCH_SLOP_PIXELS) this.cancel();
        return;
      }
      if (distance < DRAG_START_PIXELS) return;
      this.#begin();
    }
    drag.x = event.clientX;
    drag.y = event.clientY;
    // Once a frame at most, however often the mouse reports.
    this.frame ||= requestAnimationFrame(() => this.#draw());
  }

  #begin() {
    const { drag, board } = this;
    if (!drag) return;
    clearTimeout(drag.timer);
    // Only one session moves at a time: one held by the keyboard is put back.
    board.keyboard.release();
    // The element may have been redrawn since the press.
    const { id } = drag.session;
    drag.element = board.grid.elements.get(id) ?? board.tray.elements.get(id) ?? drag.element;
    const ghost = createElement("div", "drag-ghost", drag.session.title);
    drag.ghost = ghost;
    // From the tray the block is grabbed at its top, since it has another height there.
    if (!drag.session.slot) drag.grabY = 0;
    drag.element.classList.add("is-dragged");
    document.body.classList.add("is-dragging");
    if (!drag.isResize) document.body.append(ghost);
    this.geometry = board.grid.measure();
    board.startDrag(drag.session, drag.isResize);
    this.frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Move the ghost and the marker; scroll near the edges. */
  #draw() {
    this.frame = 0;
    const { drag } = this;
    if (!drag?.ghost) return;
    drag.ghost.style.setProperty("translate", `${drag.x + GHOST_OFFSET}px ${drag.y + GHOST_OFFSET}px`);
    if (this.#scrollAtEdges(drag)) this.frame = requestAnimationFrame(() => this.#draw());
    if (drag.isResize) return this.board.previewLength(drag.session, this.#getLength(drag));
    const day = this.#findDay(drag);
    if (day !== this.hoveredDay) this.#hoverDay(day);
    const target = this.#findTarget(drag);
    // The cost of a swap is long, and would be read through the ghost.
    drag.ghost.classList.toggle("is-faint", target?.kind === "swap");
    this.board.preview(target);
  }

  /** @param {Drag} drag */
  #scrollAtEdges(drag) {
    const box = this.scroller.getBoundingClientRect();
    if (drag.x < box.left || drag.x > box.right || drag.y < box.top || drag.y > box.bottom) return false;
    const before = [this.scroller.scrollLeft, this.scroller.scrollTop];
    if (drag.y < box.top + SCROLL_EDGE_PIXELS) this.scroller.scrollTop -= SCROLL_PIXELS;
    if (drag.y > box.bottom - SCROLL_EDGE_PIXELS) this.scroller.scrollTop += SCROLL_PIXELS;
    if (drag.x < box.left + SCROLL_EDGE_PIXELS) this.scroller.scrollLeft -= SCROLL_PIXELS;
    if (drag.x > box.right - SCROLL_EDGE_PIXELS) this.scroller.scrollLeft += SCROLL_PIXELS;
    return before[0] !== this.scroller.scrollLeft || before[1] !== this.scroller.scrollTop;
  }

  /**
   * Return where the session would go; null outside of board and tray.
   * @param {Drag} drag
   * @returns {Board.Target | null}
   */
  #findTarget(drag) {
    if (isInside(this.board.tray.root.getBoundingClientRect(), drag)) return { kind: "tray", column: 0, start: 0 };
    if (!isInside(this.scroller.getBoundingClientRect(), drag)) return null;
    const area = this.board.grid.area.getBoundingClientRect();
    const { columnWidth, minuteHeight } = this.geometry ?? this.board.grid.measure();
    const column = Math.floor((drag.x - area.left) / columnWidth);
    const pointerMinute = (drag.y - area.top) / minuteHeight;
    const start = (drag.y - drag.grabY - area.top) / minuteHeight;
    return this.board.resolveTarget(drag.session, column, start, pointerMinute);
  }

  /** @param {Drag} drag */
  #getLength(drag) {
    const block = this.board.grid.blocks.find(({ session }) => session === drag.session);
    const area = this.board.grid.area.getBoundingClientRect();
    const { minuteHeight } = this.geometry ?? this.board.grid.measure();
    return (drag.y - area.top) / minuteHeight - (block?.start ?? 0);
  }

  /** @param {Drag} drag */
  #findDay(drag) {
    for (const tab of this.board.dayTabs) {
      if (isInside(tab.getBoundingClientRect(), drag)) return tab.dataset.date ?? "";
    }
    return "";
  }

  /**
   * Show the day under the pointer after a moment.
   * @param {string} date
   */
  #hoverDay(date) {
    this.hoveredDay = date;
    clearTimeout(this.dayTimer);
    if (!date) return;
    this.dayTimer = setTimeout(() => {
      this.board.showDay(date);
      this.geometry = this.board.grid.measure();
    }, DAY_SWITCH_MS);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.pointerId) return;
    // A finger that was lifted without moving, or a drag that came back, changes nothing.
    const distance = Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY);
    if (!drag.ghost || (distance < TOUCH_SLOP_PIXELS && !drag.isResize)) return this.cancel();
    drag.x = event.clientX;
    drag.y = event.clientY;
    const target = drag.isResize ? null : this.#findTarget(drag);
    const length = drag.isResize ? this.#getLength(drag) : 0;
    this.#end(drag);
    this.hasJustDragged = true;
    if (drag.isResize) this.board.resize(drag.session, length);
    else this.board.drop(drag.session, target);
  }

  cancel() {
    const { drag } = this;
    if (!drag) return;
    this.#end(drag);
    if (drag.ghost) this.board.endDrag();
  }

  /** @param {Drag} drag */
  #end(drag) {
    clearTimeout(drag.timer);
    clearTimeout(this.dayTimer);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.hoveredDay = "";
    drag.ghost?.remove();
    drag.element.classList.remove("is-dragged");
    document.body.classList.remove("is-dragging");
    this.drag = null;
  }

  /**
   * Suppress the click that the release of a drag would be on the session.
   * @param {MouseEvent} event
   */
  #swallowClick(event) {
    if (!this.hasJustDragged) return;
    this.hasJustDragged = false;
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * @param {DOMRect} box
 * @param {{ x: number, y: number }} point
 */
const isInside = (box, { x, y }) => x >= box.left && x < box.right && y >= box.top && y < box.bottom;
