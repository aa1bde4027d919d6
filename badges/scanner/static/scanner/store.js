/**
 * What the phone keeps: its pairing, the guest list (sealed), who is inside, and the scans still to be sent.
 * Everything is in IndexedDB, so that neither a reload nor an empty battery loses a scan.
 */

import { openDB } from "../vendor/idb/index.js";
import { ENTRY_LIFETIME_MS } from "./verdict.js";

const NAME = "convention-scanner";
const LIST = ["registrations", "presences"];

let opening = null;

/** The database; a lost connection is opened anew. */
function open() {
  opening ??= openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("settings");
      db.createObjectStore("registrations", { keyPath: "key" });
      const presences = db.createObjectStore("presences", { keyPath: "at_door" });
      presences.createIndex("pending", "pending");
      presences.createIndex("inside", "inside_of");
      db.createObjectStore("outbox", { keyPath: "id" }).createIndex("sequence", "sequence");
    },
    terminated: () => {
      opening = null;
    },
    blocking: (_current, _blocked, event) => {
      event.target.close();
      opening = null;
    },
  });
  return opening;
}

/**
 * @typedef {object} Pairing What the phone is, as the server said it last.
 * @property {string} token
 * @property {{slug: string, name: string, name_en: string, timezone: string}} event
 * @property {{id: number, name: string, checkpoint: number, expires_at: string}} device
 * @property {{number: number, public_key: string}[]} keys
 * @property {object[]} checkpoints
 * @property {number} sequence
 * @property {string} presences_cursor
 * @property {string} etag
 * @property {number} clock_offset_ms server time minus the phone's
 * @property {number} fetched_at by the phone's clock
 */

/** @returns {Promise<Pairing | undefined>} */
export async function pairing() {
  return (await open()).get("settings", "pairing");
}

/** Change some parts of the pairing; nothing if the phone is not paired by this token any more. */
export async function amend(token, parts) {
  const tx = (await open()).transaction("settings", "readwrite");
  const held = await tx.store.get("pairing");
  if (held?.token === token) await tx.store.put({ ...held, ...parts }, "pairing");
  await tx.done;
}

/** The record of a registration and who is where, by the short key and the door. */
export async function lookUp(key, door) {
  const tx = (await open()).transaction(LIST);
  const found = [tx.objectStore("registrations").get(key), tx.objectStore("presences").get(`${door}/${key}`)];
  const [registration, presence] = await Promise.all(found);
  return { registration, presence };
}

/** How many registrations are on the phone. */
export async function countRegistrations() {
  return (await open()).count("registrations");
}

/** How many are inside at a door, as far as this phone knows. */
export async function countInside(door) {
  const rows = await (await open()).getAllFromIndex("presences", "inside", door);
  return rows.filter((row) => Date.parse(row.entered_at) > Date.now() - ENTRY_LIFETIME_MS).length;
}

/**
 * Become what a first snapshot says: all of it or nothing. Whatever was known before is forgotten.
 * @param {object} snapshot as the server sent it
 * @param {Partial<Pairing>} parts what else the pairing is
 */
export async function become(snapshot, parts) {
  const tx = (await open()).transaction(["settings", ...LIST], "readwrite");
  await Promise.all(LIST.map((name) => tx.objectStore(name).clear()));
  await write(tx, snapshot, parts);
}

/**
 * Take a snapshot in, all of it or nothing; nothing if the phone is not paired by this token any more.
 * What this phone scanned itself and has not yet sent stays.
 * @param {string} token with which it was asked for
 * @param {object} snapshot as the server sent it
 * @param {Partial<Pairing>} parts what else changes in the pairing
 */
