/** Change rows of the snapshot by a scan that the server has taken in, until the next snapshot brings them anew. */

import { countLeasedPlaces, findLastEntry, listEffectiveScans } from "./device_facts.js";

/**
 * Return where the badge is after this scan; null if the scan changes nothing.
 * @param {Scanner.Presence | undefined} presence
 * @param {Scanner.UnsentScan} scan
 * @param {Scanner.Pairing} pairing
 * @returns {Scanner.Presence | null}
 */
export function applyScan(presence, scan, { checkpoints, device }) {
  const passed = listEffectiveScans([scan], scan.door);
  if (!scan.key || !passed.length) return null;
  const { is_inside, is_same_device, last_read_at } = findLastEntry(presence ?? null, passed);
  const isEntry = is_inside && last_read_at === scan.at;
  const gate = checkpoints.find(({ id }) => id === device.checkpoint)?.name ?? "";
  return {
    key: scan.key,
    door: scan.door,
    is_inside,
    entered_at: isEntry ? formatTime(scan.at) : (presence?.entered_at ?? null),
    left_at: is_inside ? (presence?.left_at ?? null) : formatTime(scan.at),
    read_at: last_read_at === null ? null : formatTime(last_read_at),
    gate: isEntry ? gate : (presence?.gate ?? ""),
    is_mine: is_same_device,
  };
}

/**
 * Return the pairing with the place that a scan used taken off the lease.
 * @param {Scanner.Pairing} pairing
 * @param {Scanner.UnsentScan} scan
 * @returns {Scanner.Pairing}
 */
export function chargeLease(pairing, scan) {
  const limits = pairing.limits.map((limit) => {
    const left = countLeasedPlaces(limit, listEffectiveScans([scan], limit.door), -Infinity);
    return { ...limit, lease: left ?? limit.lease };
  });
  return { ...pairing, limits };
}

/** @param {number} at */
const formatTime = (at) => new Date(at).toISOString();
