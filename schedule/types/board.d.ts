/** Types of the board's data, as schedule/board/board_data.py and journal.py write them. */

export {};

declare global {
  namespace Board {
    type Role = "talk" | "plenary" | "break" | "blocker";
    type Level = "free" | "warn" | "block";

    /** Times are ISO texts in UTC. */
    interface Slot {
      room: number | null;
      starts_at: string;
      ends_at: string;
      day: string | null;
      is_cancelled: boolean;
      is_time_pinned: boolean;
      is_room_pinned: boolean;
    }

    interface Session {
      id: number;
      number: number;
      title: string;
      speakers: string[];
      track: number | null;
      role: Role;
      is_for_members: boolean;
      minutes: number;
      slot: Slot | null;
    }

    interface Room {
      id: number;
      name: string;
      capacity: number | null;
    }

    interface Track {
      id: number;
      name: string;
      color: string;
    }

    interface Day {
      date: string;
      starts_at: string;
      ends_at: string;
      opens_at: string;
      closes_at: string;
    }

    interface Move {
      number: number;
      batch: number;
      session: number;
      slot: Slot | null;
      author: string;
      is_own: boolean;
      reverts: number | null;
    }

    /** Something wrong with one or two sessions; the code names it before and after a move. */
    interface Conflict {
      code: string;
      sessions: number[];
      level: Level;
      text: string;
    }

    interface Changes {
      revision: number;
      reload: boolean;
      moves: Move[];
      undo: string;
      redo: string;
      programme?: number;
      editors?: string[];
      skipped?: number[];
      /** Of the whole draft; missing in the answer to a command, and where nothing moved. */
      conflicts?: Conflict[];
    }

    interface Data extends Changes {
      programme: number;
      zone: string;
      days: Day[];
      rooms: Room[];
      tracks: Track[];
      sessions: Session[];
      editors: string[];
    }

    interface JournalEntry {
      batch: number;
      author: string;
      is_own: boolean;
      made_at: string;
      text: string;
      is_undone: boolean;
    }

    /** What it would cost to begin in a room between two moments. */
    interface Cost {
      room: number | null;
      starts_at: string;
      ends_at: string;
      level: Level;
      text: string;
    }

    /** What is wrong with one of two sessions once they have changed places; "" for nothing. */
    interface SwapCost {
      session: number;
      level: Level;
      text: string;
    }

    /** A session as drawn on one day: minutes from the top, and its share of the column's width. */
    interface Block {
      session: Session;
      slot: Slot;
      column: number;
      isSpanning: boolean;
      start: number;
      minutes: number;
      lane: number;
      lanes: number;
    }

    interface Placement {
      session: number;
      slot: Slot | null;
    }

    /** Where something would go: on the board, into another session's place, or to the tray. */
    interface Target {
      kind: "cell" | "swap" | "tray";
      column: number;
      start: number;
      other?: Session;
    }
  }
}
