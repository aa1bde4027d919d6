/** Count the places at a door with a limit that this device may still give without asking the server. */

/**
 * Return what is left of this device's lease at the checkpoint's door; null if that has no limit.
 * @param {Scanner.Pairing} pairing
 * @param {Scanner.Checkpoint} checkpoint
 * @param {number} at by the server's clock
 * @param {Scanner.PendingScan[]} pending all scans that are still to be sent
 */
export function countPlacesLeft(pairing, checkpoint, at, pending) {
  const limit = pairing.limits?.find(({ door }) => door === checkpoint.door);
  if (!limit) return null;
  if (at >= Date.parse(limit.lease_expires_at)) return 0;
  const scans = pending.filter((scan) => scan.event === pairing.event.slug);
  return Math.max(0, limit.lease - sumPlacesUsed(scans, pairing.checkpoints, checkpoint.door));
}

/**
 * Return the pairing after the server took in a scan: its place comes off the lease until the next snapshot tells.
 * @param {Scanner.Pairing} pairing
 * @param {Scanner.PendingScan} scan
 * @returns {Scanner.Pairing}
 */
export function chargeLease(pairing, scan) {
  const limits = (pairing.limits ?? []).map((limit) => ({
    ...limit,
    lease: limit.lease - sumPlacesUsed([scan], pairing.checkpoints, limit.door),
  }));
  return { ...pairing, limits };
}

/**
 * @param {Scanner.PendingScan[]} scans
 * @param {Scanner.Checkpoint[]} checkpoints
 * @param {number} door
 */
function sumPlacesUsed(scans, checkpoints, door) {
  const gates = new Set(checkpoints.filter((checkpoint) => checkpoint.door === door).map(({ id }) => id));
  const undone = new Set(scans.map(({ undoes }) => undoes).filter(Boolean));
  const counted = scans.filter((scan) => gates.has(scan.checkpoint) && scan.let_in && !undone.has(scan.id));
  return counted.reduce((sum, { direction }) => sum + (direction === "in" ? 1 : -1), 0);
}
