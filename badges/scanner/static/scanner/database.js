/**
 * Store the pairing, the encrypted guest list, who is inside, and the scans still to be sent.
 * All of it is in IndexedDB, so that neither a reload nor an empty battery loses a scan.
 */

import { openDB } from "../vendor/idb/index.js";
import { estimateServerTime, getElapsedMs, PAGE_ID } from "./clock.js";
import { listEffectiveScans } from "./device_facts.js";
import { copyKeys, copyPairing, copyScans, forgetScan, getCopiedScans, getStorageCopy, replaceScans } from "./storage_copy.js";
import { ENTRY_LIFETIME_MS } from "./verdict.js";

const DATABASE_NAME = "convention-scanner";
const DATABASE_VERSION = 2;
const PAIRING_STORES = /** @type {("settings" | "registrations" | "presences" | "sent")[]} */ ([
  "settings",
  "registrations",
  "presences",
  "sent",
]);
const NO_LIMITS = { limits: [], devices_silent: 0, uncertain_entries: 0, uncertain_exits: 0 };
const PAIRING_MARKS = /** @type {Scanner.SettingName[]} */ (["pairing_attempt", "is_unpaired"]);
const ERASED_SETTINGS = /** @type {Scanner.SettingName[]} */ (["pairing", "operator", "badge_tested_at"]);

/** @typedef {Pick<Scanner.Pairing, "token" | "etag" | "fetched_at" | "clock_offset_ms" | "clock">} PairingState */

/** @type {Promise<Scanner.Database> | null} */
let database = null;
/** @type {(scanCount: number) => void} */
let notifyRestored = () => {};

/** Open the database, again after its connection was lost. */
function openDatabase() {
  database ??= openDB(DATABASE_NAME, DATABASE_VERSION, {
    upgrade(db, oldVersion) {
      if (oldVersion < 1) createFirstStores(db);
      db.createObjectStore("device_keys", { keyPath: "device" });
      db.createObjectStore("sent", { keyPath: "id" });
    },
    terminated: () => {
      database = null;
    },
    // Another tab has a newer version; without this it would wait forever.
    blocking: (_current, _blocked, event) => {
      /** @type {IDBDatabase} */ (event.target).close();
      database = null;
    },
  });
  return database;
}

/** @param {Scanner.Database} db */
function createFirstStores(db) {
  db.createObjectStore("settings");
  db.createObjectStore("registrations", { keyPath: "key" });
  db.createObjectStore("presences", { keyPath: "presence_id" }).createIndex("inside", "inside_at");
  db.createObjectStore("outbox", { keyPath: "id" }).createIndex("sequence", "sequence");
}

// --- pairing ---------------------------------------------------------------------------------------------

/**
 * Return the pairing; if the browser has evicted it while this page was open, store it again first.
 * @returns {Promise<Scanner.Pairing | undefined>}
 */
export async function getPairing() {
  const pairing = asPairing(await (await openDatabase()).get("settings", "pairing"));
  if (!pairing && (await restoreAfterEviction())) return getPairing();
  copyPairing(pairing);
  return pairing;
}

/**
 * Call back whenever storage was evicted and restored, with the number of scans that were stored again.
 * @param {(scanCount: number) => void} notify
 */
export function listenToRestoration(notify) {
  notifyRestored = notify;
}

/** Copy into memory what earlier page loads have stored, so that an eviction cannot lose it. */
export async function copyStorage() {
  const db = await openDatabase();
  copyKeys(await db.getAll("device_keys"));
  copyScans(await db.getAll("outbox"));
}

/**
 * Store the copies of this page again, without the list: the next snapshot is complete.
 * @returns {Promise<boolean>} whether there was an eviction
 */
