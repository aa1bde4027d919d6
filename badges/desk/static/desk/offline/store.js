/** Store vaults and the outbox in IndexedDB; everything about guests in them is encrypted (vault.js). */

import { openDB } from "../../vendor/idb/index.js";
import { copyRow, copyRows, copyVault, forgetRow, forgetStorage, getStorageCopy } from "./storage_copy.js";
import { decrypt, encrypt } from "./vault.js";

const DATABASE_NAME = "convention-desk";
const DATABASE_VERSION = 2;

/** @type {Promise<Desk.Database> | null} */
let database = null;
/** @type {(unsentCount: number) => void} */
let notifyRestored = () => {};

function openDatabase() {
  database ??= openDB(DATABASE_NAME, DATABASE_VERSION, {
    upgrade(db, oldVersion) {
      if (oldVersion < 1) {
        db.createObjectStore("vaults", { keyPath: "event" });
        db.createObjectStore("outbox", { keyPath: "id" }).createIndex("event", ["event", "sequence"]);
      }
      db.createObjectStore("erased", { keyPath: "event" });
    },
    terminated: () => {
      database = null;
    },
    blocking: (_current, _blocked, event) => {
      /** @type {IDBDatabase} */ (event.target).close();
      database = null;
    },
  });
  return database;
}

/** Return whether this browser may have stored something: one that was never enabled must not get a database. */
export async function hasDatabase() {
  const databases = await indexedDB.databases?.();
  return !databases || databases.some(({ name }) => name === DATABASE_NAME);
}

/**
 * Call back whenever storage was evicted and restored, with the number of entries that are still to be sent.
 * @param {(unsentCount: number) => void} notify
 */
export function listenToRestoration(notify) {
  notifyRestored = notify;
}

/**
 * Return the vault of an event; if the browser has evicted it while this page was open, store it again first, with
 * the outbox.
 * @param {string} event
 * @returns {Promise<Desk.Vault | undefined>}
 */
export async function getVault(event) {
  const vault = await (await openDatabase()).get("vaults", event);
  if (vault) copyVault(vault);
  return vault ?? restoreAfterEviction(event);
}

/** @param {string} event */
async function restoreAfterEviction(event) {
  const copy = getStorageCopy(event);
  if (!copy) return undefined;
  const tx = (await openDatabase()).transaction(["vaults", "outbox", "erased"], "readwrite", { durability: "strict" });
  const [stored, erased] = await Promise.all([tx.objectStore("vaults").get(event), tx.objectStore("erased").get(event)]);
  // Another tab has restored it, or has erased it on purpose; an eviction takes this record, too.
  if (stored || erased) {
    if (erased) forgetStorage(event);
    return stored;
  }
  const { vault, rows } = copy;
  const outbox = tx.objectStore("outbox");
  // Entries that were made since the eviction come after those that it took.
  const newer = (await outbox.index("event").getAll(makeEventRange(event))).filter(({ id }) => !rows.has(id));
  const all = [...rows.values(), ...newer].map((row, index) => ({ ...row, sequence: index + 1 }));
  await Promise.all([tx.objectStore("vaults").put(vault), ...all.map((row) => outbox.put(row)), tx.done]);
  copyRows(event, all);
  notifyRestored(all.filter(({ has_result }) => !has_result).length);
  return vault;
}

export async function listVaults() {
  return (await openDatabase()).getAll("vaults");
}

/** @param {Desk.Vault} vault */
export async function saveVault(vault) {
  const tx = (await openDatabase()).transaction(["vaults", "erased"], "readwrite");
  await Promise.all([tx.objectStore("vaults").put(vault), tx.objectStore("erased").delete(vault.event), tx.done]);
  copyVault(vault);
}

/**
 * Change a vault; does nothing if it was deleted.
 * @param {string} event
 * @param {Partial<Desk.Vault>} changes
 */
export async function updateVault(event, changes) {
  const tx = (await openDatabase()).transaction("vaults", "readwrite", { durability: "strict" });
  const vault = await tx.store.get(event);
  const changed = vault && { ...vault, ...changes };
  if (changed) await tx.store.put(changed);
  await tx.done;
  if (changed) copyVault(changed);
}

/**
 * Erase the guests of an event. Unsent entries stay, encrypted, and so does the vault that decrypts them.
 * @param {string} event
 */
export async function eraseData(event) {
  if (await countEntries(event)) return updateVault(event, { data: null, version: "" });
  forgetStorage(event);
  const tx = (await openDatabase()).transaction(["vaults", "erased"], "readwrite");
  // The record keeps other tabs from storing their copies again.
  await Promise.all([tx.objectStore("vaults").delete(event), tx.objectStore("erased").put({ event }), tx.done]);
}

/**
 * Return the rows of an event in the order in which they were made.
 * @param {string} event
 * @returns {Promise<Desk.OutboxRow[]>}
 */
async function listRows(event) {
  // In one transaction: rows that were read after an eviction must not replace their copies.
  const tx = (await openDatabase()).transaction(["vaults", "outbox"]);
  const [vault, rows] = await Promise.all([
    tx.objectStore("vaults").get(event),
    tx.objectStore("outbox").index("event").getAll(makeEventRange(event)),
  ]);
  if (!vault && (await restoreAfterEviction(event))) return listRows(event);
  if (vault) copyVault(vault);
  copyRows(event, rows);
  return rows;
}

/** @param {string} event */
export async function countEntries(event) {
  return (await listRows(event)).length;
}

/** @param {string} event */
const makeEventRange = (event) => IDBKeyRange.bound([event, 0], [event, Number.MAX_SAFE_INTEGER]);

/**
 * Return how many entries of an event the server has not got.
 * @param {string} event
 */
export async function countUnsentEntries(event) {
  return (await listRows(event)).filter(({ has_result }) => !has_result).length;
}

/**
 * Append an entry to the outbox; it is on disk when this returns.
 * @param {string} event
 * @param {CryptoKey} key
 * @param {Desk.StoredEntry} storedEntry
 */
export async function addEntry(event, key, storedEntry) {
  const sealed = await encrypt(key, storedEntry);
  await getVault(event);
  const tx = (await openDatabase()).transaction("outbox", "readwrite", { durability: "strict" });
  const last = await tx.store.index("event").openCursor(makeEventRange(event), "prev");
  const row = { id: storedEntry.entry.id, event, sequence: (last?.value.sequence ?? 0) + 1, sealed };
  await tx.store.add(row);
  await tx.done;
  copyRow(row);
}

/**
 * Return the entries of an event in the order in which they were made.
 * @param {string} event
 * @param {CryptoKey} key
 * @returns {Promise<Desk.StoredEntry[]>}
 */
export async function listEntries(event, key) {
  const rows = await listRows(event);
  return Promise.all(rows.map((row) => decrypt(key, row.sealed)));
}

/**
 * Store the server's result with an entry that has to be resolved.
 * @param {CryptoKey} key
 * @param {Desk.StoredEntry} storedEntry
 */
export async function saveResult(key, storedEntry) {
  const sealed = await encrypt(key, storedEntry);
  const tx = (await openDatabase()).transaction("outbox", "readwrite", { durability: "strict" });
  const row = await tx.store.get(storedEntry.entry.id);
  const changed = row && { ...row, sealed, has_result: true };
  if (changed) await tx.store.put(changed);
  await tx.done;
  if (changed) copyRow(changed);
}

/** @param {string} id */
export async function deleteEntry(id) {
  await (await openDatabase()).delete("outbox", id);
  forgetRow(id);
}
