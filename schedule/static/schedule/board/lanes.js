/** Arrange overlapping sessions of a column side by side, each in a lane. */

/**
 * Set lane and number of lanes of the blocks of one column, which are in order of start.
 * @param {Board.Block[]} blocks
 */
export function arrangeLanes(blocks) {
  /** @type {Board.Block[]} */
  let group = [];
  let end = -Infinity;
  for (const block of blocks) {
    if (block.start >= end) {
      closeGroup(group);
      group = [];
    }
    group.push(block);
    end = Math.max(end, block.start + block.minutes);
  }
  closeGroup(group);
}

/** @param {Board.Block[]} group */
function closeGroup(group) {
  /** @type {number[]} */
  const ends = [];
  for (const block of group) {
    const freeLane = ends.findIndex((end) => end <= block.start);
    block.lane = freeLane < 0 ? ends.length : freeLane;
    ends[block.lane] = block.start + block.minutes;
  }
  for (const block of group) block.lanes = ends.length;
}

/**
 * @typedef {{ column: number, start: number, minutes: number, isSpanning: boolean }} Extent
 * @param {Extent} one
 * @param {Extent} other
 */
export const isOverlapping = (one, other) =>
  (one.isSpanning || other.isSpanning || one.column === other.column) &&
  one.start < other.start + other.minutes &&
  other.start < one.start + one.minutes;