async function restoreAfterEviction() {
  const copy = getStorageCopy();
  if (!copy) return false;
  const tx = (await openDatabase()).transaction([...PAIRING_STORES, "outbox", "device_keys"], "readwrite");
  const settings = tx.objectStore("settings");
  // Another tab has erased the pairing on purpose; an eviction takes this mark, too.
  if (await settings.get("is_unpaired")) {
    copyPairing(undefined);
    return false;
  }
  const pairing = { ...copy.pairing, sequence: 0, presences_cursor: "", etag: "", fetched_at: 0 };
  await Promise.all([
    settings.put(pairing, "pairing"),
    settings.put(copy.sequence, "sequence"),
    ...copy.scans.map((scan) => tx.objectStore("outbox").put(scan)),
    ...copy.keys.map((key) => tx.objectStore("device_keys").put(key)),
    tx.done,
  ]);
  notifyRestored(copy.scans.length);
  return true;
}

/**
 * @template {keyof Scanner.OtherSettings} Name
 * @param {Name} name
 * @returns {Promise<Scanner.OtherSettings[Name] | undefined>}
 */
export async function getSetting(name) {
  const value = await (await openDatabase()).get("settings", name);
  return /** @type {Scanner.OtherSettings[Name] | undefined} */ (value);
}

/**
 * @template {keyof Scanner.OtherSettings} Name
 * @param {Name} name
 * @param {Scanner.OtherSettings[Name]} value
 */
export async function saveSetting(name, value) {
  await (await openDatabase()).put("settings", value, name);
}

/**
 * The store of settings also holds the sequence, a number, and other values.
 * @param {Scanner.SettingsValue | undefined} value
 */
function asPairing(value) {
  const isPairing = typeof value === "object" && "token" in value;
  // A pairing that an older version of the app stored has no limits.
  return isPairing ? { ...NO_LIMITS, ...value } : undefined;
}

/**
 * Change parts of the pairing, unless the device is no longer paired by this token.
 * @param {string} token
 * @param {Partial<Omit<Scanner.Pairing, "token">>} changes
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
 * Count the badges inside at a door, as far as this device knows.
 * @param {number} door
 */
export async function countInside(door) {
  const db = await openDatabase();
  const rows = await db.getAllFromIndex("presences", "inside", door);
  const pairing = asPairing(await db.get("settings", "pairing"));
  if (!pairing) return 0;
  const oldest = estimateServerTime(pairing) - ENTRY_LIFETIME_MS;
  const inside = new Set(rows.filter((row) => Date.parse(row.entered_at ?? "") > oldest).map(({ key }) => key));
  const { sentScans, unsentScans } = await loadOwnScans(pairing.event.slug);
  for (const { key, direction, undoes } of listEffectiveScans([...sentScans, ...unsentScans], door)) {
    if (key && direction === "in" && !undoes) inside.add(key);
    else if (key) inside.delete(key);
  }
  return inside.size;
}

/**
 * Return this device's scans of an event that its last snapshot does not contain, as device_facts.js takes them.
 * @param {string} event
 * @returns {Promise<Pick<Scanner.DeviceData, "sentScans" | "unsentScans">>}
 */
export async function loadOwnScans(event) {
  const [unsent, sent, pairing] = await Promise.all([
    listAllPendingScans(),
    (await openDatabase()).getAll("sent"),
    getPairing(),
  ]);
  const sentScans = sent.sort((first, second) => first.at - second.at);
  const eventScans = unsent.filter((scan) => scan.event === event);
  return { sentScans, unsentScans: eventScans.flatMap((scan) => describeScan(scan, pairing?.device.id)) };
}

/**
 * Return the scan as device_facts.js takes it; none for one that an older version of the app made.
 * @param {Scanner.PendingScan} scan
 * @param {number} [pairedDevice] the device that this phone is now
 * @returns {Scanner.DeviceScan[]}
 */
function describeScan(scan, pairedDevice = scan.device) {
  const { id, key = null, door, direction, server_at: at, let_in, changes_inside = true, undoes = "" } = scan;
  if (door === undefined || at === undefined) return [];
  return [{ id, key, door, direction, at, let_in, changes_inside, undoes, is_of_former_pairing: scan.device !== pairedDevice }];
}

