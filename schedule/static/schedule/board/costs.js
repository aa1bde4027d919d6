/** Show in the cells of the grid what it would cost to put a session there. */

import { createElement } from "./page.js";
import { MINUTE_MS } from "./model.js";

/** @type {Record<Board.Level, number>} */
const SEVERITY = { free: 0, warn: 1, block: 2 };

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
    const cells = [];
    for (const cost of this.costs) {
      const from = Math.max(Date.parse(cost.starts_at), start);
      const until = Math.min(Date.parse(cost.ends_at), end);
      if (until <= from || cost.level === "free") continue;
      const cell = createElement("div", `cost level-${cost.level}`);
      cell.append(createElement("span", "", cost.text));
      cell.style.setProperty("--start", String((from - start) / MINUTE_MS));
      cell.style.setProperty("--length", String((until - from) / MINUTE_MS));
      cell.style.setProperty("--column", String(this.grid.model.columns.get(cost.room ?? 0) ?? 0));
      cell.classList.toggle("spanning", cost.room === null);
      cells.push(cell);
    }
    this.grid.costs.replaceChildren(...cells);
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
