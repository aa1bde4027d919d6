/** Apply this device's own scans, which the last snapshot does not contain, to the presence of a badge. */

import { findLastEntry, listEffectiveScans } from "./device_facts.js";

/**
 * Return the presence of the badge after this scan; null if the scan changes nothing.
 * @param {Scanner.Presence | undefined} presence
 * @param {Scanner.DeviceScan} scan
 * @param {Scanner.Pairing} pairing
 * @returns {Scanner.Presence | null}
 */
export function applyScan(presence, scan, { checkpoints, device }) {
  const effectiveScans = listEffectiveScans([scan], scan.door);
  if (!scan.key || !effectiveScans.length) return null;
  const { is_inside, is_same_device, last_read_at } = findLastEntry(presence ?? null, effectiveScans);
  const isEntry = is_inside && last_read_at === scan.at;
  const gate = checkpoints.find(({ id }) => id === device.checkpoint)?.name ?? "";
  return {
    key: scan.key,
    door: scan.door,
    is_inside,
    entered_at: isEntry ? formatIsoTime(scan.at) : (presence?.entered_at ?? null),
    left_at: is_inside ? (presence?.left_at ?? null) : formatIsoTime(scan.at),
    read_at: last_read_at === null ? null : formatIsoTime(last_read_at),
    gate: isEntry ? gate : (presence?.gate ?? ""),
    is_mine: is_same_device,
  };
}

/** @param {number} at */
const formatIsoTime = (at) => new Date(at).toISOString();
