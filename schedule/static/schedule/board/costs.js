/** Show in the cells of the grid what it would cost to put a session there. */

import { createElement } from "./page.js";
import { MINUTE_MS } from "./model.js";

/** @type {Record<Board.Level, number>} */
const SEVERITY = { free: 0, warn: 1, block: 2 };
// As in board.css: twelve pixels with a line height of 1.2.
const LINE_PIXELS = 14.4;
const PADDING_PIXELS = 2;

/**
 * @param {{ level: Board.Level }[]} costs
 * @returns {Board.Level}
 */
export const getSeverest = (costs) =>
  costs.map(({ level }) => level).sort((one, other) => SEVERITY[other] - SEVERITY[one])[0] ?? "free";

export class CostOverlay {
  /**
   * @param {import("./grid_view.js").GridView} grid
   * @param {import("./server.js").BoardServer} server
   */
  constructor(grid, server) {
    this.grid = grid;
    this.server = server;
    this.sessionId = 0;
    /** @type {Board.Cost[]} */
    this.costs = [];
    /** The costs of swaps by the id of the other session; null while they are loading. */
    /** @type {Map<number, Board.SwapCost[] | null>} */
    this.swaps = new Map();
  }

  /**
   * Fetch and draw the costs of a session; the board can be used while they are loading.
   * @param {number} sessionId
   */
  async show(sessionId) {
    this.sessionId = sessionId;
    this.costs = [];
    this.swaps.clear();
    const found = await this.server.loadCosts(sessionId).catch(() => null);
    if (!found || this.sessionId !== sessionId) return;
    this.costs = found.costs;
    this.draw();
  }

  /**
   * Return what a swap with another session costs both; null until it has been fetched.
   * @param {number} other
   * @param {() => void} onFound
   */
  findSwap(other, onFound) {
    const known = this.swaps.get(other);
    if (known === undefined) void this.#loadSwap(other, onFound);
    return known ?? null;
  }

  /**
   * @param {number} other
   * @param {() => void} onFound
   */
  async #loadSwap(other, onFound) {
    const { sessionId } = this;
    this.swaps.set(other, null);
    const found = await this.server.loadSwapCosts(sessionId, other).catch(() => null);
    if (!found || this.sessionId !== sessionId) return;
    this.swaps.set(other, found.costs);
    onFound();
  }

  hide() {
    this.sessionId = 0;
    this.costs = [];
    this.swaps.clear();
    this.grid.costs.replaceChildren();
  }

  draw() {
    const { start, end } = this.grid.window;
    const { minuteHeight } = this.grid.measure();
    const cells = [];
    for (const cost of this.costs) {
      const from = Math.max(Date.parse(cost.starts_at), start);
      const until = Math.min(Date.parse(cost.ends_at), end);
      if (until <= from || cost.level === "free") continue;
      const [first, last] = [(from - start) / MINUTE_MS, (until - start) / MINUTE_MS];
      const column = cost.room === null ? null : (this.grid.model.columns.get(cost.room) ?? 0);
      const cell = createElement("div", `cost level-${cost.level}`);
      cell.style.setProperty("--start", String(first));
      cell.style.setProperty("--length", String(last - first));
      cell.style.setProperty("--column", String(column ?? 0));
      cell.classList.toggle("spanning", column === null);
      this.#addText(cell, cost.text, { column, first, last, minuteHeight });
      cells.push(cell);
    }
    this.grid.costs.replaceChildren(...cells);
  }

  /**
   * Write the reason where no session covers it, in as many lines as fit in full; the status has all of it.
   * @param {HTMLElement} cell
   * @param {string} text
   * @param {{ column: number | null, first: number, last: number, minuteHeight: number }} area
   */
  #addText(cell, text, { column, first, last, minuteHeight }) {
    const [start, end] = this.#findFreeTime(column, first, last, LINE_PIXELS / minuteHeight);
    const lines = Math.floor(((end - start) * minuteHeight - PADDING_PIXELS) / LINE_PIXELS);
    if (lines < 1) return;
    const span = createElement("span", "", text);
    span.style.setProperty("--lines", String(lines));
    span.style.setProperty("--offset", String(start - first));
    cell.append(span);
  }

  /**
   * Return the first minutes of an area that no session covers, up to the next session.
   * @param {number | null} column null for all columns
   * @param {number} first
   * @param {number} last
   * @param {number} lineMinutes the time that one line of text is as high as
   * @returns {[number, number]}
   */
  #findFreeTime(column, first, last, lineMinutes) {
    const blocks = this.grid.blocks.filter((block) => column === null || block.isSpanning || block.column === column);
    let start = first;
    for (const block of blocks.sort((one, other) => one.start - other.start)) {
      if (block.start < start + lineMinutes) start = Math.max(start, block.start + block.minutes);
      else return [start, Math.min(last, block.start)];
    }
    return [start, last];
  }

  /**
   * Return the severest cost of starting in a room at a time; null if none is known.
   * @param {number | null} room
   * @param {number} at in milliseconds
   * @returns {Board.Cost | null}
   */
  find(room, at) {
    const found = this.costs.filter(
      (cost) => cost.room === room && Date.parse(cost.starts_at) <= at && at < Date.parse(cost.ends_at),
    );
    return found.sort((one, other) => SEVERITY[other.level] - SEVERITY[one.level])[0] ?? null;
  }
}
