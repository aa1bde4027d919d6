/** Fit the board to the window, and pass the shown day on to the links of the page around it. */

import { getElement } from "./page.js";

/** As in board.css: on narrower screens the tools are folded and the tray is under the grid. */
const WIDE_SCREEN = "(min-width: 52.01rem)";

export class BoardLayout {
  /** @param {import("./board.js").BoardEditor} board */
  constructor(board) {
    this.board = board;
    /** @type {HTMLAnchorElement[]} */
    this.links = [...document.querySelectorAll("a[data-with-day]")].filter((link) => link instanceof HTMLAnchorElement);
    this.#foldTools();
    this.fitHeight();
    window.addEventListener("resize", () => this.fitHeight());
    getElement("board-skip", HTMLAnchorElement).addEventListener("click", (event) => {
      event.preventDefault();
      board.focusSession(board.grid.focusedId);
    });
  }

  /** Set the distance of the board from the top of the page, from which board.css calculates its height. */
  fitHeight() {
    const { root } = this.board;
    root.style.setProperty("--top", `${Math.round(root.getBoundingClientRect().top + window.scrollY)}px`);
  }

  #foldTools() {
    const tools = getElement("board-options", HTMLDetailsElement);
    const query = window.matchMedia(WIDE_SCREEN);
    tools.open = query.matches;
    query.addEventListener("change", () => {
      tools.open = query.matches;
    });
  }

  /** Return the day of the address and remove it there, since the editor chooses the day from then on. */
  takeRequestedDay() {
    const address = new URL(location.href);
    const day = address.searchParams.get("day") ?? "";
    if (!day) return "";
    address.searchParams.delete("day");
    history.replaceState(history.state, "", address);
    return day;
  }

  /**
   * Add the shown day to the links to forms, which start with it.
   * @param {string} date
   */
  setDay(date) {
    for (const link of this.links) {
      const address = new URL(link.href);
      address.searchParams.set("day", date);
      link.href = address.href;
    }
  }
}
