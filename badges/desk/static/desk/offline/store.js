/** Store vaults and the outbox in IndexedDB; everything about guests in them is encrypted (vault.js). */

import { openDB } from "../../vendor/idb/index.js";
import { decrypt, encrypt } from "./vault.js";

/** @type {Promise<Desk.Database> | null} */
let database = null;

function openDatabase() {
  database ??= openDB("convention-desk", 1, {
    upgrade(db) {
      db.createObjectStore("vaults", { keyPath: "event" });
      db.createObjectStore("outbox", { keyPath: "id" }).createIndex("event", ["event", "sequence"]);
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

/** @param {string} event */
export async function getVault(event) {
  return (await openDatabase()).get("vaults", event);
}

export async function listVaults() {
  return (await openDatabase()).getAll("vaults");
}

/** @param {Desk.Vault} vault */
export async function saveVault(vault) {
  await (await openDatabase()).put("vaults", vault);
}

/**
 * Change a vault; does nothing if it was deleted.
 * @param {string} event
 * @param {Partial<Desk.Vault>} changes
 */
export async function updateVault(event, changes) {
  const tx = (await openDatabase()).transaction("vaults", "readwrite", { durability: "strict" });
  const vault = await tx.store.get(event);
  if (vault) await tx.store.put({ ...vault, ...changes });
  await tx.done;
}

/**
 * Erase the guests of an event. Unsent entries stay, encrypted, and so does the vault that decrypts them.
 * @param {string} event
 */
export async function eraseData(event) {
  if (await countEntries(event)) return updateVault(event, { data: null, version: "" });
  await (await openDatabase()).delete("vaults", event);
}

/** @param {string} event */
export async function countEntries(event) {
  return (await openDatabase()).countFromIndex("outbox", "event", makeEventRange(event));
}

/** @param {string} event */
const makeEventRange = (event) => IDBKeyRange.bound([event, 0], [event, Number.MAX_SAFE_INTEGER]);

/**
 * Return how many entries of an event the server has not got.
 * @param {string} event
 */
export async function countUnsentEntries(event) {
  const rows = await (await openDatabase()).getAllFromIndex("outbox", "event", makeEventRange(event));
  return rows.filter(({ has_result }) => !has_result).length;
}

/**
 * Append an entry to the outbox; it is on disk when this returns.
 * @param {string} event
 * @param {CryptoKey} key
 * @param {Desk.StoredEntry} storedEntry
 */
export async function addEntry(event, key, storedEntry) {
  const sealed = await encrypt(key, storedEntry);
  const tx = (await openDatabase()).transaction("outbox", "readwrite", { durability: "strict" });
  const last = await tx.store.index("event").openCursor(makeEventRange(event), "prev");
  await tx.store.add({ id: storedEntry.entry.id, event, sequence: (last?.value.sequence ?? 0) + 1, sealed });
  await tx.done;
}

/**
 * Return the entries of an event in the order in which they were made.
 * @param {string} event
 * @param {CryptoKey} key
 * @returns {Promise<Desk.StoredEntry[]>}
 */
export async function listEntries(event, key) {
  const rows = await (await openDatabase()).getAllFromIndex("outbox", "event", makeEventRange(event));
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
  if (row) await tx.store.put({ ...row, sealed, has_result: true });
  await tx.done;
}

/** @param {string} id */
export async function deleteEntry(id) {
  await (await openDatabase()).delete("outbox", id);
}
