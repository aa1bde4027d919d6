/**
 * Store the pairing, the encrypted guest list, who is inside, and the scans still to be sent.
 * All of it is in IndexedDB, so that neither a reload nor an empty battery loses a scan.
 */

import { openDB } from "../vendor/idb/index.js";
import { ENTRY_LIFETIME_MS } from "./verdict.js";

const DATABASE_NAME = "convention-scanner";

/** @typedef {Pick<Scanner.Pairing, "token" | "etag" | "fetched_at" | "clock_offset_ms">} PairingState */

/** @type {Promise<Scanner.Database> | null} */
let database = null;

/** Open the database, again after its connection was lost. */
function openDatabase() {
  database ??= openDB(DATABASE_NAME, 1, {
    upgrade(db) {
      db.createObjectStore("settings");
      db.createObjectStore("registrations", { keyPath: "key" });
      const presences = db.createObjectStore("presences", { keyPath: "presence_id" });
      presences.createIndex("pending", "pending");
      presences.createIndex("inside", "inside_at");
      db.createObjectStore("outbox", { keyPath: "id" }).createIndex("sequence", "sequence");
    },
    terminated: () => {
      database = null;
    },
    // Another tab has a newer version; without this it would wait for us for ever.
    blocking: (_current, _blocked, event) => {
      /** @type {IDBDatabase} */ (event.target).close();
      database = null;
    },
  });
  return database;
}

/** @returns {Promise<Scanner.Pairing | undefined>} */
export async function getPairing() {
  return asPairing(await (await openDatabase()).get("settings", "pairing"));
}

/**
 * The store of settings also holds the sequence, a number.
 * @param {Scanner.Pairing | number | undefined} value
 */
function asPairing(value) {
  return typeof value === "object" ? value : undefined;
}

/**
 * Change parts of the pairing, unless the device is no longer paired by this token.
 * @param {string} token
 * @param {Partial<PairingState>} changes
 */
export async function updatePairing(token, changes) {
  const tx = (await openDatabase()).transaction("settings", "readwrite");
  const pairing = asPairing(await tx.store.get("pairing"));
  if (pairing?.token === token) await tx.store.put({ ...pairing, ...changes }, "pairing");
  await tx.done;
}

/**
 * Find a registration and its presence at a door.
 * @param {string} key
 * @param {number} door
 */
export async function findBadge(key, door) {
  const tx = (await openDatabase()).transaction(["registrations", "presences"]);
  const [registration, presence] = await Promise.all([
    tx.objectStore("registrations").get(key),
    tx.objectStore("presences").get(`${door}/${key}`),
  ]);
  return { registration, presence };
}

export async function countRegistrations() {
  return (await openDatabase()).count("registrations");
}

/**
 * Count who is inside at a door, as far as this device knows.
 * @param {number} door
 */
export async function countInside(door) {
  const rows = await (await openDatabase()).getAllFromIndex("presences", "inside", door);
  return rows.filter((row) => Date.parse(row.entered_at ?? "") > Date.now() - ENTRY_LIFETIME_MS).length;
}

/**
 * Store a new pairing with its first snapshot, all or nothing; what was known before is erased.
 * @param {Scanner.Snapshot} snapshot
 * @param {PairingState} state
 */
export async function savePairing(snapshot, state) {
  const tx = (await openDatabase()).transaction(["settings", "registrations", "presences"], "readwrite");
  await Promise.all([tx.objectStore("registrations").clear(), tx.objectStore("presences").clear()]);
  await writeSnapshot(tx, snapshot, state);
}

/**
 * Store a snapshot, all or nothing, unless the device is no longer paired by this token.
 * Presences that rest on unsent scans of this device stay.
 * @param {string} token
 * @param {Scanner.Snapshot} snapshot
 * @param {Omit<PairingState, "token">} state
 */
export async function saveSnapshot(token, snapshot, state) {
  const tx = (await openDatabase()).transaction(["settings", "registrations", "presences"], "readwrite");
  const pairing = asPairing(await tx.objectStore("settings").get("pairing"));
  if (pairing?.token !== token) return tx.done;
  const presences = tx.objectStore("presences");
  const pending = await presences.index("pending").getAll();
  if (snapshot.full) await Promise.all([tx.objectStore("registrations").clear(), presences.clear()]);
  await writeSnapshot(tx, snapshot, { ...state, token }, pending);
}

