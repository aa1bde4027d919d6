/** Dialogs of the board: journal, shortcuts, and two versions of one session. */

import { createElement, formatText, getElement } from "./page.js";

export class Panels {
  constructor() {
    this.journal = getElement("board-journal", HTMLDialogElement);
    this.journalList = getElement("journal-list", HTMLElement);
    this.shortcuts = getElement("board-shortcuts", HTMLDialogElement);
    this.versions = getElement("board-versions", HTMLDialogElement);
    for (const dialog of [this.journal, this.shortcuts, this.versions]) {
      for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
    }
  }

  showShortcuts() {
    if (!this.shortcuts.open) this.shortcuts.showModal();
  }

  /**
   * @param {Board.JournalEntry[]} entries the newest first
   * @param {(entry: Board.JournalEntry) => void} undo
   */
  showJournal(entries, undo) {
    const rows = entries.map((entry) => {
      const row = createElement("li");
      const text = createElement("span", "journal-text", entry.text);
      text.dir = "auto";
      const author = entry.is_own ? formatText("you") : entry.author;
      row.append(text, createElement("small", "muted", `${author} · ${entry.made_at}`));
      if (entry.is_undone) row.append(createElement("span", "tag struck", formatText("undone_tag")));
      else row.append(this.#makeUndoButton(entry, undo));
      return row;
    });
    const empty = createElement("li", "muted", formatText("journal_empty"));
    this.journalList.replaceChildren(...(rows.length ? rows : [empty]));
    if (!this.journal.open) this.journal.showModal();
  }

  /**
   * @param {Board.JournalEntry} entry
   * @param {(entry: Board.JournalEntry) => void} undo
   */
  #makeUndoButton(entry, undo) {
    const button = createElement("button", "button quiet small", formatText("undo_this"));
    button.type = "button";
    button.setAttribute("aria-label", formatText("undo_own", { text: entry.text }));
    button.addEventListener("click", () => {
      this.journal.close();
      undo(entry);
    });
    return button;
  }

  /**
   * Show where two editors put the same sessions; resolve to true to use one's own version.
   * @param {{ title: string, own: string, other: string, author: string }[]} rows
   * @returns {Promise<boolean>}
   */
  chooseVersion(rows) {
    const parts = rows.flatMap(({ title, own, other, author }) => {
      const heading = createElement("h3", "", title);
      heading.dir = "auto";
      const list = createElement("dl", "facts");
      for (const [term, text] of [
        [formatText("your_version"), own],
        [formatText("other_version", { name: author }), other],
      ]) {
        const row = createElement("div");
        row.append(createElement("dt", "", term), createElement("dd", "", text));
        list.append(row);
      }
      return [heading, list];
    });
    getElement("versions-list", HTMLElement).replaceChildren(...parts);
    this.versions.returnValue = "";
    this.versions.showModal();
    return new Promise((resolve) => {
      this.versions.addEventListener("close", () => resolve(this.versions.returnValue === "own"), { once: true });
    });
  }
}