/**
 * Store a new pairing with its first snapshot and its key, all or nothing; earlier data is erased.
 * Keys that signed scans still to be sent stay.
 * @param {Scanner.Snapshot} snapshot
 * @param {PairingState} state
 * @param {Scanner.DeviceKey | null} deviceKey null for a token that was made elsewhere
 */
export async function savePairing(snapshot, state, deviceKey = null) {
  const tx = (await openDatabase()).transaction([...PAIRING_STORES, "outbox", "device_keys"], "readwrite");
  const deviceKeys = tx.objectStore("device_keys");
  await Promise.all([tx.objectStore("registrations").clear(), tx.objectStore("presences").clear()]);
  await tx.objectStore("sent").clear();
  const signers = new Set((await tx.objectStore("outbox").getAll()).map((scan) => scan.device));
  for (const { device } of await deviceKeys.getAll()) if (!signers.has(device)) await deviceKeys.delete(device);
  if (deviceKey) await deviceKeys.put({ ...deviceKey, device: snapshot.device.id });
  const known = await deviceKeys.getAll();
  for (const name of PAIRING_MARKS) await tx.objectStore("settings").delete(name);
  copyPairing(await writeSnapshot(tx, snapshot, state));
  copyKeys(known);
}

/**
 * Store a snapshot, all or nothing, unless the device is no longer paired by this token.
 * @param {string} token
 * @param {Scanner.Snapshot | null} snapshot null if nothing has changed
 * @param {Omit<PairingState, "token">} state
 * @param {number} askedAt when the snapshot was asked for, by this page's elapsed time
 */
export async function saveSnapshot(token, snapshot, state, askedAt) {
  const tx = (await openDatabase()).transaction(PAIRING_STORES, "readwrite");
  const pairing = asPairing(await tx.objectStore("settings").get("pairing"));
  if (pairing?.token !== token) return tx.done;
  if (snapshot?.full) await Promise.all([tx.objectStore("registrations").clear(), tx.objectStore("presences").clear()]);
  // A scan that was acknowledged while the snapshot was under way may be missing in it.
  const sent = await tx.objectStore("sent").getAll();
  const contained = sent.filter(({ page, acknowledged_ms }) => page !== PAGE_ID || acknowledged_ms < askedAt);
  for (const { id } of contained) await tx.objectStore("sent").delete(id);
  if (snapshot) await writeSnapshot(tx, snapshot, { ...state, token });
  else await tx.objectStore("settings").put({ ...pairing, ...state }, "pairing");
  await tx.done;
}

/**
 * @param {import("../vendor/idb/index.js").IDBPTransaction<Scanner.DatabaseSchema, any, "readwrite">} tx
 * @param {Scanner.Snapshot} snapshot
 * @param {PairingState} state
 * @returns {Promise<Scanner.Pairing>}
 */
async function writeSnapshot(tx, snapshot, state) {
  const registrations = tx.objectStore("registrations");
  const presences = tx.objectStore("presences");
  const { event, device, keys, checkpoints, sequence, presences_cursor } = snapshot;
  const { limits, devices_silent, uncertain_entries, uncertain_exits } = snapshot;
  const door = { limits, devices_silent, uncertain_entries, uncertain_exits };
  const pairing = { ...state, event, device, keys, checkpoints, sequence, presences_cursor, ...door };
  await Promise.all([
    ...snapshot.registrations.map((registration) => registrations.put(registration)),
    ...snapshot.removed.map((key) => registrations.delete(key)),
    ...snapshot.presences.map((presence) => presences.put(makePresenceRow(presence))),
    tx.objectStore("settings").put(pairing, "pairing"),
    tx.done,
  ]);
  return pairing;
}

/**
 * @param {Scanner.Presence} presence
 * @returns {Scanner.StoredPresence}
 */
function makePresenceRow(presence) {
  const { inside_at: _inside_at, ...row } = /** @type {Scanner.StoredPresence} */ (presence);
  const stored = { ...row, presence_id: `${presence.door}/${presence.key}` };
  return presence.is_inside ? { ...stored, inside_at: presence.door } : stored;
}