export async function takeIn(token, snapshot, parts) {
  const tx = (await open()).transaction(["settings", ...LIST], "readwrite");
  const held = await tx.objectStore("settings").get("pairing");
  if (held?.token !== token) return tx.done;
  const [registrations, presences] = LIST.map((name) => tx.objectStore(name));
  const pending = await presences.index("pending").getAll();
  if (snapshot.full) await Promise.all([registrations.clear(), presences.clear()]);
  await write(tx, snapshot, { ...held, ...parts }, pending);
}

async function write(tx, snapshot, parts, pending = []) {
  const [registrations, presences] = LIST.map((name) => tx.objectStore(name));
  const writes = snapshot.registrations.map((record) => registrations.put(record));
  writes.push(...snapshot.removed.map((key) => registrations.delete(key)));
  writes.push(...snapshot.presences.map((presence) => presences.put(rowOf(presence))));
  writes.push(...pending.map((presence) => presences.put(presence)));
  const { event, device, keys, checkpoints, sequence, presences_cursor } = snapshot;
  const pairing = { ...parts, event, device, keys, checkpoints, sequence, presences_cursor };
  writes.push(tx.objectStore("settings").put(pairing, "pairing"));
  await Promise.all([...writes, tx.done]);
}

/** A presence as it is kept: found by door and key, counted while inside. */
function rowOf({ inside_of: _inside, ...presence }) {
  const row = { ...presence, at_door: `${presence.door}/${presence.key}` };
  return presence.is_inside ? { ...row, inside_of: presence.door } : row;
}

/**
 * Keep a scan for sending, together with what it makes of the presence: stored for good when this returns.
 * @param {object} item as it will be sent, without its sequence
 * @param {object | null} presence
 */
export async function keepScan(item, presence) {
  const tx = (await open()).transaction(["settings", "presences", "outbox"], "readwrite", { durability: "strict" });
  const settings = tx.objectStore("settings");
  const sequence = ((await settings.get("sequence")) ?? 0) + 1;
  const writes = [settings.put(sequence, "sequence"), tx.objectStore("outbox").add({ ...item, sequence })];
  if (presence) writes.push(tx.objectStore("presences").put(rowOf(presence)));
  await Promise.all([...writes, tx.done]);
  return { ...item, sequence };
}

/** The scans still to be sent for an event, oldest first. */
export async function waiting(event, most) {
  const items = await (await open()).getAllFromIndex("outbox", "sequence");
  return items.filter((item) => item.event === event).slice(0, most);
}

/** How many scans are still to be sent, whatever the event. */
export async function countWaiting() {
  return (await open()).count("outbox");
}

/**
 * Forget a scan that the server has, and settle its presence: kept if it stands, else as it was before.
 * @param {string} id
 * @param {(item: object) => boolean} stands
 */
export async function acknowledge(id, stands) {
  const tx = (await open()).transaction(["presences", "outbox"], "readwrite");
  const outbox = tx.objectStore("outbox");
  const item = await outbox.get(id);
  if (item) {
    await outbox.delete(id);
    await settle(tx.objectStore("presences"), item, stands(item));
  }
  await tx.done;
  return item;
}

async function settle(presences, item, stands) {
  const held = item.at_door && (await presences.get(item.at_door));
  if (held?.pending !== item.id) return;
  const { pending: _pending, before, ...settled } = held;
  if (stands) await presences.put(settled);
  else if (before) await presences.put(rowOf(before));
  else await presences.delete(item.at_door);
}

/**
 * Forget the event and everybody in it. Scans not yet sent hold no personal data and stay.
 * @param {string | null} token if given, only while the phone is paired by it
 * @returns {Promise<boolean>} whether there was anything to forget
 */
export async function wipe(token = null) {
  const tx = (await open()).transaction(["settings", ...LIST], "readwrite");
  const settings = tx.objectStore("settings");
  const held = await settings.get("pairing");
  const isMeant = held !== undefined && (token === null || held.token === token);
  if (isMeant) await Promise.all([settings.delete("pairing"), ...LIST.map((name) => tx.objectStore(name).clear())]);
  await tx.done;
  return isMeant;
}
