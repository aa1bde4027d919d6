/** Draw the unlocked desk: search, guests, the last verdict, dialogs, and the list of problems. */

import { parseShortCode } from "../../scanner/badge_codes.js";
import { listenToKeys, listReadings } from "../../scanner/keyboard_scanner.js";
import { SkippedGuests } from "../skipped_guests.js";
import { CardActions } from "./card_actions.js";
import { checkBadge } from "./check_badge.js";
import { getForm } from "./forms.js";
import { GuestDialog } from "./guest_dialog.js";
import { drawFacts } from "./guest_facts.js";
import { formatName, searchGuests } from "./guests.js";
import { formatMoment, formatText, getElement, makeButton, makeElement, showMessage } from "./page.js";
import { canPay, PaymentDialog } from "./payment_dialog.js";
import { drawProblem } from "./problems.js";
import { VerdictCard } from "./verdict_card.js";
import { WalkInDialog } from "./walk_in_dialog.js";

/** @typedef {import("./desk_state.js").DeskState} DeskState */

export class DeskView {
  #getDesk;
  #printBadge;
  #dialog;
  #payments;
  #walkIns;
  #cardActions;
  #skippedGuests = new SkippedGuests(getElement("skipped"));
  #card = new VerdictCard(getElement("verdict"));
  #query = "";
  /** The reference of a guest whose badge was scanned, shown instead of search results. */
  #scannedReference = "";
  /** The reference of the last guest who was shown so, until a guest is served; typed letters do not change it. */
  #unservedReference = "";
  /** What is wrong with the scanned badge: the name of a text, or "". */
  #badgeProblem = "";
  #scanCount = 0;
  #isBusy = false;

