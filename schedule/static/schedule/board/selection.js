/** Commands on the chosen session as buttons, for editors who use neither keyboard nor drag and drop. */

import { formatText, getElement } from "./page.js";

export class SelectionBar {
  /** @param {import("./board.js").BoardEditor} board */
  constructor(board) {
    this.board = board;
    this.root = getElement("board-selection", HTMLElement);
    this.title = getElement("selection-title", HTMLElement);
    this.sessionId = 0;
    board.root.addEventListener("focusin", (event) => this.#choose(event.target));
    // Some browsers do not focus a button that is clicked.
    board.root.addEventListener("click", (event) => this.#choose(event.target));
    this.root.addEventListener("click", (event) => this.#run(event.target));
  }

  /** @param {EventTarget | null} target */
  #choose(target) {
    const element = target instanceof Element ? target.closest("[data-session]") : null;
    if (!(element instanceof HTMLElement)) return;
    const wasHidden = this.root.hidden;
    this.sessionId = Number(element.dataset.session);
    this.update();
    // The panel takes height from the grid, whose lowest session would be hidden.
    if (wasHidden && !this.root.hidden) element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Show and outline the chosen session, and enable the commands that it allows now. */
  update() {
    const session = this.board.model.sessions.get(this.sessionId);
    this.root.hidden = !session;
    for (const block of this.board.root.querySelectorAll(".block[data-session]")) {
      block.classList.toggle("is-chosen", block.getAttribute("data-session") === String(session?.id));
    }
    if (!session) return;
    this.title.textContent = session.title;
    for (const button of this.root.querySelectorAll("button")) {
      button.disabled = !session.slot && !["form", "close"].includes(button.dataset.command ?? "");
    }
    const pin = this.root.querySelector("[data-command=pin]");
    const isPinned = session.slot?.is_time_pinned || session.slot?.is_room_pinned;
    if (pin) pin.textContent = formatText(isPinned ? "change_pin" : "pin");
  }

  /** @param {EventTarget | null} target */
  #run(target) {
    const button = target instanceof Element ? target.closest("button") : null;
    const session = this.board.model.sessions.get(this.sessionId);
    if (!button || !session) return;
    if (button.dataset.command === "close") return this.#close();
    const { board } = this;
    /** @type {Record<string, () => void>} */
    const commands = {
      pin: () => board.cyclePins(session),
      shorter: () => board.resizeBy(session, -board.grid.step),
      longer: () => board.resizeBy(session, board.grid.step),
      park: () => board.park(session),
      form: () => board.openForm(session),
    };
    commands[button.dataset.command ?? ""]?.();
    this.update();
  }

  #close() {
    const { sessionId } = this;
    // The focus would choose the session again, so it goes to the timetable.
    this.sessionId = 0;
    this.update();
    if (sessionId) this.board.scroller.focus({ preventScroll: true });
  }
}
