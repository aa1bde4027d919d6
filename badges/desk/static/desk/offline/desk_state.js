/** The unlocked desk: data and entries in memory, encrypted on disk, sent when the server can be reached. */

import { getElapsedMs, PAGE_ID } from "../../scanner/clock.js";
import { applyEntries, findSpareBadge, mergeUpdate, formatName } from "./guests.js";
import { addEntry, deleteEntry, eraseData, getVault, listEntries, saveResult, updateVault } from "./store.js";
import { RequestRefused, SignedOut, synchronize } from "./sync.js";
import { decrypt, encrypt } from "./vault.js";

const MAX_BATCH = 100;

/** @typedef {"online" | "offline" | "signed_out" | "refused" | "erased"} Connection */

export class DeskState {
  /** @type {Desk.Data | null} */
  data = null;
  /** @type {Desk.StoredEntry[]} */
  entries = [];
  /** @type {Connection} */
  connection = "offline";
  /**
   * When the data were last up to date, by this device's clock.
   * @type {number | null}
   */
  syncedAt = null;
  /** The server's sentence, if it refused. */
  refusal = "";
  #key;
  #event;
  #onChange;
  /** @type {Promise<void> | null} */
  #sending = null;

  /**
   * @param {string} event
   * @param {CryptoKey} key
   * @param {() => void} onChange called after each change
   */
  constructor(event, key, onChange) {
    this.#event = event;
    this.#key = key;
    this.#onChange = onChange;
  }

  /** Load data and entries from disk. */
  async load() {
    Object.assign(this, await this.#read());
  }

  /** @returns {Promise<Pick<DeskState, "data" | "entries" | "syncedAt">>} */
  async #read() {
    // Entries first: one that another tab has sent and deleted meanwhile is in the data that are read next.
    const entries = await listEntries(this.#event, this.#key);
    const vault = await getVault(this.#event);
    const data = vault?.data ? await decrypt(this.#key, vault.data) : null;
    return { data, entries, syncedAt: vault?.synced_at ?? null };
  }

  get pending() {
    return this.entries.filter(({ result }) => result === null);
  }

  get problems() {
    return this.entries.filter(({ result }) => result !== null);
  }

  get guests() {
    return this.data ? applyEntries(this.data, this.pending.map(({ entry }) => entry)) : [];
  }

  /** @param {string} reference */
  findGuest(reference) {
    return this.guests.find((guest) => guest.reference === reference);
  }

  /**
   * Return the id of the latest entry about a guest; undefined if it was sent and accepted already.
   * @param {string} reference
   */
  findLastEntryId(reference) {
    return this.entries.findLast(({ entry }) => entry.reference === reference)?.entry.id;
  }

  /** @param {string} slug */
  findTicket(slug) {
    return this.data?.tickets.find((ticket) => ticket.slug === slug);
  }

  /** Return a badge for a walk-in; undefined if none is left. */
  get spareBadge() {
    return this.data ? findSpareBadge(this.data, this.entries.map(({ entry }) => entry)) : undefined;
  }

  /**
   * Register a walk-in with a badge that no other tab has given away.
   * @param {Desk.GuestTexts & {ticket: string}} values
   * @returns {Promise<string | null>} the reference; null if no badge is left
   */
  async addWalkIn(values) {
    return navigator.locks.request(`desk-walk-in-${this.#event}`, async () => {
      await this.load();
      const spare = this.spareBadge;
      if (!spare) return null;
      await this.add(spare.reference, { kind: "walk_in", values }, values);
      return spare.reference;
    });
  }

  /**
   * Store an entry, then send it if the server can be reached.
   * @param {string} reference
   * @param {Desk.EntryValues} values
   * @param {Pick<Desk.GuestTexts, "first_name" | "last_name" | "email">} guest whose name is shown in the list of problems
   * @returns {Promise<string>} the entry's id
   */
  async add(reference, values, guest) {
    const entry = /** @type {Desk.Entry} */ ({
      id: crypto.randomUUID(),
      at: new Date().toISOString(),
      page: PAGE_ID,
      elapsed_ms: getElapsedMs(),
      reference,
      ...values,
    });
    const storedEntry = { entry, name: formatName(guest), result: null };
    await addEntry(this.#event, this.#key, storedEntry);
    // It may have been read from the disk meanwhile.
    if (!this.entries.some(({ entry: { id } }) => id === entry.id)) this.entries.push(storedEntry);
    this.#onChange();
    this.send();
    return entry.id;
  }

  /**
   * Remove an entry from the list of problems; the server is told later if it counts the entry as unresolved.
   * @param {Desk.StoredEntry} storedEntry
   */
  async resolveEntry(storedEntry) {
    const { entry: { id: entry, reference }, name, result } = storedEntry;
    await deleteEntry(entry);
    // By the id: the entries may have been read again since they were shown.
    this.entries = this.entries.filter(({ entry: { id } }) => id !== entry);
    this.#onChange();
    if (result && result.state !== "done") {
      await this.add(reference, { kind: "resolve", values: { entry } }, { first_name: name, last_name: "", email: "" });
    }
  }

  /** Send pending entries and fetch changed data; a call during a transfer waits for that one. */
  send() {
    this.#sending ??= this.#sendInOneTab().finally(() => {
      this.#sending = null;
      this.#onChange();
    });
    return this.#sending;
  }

  /** Send under a lock: of two tabs, both would send each entry and show its result. */
  async #sendInOneTab() {
    await navigator.locks.request(`desk-outbox-${this.#event}`, () => this.#sendAll());
  }

  async #sendAll() {
    try {
      // Another tab may have added or sent entries.
      await this.load();
      do await this.#sendBatch();
      while (this.pending.length && this.connection === "online");
    } catch (error) {
      if (error instanceof SignedOut) this.connection = "signed_out";
      else if (error instanceof RequestRefused) {
        this.connection = "refused";
        this.refusal = error.message;
      } else this.connection = "offline";
    }
  }

  async #sendBatch() {
    const vault = await getVault(this.#event);
    if (!vault) {
      // Another tab has erased the data, after wrong PINs or the end of the event.
      this.data = null;
      this.connection = "erased";
      return;
    }
    const batch = this.pending.slice(0, MAX_BATCH);
    const response = await synchronize(vault, this.data?.digests ?? {}, batch.map(({ entry }) => entry));
    await this.#storeData(response);
    for (const result of response.results) await this.#handleResult(result);
    this.connection = response.erase ? "erased" : "online";
    if (response.erase) await this.#erase();
  }

  /** @param {Desk.SyncResponse & {clock_offset_ms: number}} response */
  async #storeData({ data, version, clock_offset_ms }) {
    /** @type {Partial<Desk.Vault>} */
    const changes = { clock_offset_ms, synced_at: Date.now() };
    this.syncedAt = changes.synced_at ?? null;
    if (data && version !== undefined) {
      const merged = mergeUpdate(this.data, data);
      changes.data = await encrypt(this.#key, merged);
      changes.version = version;
      this.data = merged;
    }
    await updateVault(this.#event, changes);
  }

  /** @param {Desk.EntryResult} result */
  async #handleResult(result) {
    const storedEntry = this.entries.find(({ entry }) => entry.id === result.id);
    if (!storedEntry) return;
    if (result.state === "done" && !result.sentence) {
      await deleteEntry(result.id);
      this.entries = this.entries.filter((each) => each !== storedEntry);
    } else {
      storedEntry.result = result;
      await saveResult(this.#key, storedEntry);
    }
  }

  async #erase() {
    this.data = null;
    await eraseData(this.#event);
  }
}