  /**
   * @param {() => DeskState | null} getDesk
   * @param {(guest: Desk.Guest) => void} printBadge
   */
  constructor(getDesk, printBadge) {
    this.#getDesk = getDesk;
    this.#printBadge = printBadge;
    const runOnce = (/** @type {() => Promise<void>} */ action) => this.#runOnce(action);
    this.#payments = new PaymentDialog({
      getDesk,
      runOnce,
      showSettled: (reference, text) => this.#showChanged(reference, text),
    });
    this.#cardActions = new CardActions({
      getDesk,
      runOnce,
      checkIn: (guest, reason) => this.#checkIn(guest, "in", reason),
      print: (guest) => this.#print(guest),
      takePayment: (guest) => this.#payments.open(guest),
    });
    this.#walkIns = new WalkInDialog({
      getDesk,
      runOnce,
      getUnmatchedQuery: () => this.#getUnmatchedQuery(),
      checkIn: (guest) => this.#checkIn(guest, "in"),
      showGuest: (reference) => this.#showGuest(reference),
      showRegistered: (guest) => this.#showRegistered(guest),
    });
    this.#dialog = new GuestDialog({
      getDesk,
      runOnce,
      takePayment: (guest) => this.#payments.open(guest),
      recordPrint: (guest, reason) => this.#recordPrint(guest, reason),
      printBadge: (guest) => {
        this.#printBadge(guest);
        this.focusSearch();
      },
      showTransferred: (reference) => this.#showChanged(reference, formatText("transfer.done")),
      focusSearch: () => this.focusSearch(),
    });
  }

  get #field() {
    return /** @type {HTMLInputElement} */ (getElement("q"));
  }

  focusSearch() {
    this.#field.focus();
  }

  /** @param {string} query */
  showSearch(query) {
    this.#field.value = query;
    this.#search(query);
  }

  /** Remove everything about guests from the page. */
  clear() {
    for (const id of ["results", "problems", "badge-sheet"]) getElement(id).replaceChildren();
    this.#card.clear();
    this.#dialog.clear();
    this.#payments.clear();
    this.#walkIns.clear();
    this.#skippedGuests.clear();
    this.#field.value = this.#query = this.#scannedReference = this.#unservedReference = this.#badgeProblem = "";
  }

  listen() {
    this.#field.addEventListener("input", () => this.#search(this.#field.value));
    getForm("offline-search").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.#checkInHighlighted();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.#moveHighlight(event.key === "ArrowDown" ? 1 : -1);
    });
    listenToKeys(document, (text) => this.#handleScan(text));
    this.#walkIns.listen();
    this.#dialog.listen();
    this.#payments.listen();
    for (const button of document.querySelectorAll("dialog [data-close]")) {
      button.addEventListener("click", () => button.closest("dialog")?.close());
    }
  }

  /**
   * Run an action, unless one is running: a second click must not do it twice.
   * @param {() => Promise<void>} action
   */
  async #runOnce(action) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await action();
    } finally {
      this.#isBusy = false;
    }
  }

  refresh() {
    const desk = this.#getDesk();
    if (!desk) return;
    getElement("desk-event").textContent = desk.data?.event.title ?? "";
    getElement("connection").textContent = formatText(`connection.${desk.connection}`, { sentence: desk.refusal });
    // An online desk's list is up to date.
    const isListDated = desk.connection !== "online" && desk.data !== null && desk.syncedAt !== null;
    showMessage("list-time", isListDated ? this.#describeList(desk, "list.time") : "");
    getElement("pending-count").textContent = formatText("pending", { count: desk.pending.length });
    getElement("sign-in").hidden = desk.connection !== "signed_out";
    getElement("back-online").hidden = desk.connection !== "online" || desk.pending.length > 0;
    getElement("no-data").hidden = desk.data !== null;
    getElement("inside-count").textContent = formatText("inside", {
      count: desk.guests.filter((guest) => guest.is_inside).length,
    });
    this.#drawProblems(desk);
    this.#drawResults(desk);
    this.#card.refresh(desk);
  }

  // --- search -------------------------------------------------------------------------------------------

  /** @param {string} query */
  #search(query) {
    this.#query = query;
    this.#scannedReference = this.#badgeProblem = "";
    // A scan whose badge is still being checked must not replace the results of a later search.
    this.#scanCount += 1;
    if (query) {
      // The last guest's verdict must not stay above the next guest.
      this.#card.clear();
      showMessage("letters-warning", "");
    }
    showMessage("scan-problem", "");
    const desk = this.#getDesk();
    if (desk) this.#drawResults(desk);
  }

  /** @param {string} text */
  async #handleScan(text) {
    this.#search("");
    this.#card.clear();
    this.#field.value = "";
    this.focusSearch();
    const desk = this.#getDesk();
    if (!desk) return;
    const scan = this.#scanCount;
    const { reference, problem } = await checkBadge(listReadings(text), desk);
    if (scan !== this.#scanCount || desk !== this.#getDesk()) return;
    [this.#scannedReference, this.#badgeProblem] = [reference, problem];
    const sentence = problem === "scan.unknown" ? this.#describeList(desk, problem) : formatText(problem);
    if (problem) showMessage("scan-problem", sentence);
    this.#drawResults(desk);
    this.#noteSkipped(desk, this.#unservedReference);
    this.#unservedReference = problem === "scan.revoked" ? "" : reference || this.#unservedReference;
  }

  /**
   * Warn of the guest whose badge was scanned before, unless they were checked in.
   * @param {DeskState} desk
   * @param {string} reference
   */
  #noteSkipped(desk, reference) {
    this.#skippedGuests.remove(this.#scannedReference);
    const guest = desk.findGuest(reference);
    if (guest?.state !== "confirmed" || guest.is_inside || reference === this.#scannedReference) return;
    const button = makeButton("", () => this.#runOnce(() => this.#checkInSkipped(reference)));
    this.#skippedGuests.add({ reference, name: formatName(guest) }, button);
  }

  /**
   * Check in a guest who was skipped; the guest who is shown now stays to be served.
   * @param {string} reference
   */
  async #checkInSkipped(reference) {
    const desk = this.#getDesk();
    const guest = desk?.findGuest(reference);
    this.#skippedGuests.remove(reference);
    if (!desk || !guest || guest.is_inside) return;
    const shown = [this.#scannedReference, this.#badgeProblem, this.#unservedReference];
    await this.#checkIn(guest, "in");
    [this.#scannedReference, this.#badgeProblem, this.#unservedReference] = shown;
    this.#drawResults(desk);
  }

  /** @param {DeskState} desk */
  #drawResults(desk) {
    const scanned = this.#scannedReference ? desk.findGuest(this.#scannedReference) : undefined;
    const { shown, total } = scanned
      ? { shown: [scanned], total: 1 }
      : searchGuests(desk.guests, this.#query, parseShortCode(this.#query));
    const list = makeElement("ul", "listing guests");
    list.append(...shown.map((guest) => this.#drawGuest(desk, guest)));
    const found = total ? formatText("found", { count: total }) : this.#describeList(desk, "search.none");
    const count = this.#query ? makeElement("p", "muted small", found) : "";
    const register = makeElement("p", "actions");
    register.append(makeButton(formatText("register"), () => this.#walkIns.open()));
    const canRegister = !total && this.#query && desk.data;
    getElement("results").replaceChildren(count, ...(total ? [list] : []), ...(canRegister ? [register] : []));
    this.#moveHighlight(0);
  }

  /** Return the search, if it found nobody. */
  #getUnmatchedQuery() {
    const guests = this.#getDesk()?.guests ?? [];
    return searchGuests(guests, this.#query, parseShortCode(this.#query)).total ? "" : this.#query;
  }

  /**
   * Return a text about the list of this device, with the time of the list.
   * @param {DeskState} desk
   * @param {string} name
   */
  #describeList(desk, name) {
    if (!desk.data || desk.syncedAt === null) return formatText("no_list");
    return formatText(name, { time: formatMoment(desk.syncedAt, desk.data.event.timezone) });
  }

  /**
   * @param {DeskState} desk
   * @param {Desk.Guest} guest
   */
  #drawGuest(desk, guest) {
    const item = makeElement("li");
    item.dataset.reference = guest.reference;
    const row = makeElement("div", "row");
    const texts = makeElement("div");
    texts.append(
      makeElement("p", "person-name", formatName(guest)),
      makeElement("p", "", guest.company),
      drawFacts(desk, guest),
    );
    const actions = makeElement("div", "cluster");
    if (guest.state === "confirmed") {
      const direction = guest.is_inside ? "out" : "in";
      const checkIn = () => this.#runOnce(() => this.#checkIn(guest, direction));
      // Enter asks for the reason to accept a badge that is no longer valid.
      if (!this.#isBadgeRevoked) actions.append(makeButton(formatText(`check_${direction}`), checkIn));
      actions.append(
        makeButton(formatText("print"), () => this.#runOnce(() => this.#print(guest))),
      );
    } else if (guest.state === "pending" && canPay(desk, guest)) actions.append(this.#cardActions.makePaymentButton(guest));
    actions.append(makeButton(formatText("open"), () => this.#dialog.open(guest)));
    row.append(texts, actions);
    item.append(row);
    return item;
  }

  get #items() {
    return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#results .guests > li")]);
  }

  /** @param {number} step */
  #moveHighlight(step) {
    const items = this.#items;
    const current = Math.max(0, items.findIndex((item) => item.ariaCurrent === "true"));
    const next = Math.min(Math.max(current + step, 0), items.length - 1);
    items.forEach((item, index) => {
      if (index === next) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    });
  }

  // --- check-in -----------------------------------------------------------------------------------------

  #checkInHighlighted() {
    const reference = this.#items.find((item) => item.ariaCurrent === "true")?.dataset.reference;
    const guest = reference ? this.#getDesk()?.findGuest(reference) : undefined;
    if (!guest) return;
    if (guest.state === "confirmed" && !guest.is_inside && !this.#isBadgeRevoked) this.#runOnce(() => this.#checkIn(guest, "in"));
    else this.#showRefusal(guest);
  }

  get #isBadgeRevoked() {
    return this.#badgeProblem === "scan.revoked";
  }

  /**
   * Show why a guest cannot be checked in, instead of the last verdict: a green one would be taken for theirs.
   * @param {Desk.Guest} guest
   */
  #showRefusal(guest) {
    const isPending = guest.state === "pending";
    const refusal = guest.is_inside ? "verdict.already_in" : `refusal.${guest.scan_state}`;
    const kind = guest.is_inside ? "already_in" : isPending ? "action" : "refused";
    const text = formatText(this.#isBadgeRevoked ? "scan.revoked" : refusal);
    this.#showCard({
      reference: guest.reference,
      kind: this.#isBadgeRevoked ? "refused" : kind,
      text,
      listActions: (shown) => this.#cardActions.listAfterRefusal(shown),
    });
    // The verdict says what is wrong with the scanned badge.
    showMessage("scan-problem", "");
    this.focusSearch();
    // The next name replaces this one.
    this.#field.select();
  }

  /**
   * @param {Desk.Guest} guest
   * @param {"in" | "out"} direction
   * @param {string} reason why the guest is let in against the rules
   */
  async #checkIn(guest, direction, reason = "") {
    const desk = this.#getDesk();
    if (!desk) return;
    const values = { direction, ...(reason && { reason }) };
    const id = await desk.add(guest.reference, { kind: "check_in", values }, guest);
    this.#skippedGuests.remove(guest.reference);
    this.#field.value = this.#unservedReference = "";
    this.#search("");
    this.#showVerdict(guest, direction, id);
    this.focusSearch();
  }

  /**
   * @param {Desk.Guest} guest
   * @param {"in" | "out"} direction
   * @param {string} undoes the id of the check-in
   */
  async #undo(guest, direction, undoes) {
    await this.#getDesk()?.add(guest.reference, { kind: "undo", values: { direction, undoes } }, guest);
    this.#card.showText(formatText("verdict.undone"));
    this.focusSearch();
  }

  /**
   * @param {Desk.Guest} guest
   * @param {"in" | "out"} direction
   * @param {string} id
   */
  #showVerdict(guest, direction, id) {
    const undo = () => this.#runOnce(() => this.#undo(guest, direction, id));
    this.#showCard({
      reference: guest.reference,
      kind: "admitted",
      text: formatText(`verdict.${direction}`),
      entryId: id,
      listActions: (shown) => [
        makeButton(formatText("undo"), undo, "button quiet small"),
        ...this.#cardActions.listAfterCheckIn(shown),
      ],
    });
  }

  /** @param {import("./verdict_card.js").Verdict} verdict */
  #showCard(verdict) {
    const desk = this.#getDesk();
    if (desk) this.#card.show(desk, verdict);
  }

  // --- walk-ins and changes -----------------------------------------------------------------------------

  /** @param {Desk.Guest} guest */
  async #showRegistered(guest) {
    this.#field.value = "";
    this.#search("");
    this.#showCard({
      reference: guest.reference,
      kind: "registered",
      text: formatText("verdict.registered"),
      entryId: this.#getDesk()?.findLastEntryId(guest.reference),
      listActions: (shown) => this.#cardActions.listAfterRegistration(shown),
    });
    await this.#print(guest);
  }

  /**
   * Show one guest instead of search results.
   * @param {string} reference
   */
  #showGuest(reference) {
    this.#field.value = "";
    this.#search("");
    this.#card.clear();
    this.#scannedReference = reference;
    const desk = this.#getDesk();
    if (desk) this.#drawResults(desk);
    this.focusSearch();
  }

  /**
   * Show a guest after a transfer or a payment, with what comes next.
   * @param {string} reference
   * @param {string} text what was done
   */
  #showChanged(reference, text) {
    // The list may have been found by the former attendee's name.
    this.#field.value = "";
    this.#search("");
    const entryId = this.#getDesk()?.findLastEntryId(reference);
    this.#showCard({
      reference,
      kind: "registered",
      text,
      entryId,
      listActions: (guest) => this.#cardActions.listAfterChange(guest),
    });
    this.focusSearch();
  }

  // --- badges -------------------------------------------------------------------------------------------

  /** @param {Desk.Guest} guest */
  async #print(guest) {
    // A badge that was printed before needs a reason: the dialog asks for it.
    if (guest.printed_at) this.#dialog.open(guest);
    else await this.#recordPrint(guest, "");
  }

  /**
   * @param {Desk.Guest} guest
   * @param {string} reason
   */
  async #recordPrint(guest, reason) {
    const desk = this.#getDesk();
    if (!desk) return;
    // A reprint is the next version, which voids the one before.
    const badge_version = guest.badge_version + (reason ? 1 : 0);
    await desk.add(guest.reference, { kind: "print", values: { reason, badge_version } }, guest);
    const printed = desk.findGuest(guest.reference);
    if (printed) this.#printBadge(printed);
    this.focusSearch();
  }

  // --- entries with problems ----------------------------------------------------------------------------

  /** @param {DeskState} desk */
  #drawProblems(desk) {
    const count = desk.problems.length;
    getElement("problems-section").hidden = !count;
    getElement("problems-title").textContent = formatText("entry.attention", { count });
    getElement("problems").replaceChildren(
      ...desk.problems.map((storedEntry) => {
        const guest = desk.findGuest(storedEntry.entry.reference);
        const event = { zone: desk.data?.event.timezone ?? "UTC", currency: desk.data?.currency ?? "EUR" };
        return drawProblem(storedEntry, event, {
          open: guest ? () => this.#dialog.open(guest) : null,
          resolve: () => desk.resolveEntry(storedEntry),
        });
      }),
    );
  }
}
