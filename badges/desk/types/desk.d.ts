/** Types of the desk's offline data. Names with underscores are fields that badges/desk/offline_data.py writes. */

import type { DBSchema, IDBPDatabase } from "idb";

declare global {
  namespace Desk {
    interface Guest {
      reference: string;
      order: string;
      first_name: string;
      last_name: string;
      company: string;
      email: string;
      no_photo: boolean;
      ticket: string;
      state: "confirmed" | "pending" | "cancelled" | "expired";
      /** As scans name it: a pending place is "pending" (payment awaited) or "unverified". */
      scan_state: string;
      note: string;
      payment: "free" | "paid" | "to_invoice" | "to_pay";
      /** Of the whole order. */
      amount_due_cents: number;
      /** People of the order that owes the amount. */
      order_size: number;
      is_inside: boolean;
      arrived_at: string | null;
      /** When the badge that is valid was printed. */
      printed_at: string | null;
      badge_version: number;
      /** Of the badge that is valid. */
      code: BadgeCode | null;
      /** Of the badge version after this one: for a reprint or another person. */
      next_code: BadgeCode | null;
      /** The names on the badge, where the browser has no font for them. */
      outlined_names: BadgeElement[] | null;
      /** Set on this device: what is still to be sent about this guest. */
      isPending?: boolean;
    }

    /** The code of a badge as it is drawn, and the letters to type where it cannot be read. */
    interface BadgeCode {
      elements: BadgeElement[];
      short_code: string;
    }

    interface SpareBadge {
      reference: string;
      code: BadgeCode;
    }

    interface OfflineTicket {
      slug: string;
      title: string;
      price: string;
      price_cents: number;
      /** Whether a walk-in gets it unless another one is chosen. */
      is_preselected: boolean;
      /** Only a member of the same company may get a place with this ticket. */
      needs_member: boolean;
    }

    interface BadgeElement {
      kind: "text" | "rectangle" | "line" | "polygon" | "circle" | "modules" | "outlines";
      color: string;
      x: number;
      y: number;
      x2: number;
      y2: number;
      width: number;
      height: number;
      radius: number;
      stroke: number;
      points: [number, number][];
      text: string;
      size: number;
      weight: number;
      align: "left" | "right" | "center";
      /** Of a QR symbol: its side in points, modules on a side, and rows in base64, padded to whole bytes. */
      side: number;
      count: number;
      rows: string;
      /** Of a text: position and path of each glyph, in thousandths of an em, with the y axis upwards. */
      outlines: [number, number, string][];
    }

    interface NamePart {
      /** The name of the field. */
      text: "first_name" | "last_name" | "company";
      weight: number;
      max_size: number;
      min_size: number;
      color: string;
    }

    interface BadgeDesign {
      width: number;
      height: number;
      tickets: Record<string, BadgeElement[]>;
      no_photo: BadgeElement[];
      /** The characters that the browser's fonts have, as in a regular expression. */
      font_characters: string;
      names: {
        x: number;
        y: number;
        width: number;
        height: number;
        parts: NamePart[];
        shrink_steps: number[];
        below_floor_step: number;
        part_gap: number;
      };
    }

    interface Setup {
      event: { slug: string; title: string; timezone: string; expires_at: string };
      tickets: OfflineTicket[];
      currency: string;
      /** Whether the staff who is signed in may see amounts and take payments. */
      takes_payments: boolean;
      /** Whether the event has add-ons, which only the online desk can book. */
      has_addons: boolean;
      design: BadgeDesign;
      /** The public keys of the event, also replaced ones: badges signed by them stay valid. */
      keys: Scanner.PublicKey[];
    }

    interface Data extends Setup {
      guests: Guest[];
      spares: SpareBadge[];
      /** Digests of "setup", "spares" and each group of guests, named by the first two characters of their references. */
      digests: Record<string, string>;
    }

    /** What changed: the guests are those of all groups whose digest changed. */
    interface DataUpdate {
      setup: Setup | null;
      spares: SpareBadge[] | null;
      guests: Guest[];
      digests: Record<string, string>;
    }

    interface GuestTexts {
      first_name: string;
      last_name: string;
      company: string;
      email: string;
    }

    type EntryValues =
      /** With the reason why a guest was let in against the rules. */
      | { kind: "check_in"; values: { direction: "in" | "out"; reason?: string } }
      | { kind: "undo"; values: { direction: "in" | "out"; undoes: string } }
      | { kind: "walk_in"; values: GuestTexts & { ticket: string; language?: string } }
      | { kind: "note"; values: { note: string; before: { note: string } } }
      | { kind: "correct" | "substitute"; values: GuestTexts & { before: GuestTexts } }
      | { kind: "print"; values: { reason: string; badge_version: number } }
      | { kind: "payment"; values: { amount: number; method: string; note: string } }
      | { kind: "invoice"; values: Record<string, never> }
      /** An entry that the server could not apply has been dealt with. */
      | { kind: "resolve"; values: { entry: string } };

    /** What the desk did offline, as it is sent. */
    type Entry = EntryValues & { id: string; at: string; reference: string } & MonotonicTime;

    /** The page load that made an entry, and its monotonic clock at that moment. */
    interface MonotonicTime {
      page: string;
      elapsed_ms: number;
    }

    interface EntryResult {
      id: string;
      state: "done" | "conflict" | "refused";
      sentence: string;
    }

    /** An entry on this device; with a result once the server had something to say about it. */
    interface StoredEntry {
      entry: Entry;
      /** The guest's name, for the list of entries to resolve. */
      name: string;
      result: EntryResult | null;
    }

    interface SyncResponse {
      results: EntryResult[];
      erase: boolean;
      server_time: string;
      version?: string;
      data?: DataUpdate;
    }

    interface EncryptedValue {
      iv: Uint8Array<ArrayBuffer>;
      bytes: ArrayBuffer;
    }

    /** What is stored of an event, the data encrypted by a key that is derived from the PIN. */
    interface Vault {
      event: string;
      title: string;
      device: string;
      salt: Uint8Array<ArrayBuffer>;
      iterations: number;
      wrong_tries: number;
      expires_at: string;
      /** A known text, by which a wrong PIN is told from the right one. */
      check: EncryptedValue;
      version: string;
      clock_offset_ms: number;
      /** When the server last sent the data or said that nothing changed, by this device's clock. */
      synced_at?: number;
      /** Null once it was erased; entries that were not sent stay. */
      data: EncryptedValue | null;
    }

    interface OutboxRow {
      id: string;
      event: string;
      sequence: number;
      sealed: EncryptedValue;
      /** Whether the server had something to say about the entry, so that it waits for the staff. */
      has_result?: boolean;
    }

    interface DatabaseSchema extends DBSchema {
      vaults: { key: string; value: Vault };
      outbox: { key: string; value: OutboxRow; indexes: { event: [string, number] } };
      /** Events whose vault was deleted on purpose, and not by the browser. */
      erased: { key: string; value: { event: string } };
    }

    type Database = IDBPDatabase<DatabaseSchema>;

    interface Settings {
      worker: string;
      scopes: string[];
      /** Addresses of an event, with "EVENT" in the place of its slug. */
      session: string;
      enable: string;
      sync: string;
      desk: string;
      sign_in: string;
    }
  }
}
