/**
 * Copies in memory of the data that must survive an eviction of the storage while the page is open:
 * the pairing, the keys that sign scans, and the unsent scans. The server sends the guest list again.
 */

/**
 * @typedef {object} StorageCopy
 * @property {Scanner.Pairing | undefined} pairing
 * @property {number} sequence
 * @property {Map<number, Scanner.StoredKey>} keys
 * @property {Map<string, Scanner.PendingScan>} scans
 */

/** @type {StorageCopy} */
const copy = { pairing: undefined, sequence: 0, keys: new Map(), scans: new Map() };

/** @param {Scanner.Pairing | undefined} pairing */
export function copyPairing(pairing) {
  copy.pairing = pairing;
}

/** @param {Scanner.StoredKey[]} keys */
export function copyKeys(keys) {
  copy.keys = new Map(keys.map((key) => [key.device, key]));
}

/** @param {Scanner.PendingScan[]} scans */
export function copyScans(scans) {
  for (const scan of scans) {
    copy.scans.set(scan.id, scan);
    copy.sequence = Math.max(copy.sequence, scan.sequence);
  }
}

/**
 * Return the copied scans, oldest first; null if another tab changed them.
 * @param {number} sequence of the last scan that was stored
 * @param {number} count of the scans that are stored
 */
export function getCopiedScans(sequence, count) {
  return copy.sequence === sequence && copy.scans.size === count ? [...copy.scans.values()] : null;
}

/**
 * @param {Scanner.PendingScan[]} scans all that are stored, oldest first
 * @param {number} sequence of the last scan that was stored
 */
export function replaceScans(scans, sequence) {
  copy.scans = new Map(scans.map((scan) => [scan.id, scan]));
  copy.sequence = sequence;
}

/** @param {string} id */
export function forgetScan(id) {
  copy.scans.delete(id);
}

/** Return the data to store again after an eviction; null while there is no pairing. */
export function getStorageCopy() {
  const { pairing, sequence, keys, scans } = copy;
  const lists = { keys: [...keys.values()], scans: [...scans.values()] };
  return pairing ? { pairing, sequence, ...lists } : null;
}