/**
 * @param {import("../vendor/idb/index.js").IDBPTransaction<Scanner.DatabaseSchema, ("settings" | "registrations" | "presences")[], "readwrite">} tx
 * @param {Scanner.Snapshot} snapshot
 * @param {PairingState} state
 * @param {Scanner.StoredPresence[]} pending
 */
async function writeSnapshot(tx, snapshot, state, pending = []) {
  const registrations = tx.objectStore("registrations");
  const presences = tx.objectStore("presences");
  const { event, device, keys, checkpoints, sequence, presences_cursor } = snapshot;
  const pairing = { ...state, event, device, keys, checkpoints, sequence, presences_cursor };
  await Promise.all([
    ...snapshot.registrations.map((registration) => registrations.put(registration)),
    ...snapshot.removed.map((key) => registrations.delete(key)),
    ...snapshot.presences.map((presence) => presences.put(makePresenceRow(presence))),
    ...pending.map((presence) => presences.put(presence)),
    tx.objectStore("settings").put(pairing, "pairing"),
    tx.done,
  ]);
}

/**
 * @param {Scanner.ChangedPresence & {inside_at?: number}} presence
 * @returns {Scanner.StoredPresence}
 */
function makePresenceRow({ inside_at: _inside_at, ...presence }) {
  const row = { ...presence, presence_id: `${presence.door}/${presence.key}` };
  return presence.is_inside ? { ...row, inside_at: presence.door } : row;
}

/**
 * Store a scan with the presence that it makes, and give it its sequence. Both are on disk when this returns.
 * @param {Omit<Scanner.PendingScan, "sequence">} scan
 * @param {Scanner.ChangedPresence | null} presence
 * @returns {Promise<Scanner.PendingScan>}
 */
export async function saveScan(scan, presence) {
  const names = /** @type {("settings" | "presences" | "outbox")[]} */ (["settings", "presences", "outbox"]);
  const tx = (await openDatabase()).transaction(names, "readwrite", { durability: "strict" });
  const settings = tx.objectStore("settings");
  const sequence = Number((await settings.get("sequence")) ?? 0) + 1;
  const numbered = { ...scan, sequence };
  await Promise.all([
    settings.put(sequence, "sequence"),
    tx.objectStore("outbox").add(numbered),
    presence && tx.objectStore("presences").put(makePresenceRow(presence)),
    tx.done,
  ]);
  return numbered;
}

/**
 * Return the oldest scans of an event that are still to be sent.
 * @param {string} event
 * @param {number} limit
 */
export async function listPendingScans(event, limit) {
  const scans = await (await openDatabase()).getAllFromIndex("outbox", "sequence");
  return scans.filter((scan) => scan.event === event).slice(0, limit);
}

/** Count the scans that are still to be sent, of all events. */
export async function countPendingScans() {
  return (await openDatabase()).count("outbox");
}

/**
 * Delete a scan that the server has stored, and confirm or take back the presence that rests on it.
 * @param {string} id
 * @param {boolean} isConfirmed whether the server agrees that the badge passed
 * @returns {Promise<Scanner.PendingScan | undefined>} the scan; undefined if it was deleted before
 */
export async function deleteAcknowledgedScan(id, isConfirmed) {
  const names = /** @type {("presences" | "outbox")[]} */ (["presences", "outbox"]);
  const tx = (await openDatabase()).transaction(names, "readwrite");
  const outbox = tx.objectStore("outbox");
  const presences = tx.objectStore("presences");
  const scan = await outbox.get(id);
  if (scan) {
    await outbox.delete(id);
    const presence = scan.presence_id ? await presences.get(scan.presence_id) : undefined;
    if (presence?.pending === id) {
      const { pending: _pending, before, ...settled } = presence;
      if (isConfirmed) await presences.put(settled);
      else if (before) await presences.put(makePresenceRow(before));
      else await presences.delete(presence.presence_id);
    }
  }
  await tx.done;
  return scan;
}

/**
 * Erase the event and all personal data of it. Unsent scans hold none and stay.
 * @param {string | null} token if given, erase only while the device is paired by it
 * @returns {Promise<boolean>} whether there was something to erase
 */
export async function erasePairing(token = null) {
  const tx = (await openDatabase()).transaction(["settings", "registrations", "presences"], "readwrite");
  const settings = tx.objectStore("settings");
  const pairing = asPairing(await settings.get("pairing"));
  const isMeant = pairing !== undefined && (token === null || pairing.token === token);
  if (isMeant) {
    await Promise.all([
      settings.delete("pairing"),
      tx.objectStore("registrations").clear(),
      tx.objectStore("presences").clear(),
    ]);
  }
  await tx.done;
  return isMeant;
}
