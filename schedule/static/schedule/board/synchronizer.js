/** Keep the board in sync with the server: send moves in order, fetch those of other editors. */

import { createElement, formatText, getElement } from "./page.js";
import { ServerRefusal } from "./server.js";

const POLL_MS = 3000;
/** A refusal stays in view this long, unless the next command succeeds. */
const PROBLEM_MS = 12_000;
const MAX_ANNOUNCED = 3;

export class Synchronizer {
  /**
   * @param {import("./board.js").BoardEditor} board
   * @param {import("./server.js").BoardServer} server
   */
  constructor(board, server) {
    this.board = board;
    this.server = server;
    this.undoButton = getElement("board-undo", HTMLButtonElement);
    this.redoButton = getElement("board-redo", HTMLButtonElement);
    this.editors = getElement("board-editors", HTMLElement);
    this.problem = getElement("board-problem", HTMLElement);
    this.conflicts = getElement("board-conflicts", HTMLDetailsElement);
    this.conflictList = getElement("conflict-list", HTMLElement);
    this.conflicts.addEventListener("keydown", (event) => event.key === "Escape" && this.#closeConflicts());
    /** Chains the requests: each is sent with the revision that the one before returned. */
    this.queue = Promise.resolve();
    this.pending = 0;
    this.problemSince = 0;
    /** Sessions with moves that are not answered yet: older answers must not move them back. */
    /** @type {number[]} */
    this.unanswered = [];
    /** Whether the board must be fetched again, after a drag that is under way. */
    this.needsReload = false;
    /** Whether own moves were stored since the conflicts were fetched. */
    this.areConflictsOld = false;
    /** Sessions moved here since the conflicts were fetched. */
    /** @type {Set<number>} */
    this.movedIds = new Set();
    /** What undo and redo would do, from the last answer. */
    this.commands = { undo: "", redo: "" };
  }

  /** @param {Board.Data} data */
  start(data) {
    this.#showChanges(data);
    setInterval(() => void this.#poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => void this.#poll());
  }

  async #poll() {
    if (document.hidden || this.pending) return;
    await this.#enqueue(async () => {
      if (this.needsReload && !this.board.dragged) return this.#reload();
      const withConflicts = this.areConflictsOld;
      const changes = await this.server.loadChanges(this.board.model.revision, withConflicts);
      this.areConflictsOld = false;
      const others = changes.moves.filter((move) => !move.is_own);
      const newConflicts = await this.#apply(changes);
      if (others.length) this.#announceOthers(others);
      if (withConflicts) this.#announceConflicts(newConflicts);
    });
  }

  /**
   * @param {() => Promise<void>} work
   */
  #enqueue(work) {
    this.pending += 1;
    this.queue = this.queue
      .then(work)
      .then(() => this.#forgetProblem())
      .catch((error) => this.#handleFailure(error))
      .finally(() => {
        this.pending -= 1;
      });
    return this.queue;
  }

  /**
   * Change the draft, then fetch the conflicts: of several commands in a row, after the last one only.
   * @param {() => Promise<void>} work
   */
  #command(work) {
    this.areConflictsOld = true;
    void this.#enqueue(work).then(() => this.#poll());
  }

  /** @param {unknown} error */
  async #handleFailure(error) {
    if (!(error instanceof ServerRefusal)) {
      // Rethrown, it would end the queue, and later moves would never be sent.
      reportError(error);
      this.#showProblem(formatText("refused"));
      return;
    }
    const isUnreachable = !error.status || error.status >= 500;
    this.#showProblem(error.message || formatText(isUnreachable ? "offline" : "refused"));
    if (isUnreachable) {
      this.problemSince = 0;
      return;
    }
    // If that fails too, the next poll tries again.
    await this.#reload().catch(() => null);
  }

  #forgetProblem() {
    if (Date.now() - this.problemSince > PROBLEM_MS) this.#showProblem("");
  }

  /** @param {string} text */
  #showProblem(text) {
    if (text) this.problemSince = Date.now();
    this.problem.hidden = !text;
    if (this.problem.textContent !== text) this.problem.textContent = text;
  }

  /** Fetch and show the whole board; during a drag, once it has ended. */
  async #reload() {
    this.needsReload = true;
    if (this.board.dragged) return;
    const data = await this.server.loadBoard();
    // A drag may have begun meanwhile, whose session and elements must stay.
    if (this.board.dragged) return;
    this.needsReload = false;
    this.areConflictsOld = false;
    this.board.reload(data, this.unanswered);
    this.#showChanges(data);
  }

  /** Show what could not be shown during a drag. */
  catchUp() {
    if (this.needsReload) void this.#enqueue(() => this.#reload());
  }

  /**
   * Apply moves, and update what can be undone; return the new conflicts.
   * @param {Board.Changes} changes
   * @returns {Promise<Board.Conflict[]>}
   */
  async #apply(changes) {
    const { model } = this.board;
    const isComplete = model.applyMoves(changes.moves, this.unanswered);
    const isOtherProgramme = changes.programme !== undefined && changes.programme !== model.programme;
    if (changes.reload || !isComplete || isOtherProgramme) {
      await this.#reload();
      return [];
    }
    model.revision = Math.max(model.revision, changes.revision);
    const newConflicts = changes.conflicts ? model.replaceConflicts(changes.conflicts) : [];
    if (changes.moves.length || changes.conflicts) this.board.redraw();
    this.#showChanges(changes);
    return newConflicts;
  }

  /** @param {Board.Changes} changes */
  #showChanges({ undo, redo, editors, conflicts }) {
    this.commands = { undo, redo };
    for (const [button, text, name] of /** @type {const} */ ([
      [this.undoButton, undo, "undo"],
      [this.redoButton, redo, "redo"],
    ])) {
      button.disabled = !text;
      button.title = text && formatText(`${name}_own`, { text });
    }
    if (editors) this.#showEditors(editors);
    if (conflicts) this.#showConflicts(conflicts);
  }

  /** @param {string[]} names */
  #showEditors(names) {
    const text = names.length ? formatText("editors", { names: names.join(", ") }) : "";
    if (this.editors.textContent !== text) this.editors.textContent = text;
  }

  /**
   * List the conflicts, each with a button for each of its sessions.
   * @param {Board.Conflict[]} conflicts
   */
  #showConflicts(conflicts) {
    const { board } = this;
    this.conflicts.hidden = !conflicts.length;
    getElement("conflict-count", HTMLElement).textContent = formatText("conflicts", { count: conflicts.length });
    const items = conflicts.map(({ text, level, sessions }) => {
      const item = createElement("li", `level-${level}`);
      item.append(createElement("span", "", text));
      for (const session of sessions.map((id) => board.model.sessions.get(id)).filter((each) => each !== undefined)) {
        const button = createElement("button", "button plain small", session.title);
        button.type = "button";
        button.dir = "auto";
        button.addEventListener("click", () => {
          // The list lies over the timetable.
          this.conflicts.open = false;
          board.reveal(session);
        });
        item.append(button);
      }
      return item;
    });
    this.conflictList.replaceChildren(...items);
  }

  #closeConflicts() {
    this.conflicts.open = false;
    getElement("conflict-count", HTMLElement).focus();
  }

  /** @param {Board.Move[]} moves */
  #announceOthers(moves) {
    const { model, grid } = this.board;
    const last = moves.at(-1);
    const session = last && model.sessions.get(last.session);
    if (!last || !session) return;
    for (const move of moves) grid.elements.get(move.session)?.classList.add("is-changed");
    const values = { name: last.author, title: session.title, place: grid.describePlace(session.slot) };
    this.board.announceText("moved_by", values);
  }

  /**
   * @param {Board.Placement[]} placements
   * @param {Map<number, Board.Slot | null>} before
   */
  sendMoves(placements, before) {
    // The revision that the editor saw: an answer under way may bring moves of others.
    const seenRevision = this.board.model.revision;
    const ids = placements.map((each) => each.session);
    this.unanswered.push(...ids);
    this.#command(async () => {
      for (const id of ids) this.unanswered.splice(this.unanswered.indexOf(id), 1);
      try {
        const changes = await this.server.sendMoves(seenRevision, placements);
        this.#showProblem("");
        for (const id of ids) this.movedIds.add(id);
        await this.#apply(changes);
      } catch (error) {
        this.#putBack(before);
        if (error instanceof ServerRefusal && error.problem.current) return this.#resolve(placements, error);
        // Others may have moved the same since then.
        this.needsReload = true;
        this.#announceNotStored(before);
        throw error;
      }
    });
  }

  /**
   * Announce that moves were not stored, although they were announced.
   * @param {Map<number, Board.Slot | null>} before
   */
  #announceNotStored(before) {
    const { model, grid } = this.board;
    const texts = [...before].map(([id, slot]) => {
      const title = model.sessions.get(id)?.title ?? "";
      return formatText("not_stored", { title, place: grid.describePlace(slot) });
    });
    this.board.announce(texts.join(" "));
  }

  /**
   * Announce new conflicts, and remaining ones of sessions moved here, with the titles of their sessions.
   * @param {Board.Conflict[]} newConflicts
   */
  #announceConflicts(newConflicts) {
    const { model, status } = this.board;
    const { movedIds } = this;
    this.movedIds = new Set();
    const remaining = model.conflicts.filter((each) => !newConflicts.includes(each) && each.sessions.some((id) => movedIds.has(id)));
    const texts = [...newConflicts, ...remaining].slice(0, MAX_ANNOUNCED).map((conflict) => {
      const titles = conflict.sessions.map((id) => formatText("quoted", { title: model.sessions.get(id)?.title ?? "" }));
      const values = { sessions: titles.join(", "), text: conflict.text };
      return formatText(newConflicts.includes(conflict) ? "conflict_new" : "conflict_stays", values);
    });
    if (texts.length) this.board.announce(`${status.textContent} — ${texts.join(" ")}`);
  }

  /** @param {Map<number, Board.Slot | null>} before */
  #putBack(before) {
    for (const [id, slot] of before) {
      const session = this.board.model.sessions.get(id);
      if (session) session.slot = slot;
    }
    this.board.redraw();
  }

  /**
   * Show both versions of what two editors moved; send the own moves again if the editor chooses them.
   * @param {Board.Placement[]} placements
   * @param {ServerRefusal} refusal
   */
  async #resolve(placements, { problem }) {
    const { model, grid, panels } = this.board;
    const changes = problem.changes;
    if (changes) await this.#apply(changes);
    const rows = placements
      .filter((each) => String(each.session) in (problem.current ?? {}))
      .map((each) => ({
        title: model.sessions.get(each.session)?.title ?? "",
        own: grid.describePlace(each.slot),
        other: grid.describePlace(problem.current?.[each.session] ?? null),
        author: changes?.moves.findLast((move) => move.session === each.session)?.author ?? "",
      }));
    this.board.announce(problem.detail ?? "");
    if (!(await panels.chooseVersion(rows))) return;
    const answer = await this.server.sendMoves(model.revision, placements);
    await this.#apply(answer);
  }

  undo() {
    this.#revert(() => this.server.undo(this.board.model.revision), "undone", () => this.commands.undo);
  }

  /**
   * Undo a command of the journal.
   * @param {Board.JournalEntry} entry
   */
  undoEntry(entry) {
    this.#revert(() => this.server.undo(this.board.model.revision, entry.batch), "undone", () => entry.text);
  }

  redo() {
    this.#revert(() => this.server.redo(this.board.model.revision), "redone", () => this.commands.redo);
  }

  /**
   * Undo or redo after the requests before it, and announce which command it was.
   * @param {() => Promise<Board.Changes>} request
   * @param {"undone" | "redone"} name of the announcement
   * @param {() => string} describe
   */
  #revert(request, name, describe) {
    this.#command(async () => {
      const text = describe();
      const changes = await request();
      await this.#apply(changes);
      if (changes.skipped?.length) return this.board.announceText(`${name}_in_part`, { text });
      // "moved to" in the text of what was undone is not where the session is now.
      const reverted = name === "undone" ? changes.moves.filter((move) => move.is_own && move.reverts !== null) : [];
      if (reverted.length !== 1) return this.board.announceText(name, { text });
      const place = this.board.grid.describePlace(reverted[0].slot);
      this.board.announce(`${formatText(name, { text })}. ${formatText("undone_place", { place })}`);
    });
  }

  showJournal() {
    void this.#enqueue(async () => {
      const { batches } = await this.server.loadJournal();
      this.board.panels.showJournal(batches, (entry) => this.undoEntry(entry));
    });
  }
}