/**
 * Store a scan and give it its sequence. Both are on disk when this returns.
 * @param {Omit<Scanner.PendingScan, "sequence">} scan
 * @returns {Promise<Scanner.PendingScan>}
 */
export async function saveScan(scan) {
  const names = /** @type {("settings" | "outbox")[]} */ (["settings", "outbox"]);
  const tx = (await openDatabase()).transaction(names, "readwrite", { durability: "strict" });
  const settings = tx.objectStore("settings");
  const sequence = Number((await settings.get("sequence")) ?? 0) + 1;
  const numbered = { ...scan, sequence };
  await Promise.all([settings.put(sequence, "sequence"), tx.objectStore("outbox").add(numbered), tx.done]);
  copyScans([numbered]);
  return numbered;
}

/**
 * Return the oldest scans of an event that are still to be sent.
 * @param {string} event
 * @param {number} limit
 */
export async function listPendingScans(event, limit) {
  const scans = await listAllPendingScans();
  return scans.filter((scan) => scan.event === event).slice(0, limit);
}

/** Return all scans that are still to be sent, of all events, oldest first. */
export async function listAllPendingScans() {
  // getPairing restores evicted scans; without them it would look as if all were sent.
  await getPairing();
  const tx = (await openDatabase()).transaction(["settings", "outbox"]);
  const outbox = tx.objectStore("outbox");
  const [stored, count] = await Promise.all([tx.objectStore("settings").get("sequence"), outbox.count()]);
  const sequence = Number(stored ?? 0);
  const copied = getCopiedScans(sequence, count);
  // Reading a thousand scans from the disk takes longer than a verdict may.
  if (copied) return copied;
  const scans = await outbox.index("sequence").getAll();
  replaceScans(scans, sequence);
  return scans;
}

/** Return the keys by which this phone's scans are signed, by the id of the device that it was. */
export async function loadDeviceKeys() {
  const keys = await (await openDatabase()).getAll("device_keys");
  return new Map(keys.map((key) => [key.device, key.private_key]));
}

/**
 * Delete a scan that the server has stored; its effect stays stored until the next snapshot.
 * @param {string} id
 * @param {boolean} isConfirmed whether the server agrees that the badge passed
 * @returns {Promise<Scanner.PendingScan | undefined>} the scan; undefined if it was deleted before
 */
export async function deleteAcknowledgedScan(id, isConfirmed) {
  const names = /** @type {("sent" | "outbox")[]} */ (["sent", "outbox"]);
  const tx = (await openDatabase()).transaction(names, "readwrite");
  const scan = await tx.objectStore("outbox").get(id);
  await tx.objectStore("outbox").delete(id);
  const confirmedScans = scan && isConfirmed ? describeScan(scan) : [];
  for (const confirmed of confirmedScans) {
    await tx.objectStore("sent").put({ ...confirmed, page: PAGE_ID, acknowledged_ms: getElapsedMs() });
  }
  await tx.done;
  forgetScan(id);
  return scan;
}

/**
 * Erase the event and all of its personal data. Unsent scans contain none and stay.
 * @param {string | null} token if given, erase only while the device is paired by it
 * @returns {Promise<boolean>} whether there was something to erase
 */
export async function erasePairing(token = null) {
  const tx = (await openDatabase()).transaction(PAIRING_STORES, "readwrite");
  const settings = tx.objectStore("settings");
  const pairing = asPairing(await settings.get("pairing"));
  const matchesToken = pairing !== undefined && (token === null || pairing.token === token);
  if (matchesToken) {
    copyPairing(undefined);
    await Promise.all([
      settings.put(true, "is_unpaired"),
      ...ERASED_SETTINGS.map((name) => settings.delete(name)),
      tx.objectStore("registrations").clear(),
      tx.objectStore("presences").clear(),
      tx.objectStore("sent").clear(),
    ]);
  }
  await tx.done;
  return matchesToken;
}
