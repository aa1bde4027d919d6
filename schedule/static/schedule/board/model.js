/** The data of the board, and the layout of a day's sessions. No access to the page. */

import { arrangeLanes, isOverlapping } from "./lanes.js";

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Imported programmes have sessions of no duration, which must be visible. */
const MIN_SHOWN_MINUTES = 5;
const FREE_TIME_MS = 30 * MINUTE_MS;

export class BoardModel {
  /**
   * @param {Board.Data} data
   * @param {string} language
   */
  constructor(data, language) {
    this.language = language;
    this.revision = 0;
    this.programme = 0;
    /** @type {Board.Day[]} */
    this.days = [];
    /** @type {Board.Room[]} */
    this.rooms = [];
    /** @type {Map<number, Board.Track>} */
    this.tracks = new Map();
    /** @type {Map<number, number>} */
    this.columns = new Map();
    /** @type {Map<number, Board.Session>} */
    this.sessions = new Map();
    /** @type {Board.Conflict[]} */
    this.conflicts = [];
    this.clock = new Intl.DateTimeFormat(language);
    this.load(data);
  }

  /**
   * Replace all data by newly fetched data.
   * @param {Board.Data} data
   * @param {number[]} unanswered sessions that stay where they are
   */
  load(data, unanswered = []) {
    const slots = new Map(unanswered.map((id) => [id, this.sessions.get(id)?.slot ?? null]));
    this.revision = data.revision;
    this.conflicts = data.conflicts ?? [];
    this.programme = data.programme;
    this.days = data.days;
    this.rooms = data.rooms;
    this.tracks = new Map(data.tracks.map((track) => [track.id, track]));
    this.columns = new Map(data.rooms.map((room, index) => [room.id, index]));
    this.sessions = new Map(data.sessions.map((session) => [session.id, session]));
    for (const [id, slot] of slots) {
      const session = this.sessions.get(id);
      if (session) session.slot = slot;
    }
    this.clock = new Intl.DateTimeFormat(this.language, {
      timeZone: data.zone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  }

  /**
   * Apply moves, and return whether all of them were of known sessions and days.
   * @param {Board.Move[]} moves
   * @param {number[]} unanswered sessions that stay where they are
   */
  applyMoves(moves, unanswered = []) {
    let isComplete = true;
    for (const { session: id, slot, number } of moves) {
      const session = this.sessions.get(id);
      if (session && !unanswered.includes(id)) session.slot = slot;
      if (!session || (slot && !this.getDay(slot))) isComplete = false;
      this.revision = Math.max(this.revision, number);
    }
    return isComplete;
  }

  /**
   * Return the day on which a slot is shown; undefined for one that the page does not know.
   * @param {Board.Slot} slot
   */
  getDay(slot) {
    const at = Date.parse(slot.starts_at);
    return this.days.find((day) =>
      slot.day ? day.date === slot.day : at >= Date.parse(day.starts_at) && at < Date.parse(day.ends_at),
    );
  }

  /**
   * Replace the conflicts of the draft, and return the new ones.
   * @param {Board.Conflict[]} conflicts
   */
  replaceConflicts(conflicts) {
    const known = new Set(this.conflicts.map((conflict) => conflict.code));
    this.conflicts = conflicts;
    return conflicts.filter((conflict) => !known.has(conflict.code));
  }

  /** @param {Board.Session} session */
  listConflicts(session) {
    return this.conflicts.filter((conflict) => conflict.sessions.includes(session.id));
  }

  /** @param {string} date */
  listPlaced(date) {
    const found = [];
    for (const session of this.sessions.values()) {
      const { slot } = session;
      if (slot && this.getDay(slot)?.date === date) found.push({ session, slot });
    }
    return found;
  }

  listUnplaced() {
    return [...this.sessions.values()].filter((session) => !session.slot);
  }

  /**
   * Return the start and end of the drawn day: full hours that include all its sessions.
   * @param {string} date
   */
  getWindow(date) {
    const day = this.days.find((each) => each.date === date);
    if (!day) throw new Error(`The board does not show ${date}.`);
    const slots = this.listPlaced(date).map(({ slot }) => slot);
    const opensAt = Date.parse(day.opens_at);
    const earliest = Math.min(opensAt, ...slots.map((slot) => Date.parse(slot.starts_at)));
    const latest = Math.max(opensAt, ...slots.map((slot) => Date.parse(slot.ends_at)));
    const wanted = Math.min(Math.max(Date.parse(day.closes_at), latest + FREE_TIME_MS), Date.parse(day.ends_at));
    const start = opensAt - Math.ceil((opensAt - earliest) / HOUR_MS) * HOUR_MS;
    const end = start + Math.ceil((Math.max(wanted, latest) - start) / HOUR_MS) * HOUR_MS;
    return { start, end, minutes: (end - start) / MINUTE_MS };
  }

  /**
   * Return whether a session spans all rooms: a break, plenary or blocked time without a room.
   * @param {Board.Session} session
   * @param {Board.Slot | null} slot
   */
  isSpanning(session, slot = session.slot) {
    return session.role !== "talk" && (slot?.room ?? null) === null;
  }

  /**
   * Return the sessions of a day as they are drawn, in order of time.
   * @param {string} date
   * @returns {Board.Block[]}
   */
  arrangeDay(date) {
    const { start } = this.getWindow(date);
    const blocks = this.listPlaced(date).map(({ session, slot }) => ({
      session,
      slot,
      column: this.columns.get(slot.room ?? 0) ?? this.rooms.length,
      isSpanning: this.isSpanning(session, slot),
      start: (Date.parse(slot.starts_at) - start) / MINUTE_MS,
      minutes: Math.max(MIN_SHOWN_MINUTES, getMinutes(slot)),
      lane: 0,
      lanes: 1,
    }));
    blocks.sort((one, other) => one.start - other.start || one.column - other.column || one.session.id - other.session.id);
    const groups = Map.groupBy(blocks, (block) => (block.isSpanning ? -1 : block.column));
    for (const group of groups.values()) arrangeLanes(group);
    return blocks;
  }

  /**
   * Return a slot at a place of a day; pins and cancellation stay.
   * @param {Board.Session} session
   * @param {string} date
   * @param {number} column
   * @param {number} start in minutes from the day's top
   * @returns {Board.Slot}
   */
  makeSlot(session, date, column, start) {
    const startMs = this.getWindow(date).start + start * MINUTE_MS;
    const minutes = session.slot ? getMinutes(session.slot) : session.minutes;
    return {
      is_cancelled: false,
      is_time_pinned: false,
      is_room_pinned: false,
      ...session.slot,
      room: this.isSpanning(session) ? null : (this.rooms[column]?.id ?? null),
      starts_at: new Date(startMs).toISOString(),
      ends_at: new Date(startMs + minutes * MINUTE_MS).toISOString(),
      day: date,
    };
  }

  /**
   * Return the moves that put a session at a target: two for a swap.
   * @param {Board.Session} session
   * @param {string} date
   * @param {Board.Target} target
   * @returns {Board.Placement[]}
   */
  planMove(session, date, target) {
    if (target.kind === "tray") return [{ session: session.id, slot: null }];
    const other = target.other;
    if (target.kind === "swap" && other?.slot) {
      return [
        { session: session.id, slot: moveInto(other.slot, session.slot, session) },
        { session: other.id, slot: session.slot && moveInto(session.slot, other.slot, other) },
      ];
    }
    return [{ session: session.id, slot: this.makeSlot(session, date, target.column, target.start) }];
  }

  /**
   * Return the first place of a day where a session overlaps nothing.
   * @param {Board.Session} session
   * @param {string} date
   * @param {number} step in minutes
   */
  findFreePlace(session, date, step) {
    const blocks = this.arrangeDay(date);
    const { minutes: height } = this.getWindow(date);
    for (let start = 0; start + session.minutes <= height; start += step) {
      for (let column = 0; column < Math.max(1, this.rooms.length); column += 1) {
        const wanted = { column, start, minutes: session.minutes, isSpanning: this.isSpanning(session) };
        if (!blocks.some((block) => isOverlapping(block, wanted))) return { column, start };
      }
    }
    return { column: 0, start: 0 };
  }

  /** @param {string} moment */
  formatClock(moment) {
    return this.clock.format(Date.parse(moment)).replace(/^0/, "");
  }

  /** @param {Board.Slot} slot */
  formatHours(slot) {
    return `${this.formatClock(slot.starts_at)}–${this.formatClock(slot.ends_at)}`;
  }

  /**
   * Return “lun. 28 déc.”.
   * @param {string} date
   */
  formatDay(date) {
    // Noon in UTC is the same date in UTC, whatever the reader's zone.
    const format = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" };
    return new Intl.DateTimeFormat(this.language, /** @type {Intl.DateTimeFormatOptions} */ (format)).format(
      Date.parse(`${date}T12:00:00Z`),
    );
  }

  /** @param {Board.Slot} slot */
  getRoomName(slot) {
    return this.rooms[this.columns.get(slot.room ?? 0) ?? -1]?.name ?? "";
  }
}

/** @param {Board.Slot} slot */
export const getMinutes = (slot) => (Date.parse(slot.ends_at) - Date.parse(slot.starts_at)) / MINUTE_MS;

/**
 * Return the slot of a session that takes the place of another, with its own length and pins.
 * @param {Board.Slot} target the slot of the other session
 * @param {Board.Slot | null} current
 * @param {Board.Session} session
 * @returns {Board.Slot}
 */
function moveInto(target, current, session) {
  const minutes = current ? getMinutes(current) : session.minutes;
  return {
    ...target,
    ends_at: new Date(Date.parse(target.starts_at) + minutes * MINUTE_MS).toISOString(),
    is_cancelled: current?.is_cancelled ?? false,
    is_time_pinned: current?.is_time_pinned ?? false,
    is_room_pinned: current?.is_room_pinned ?? false,
  };
}
