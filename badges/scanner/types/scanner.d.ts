/**
 * Types of the scanner's data. Names with underscores are fields of the API (badges/attendance/scanning/snapshot.py
 * and openapi.py) and of the facts that verdict.js shares with verdict.py.
 */

import type { DBSchema, IDBPDatabase } from "idb";

declare global {
  namespace Scanner {
    type Verdict = "admitted" | "already_in" | "refused" | "unverified" | "action";
    type CodeStatus = "valid" | "forged" | "other_event" | "not_a_badge";
    type Direction = "in" | "out";
    type Sound = Verdict | "busy";
    type View = "opening" | "welcome" | "pairing" | "scan";
    /** "reader": there is a picture, but the library that finds codes in it could not be loaded. */
    type CameraState = "on" | "off" | "refused" | "absent" | "busy" | "insecure" | "reader";

    // --- from the server ---------------------------------------------------------------------------

    interface EventInfo {
      slug: string;
      name: string;
      name_en: string;
      timezone: string;
    }

    interface Device {
      id: number;
      name: string;
      checkpoint: number;
      expires_at: string;
      can_override: boolean;
    }

    interface PublicKey {
      number: number;
      /** 32 bytes, base64url */
      public_key: string;
    }

    interface Checkpoint {
      id: number;
      name: string;
      kind: "entrance" | "session" | "coach" | "exit" | "other";
      /** The checkpoint at which its scans count: two gates of one entrance share it. */
      door: number;
      opens_at: string | null;
      closes_at: string | null;
      is_strict: boolean;
      capacity: number | null;
      /** Set only if the session takes bookings. */
      session: number | null;
    }

    interface EncryptedRegistration {
      key: string;
      badge_version: number;
      state: "confirmed" | "cancelled" | "merged";
      /** A `BadgeRecord`, encrypted under the badge's own code. */
      sealed: string;
    }

    interface BadgeRecord {
      name: string;
      company: string;
      ticket: string;
      ticket_en?: string;
      note: string;
      no_photo?: boolean;
      /** The ids of booked sessions. */
      sessions?: number[];
    }

    interface Presence {
      key: string;
      door: number;
      is_inside: boolean;
      entered_at: string | null;
      left_at: string | null;
      read_at: string | null;
      gate: string;
      is_mine: boolean;
    }

    /** The limit at the device's checkpoint, and the places that this device may give there. */
    interface CapacityLimit {
      door: number;
      capacity: number;
      inside: number;
      lease: number;
      lease_expires_at: string;
    }

    interface Snapshot {
      sequence: number;
      presences_cursor: string;
      full: boolean;
      server_time: string;
      event: EventInfo;
      device: Device;
      keys: PublicKey[];
      checkpoints: Checkpoint[];
      registrations: EncryptedRegistration[];
      removed: string[];
      presences: Presence[];
      limits: CapacityLimit[];
      devices_silent: number;
      uncertain: number;
    }

    interface ScanResult {
      id: string | null;
      verdict: Verdict;
      reason: string;
      name: string;
      company: string;
      ticket: string;
      entered_at: string | null;
      gate: string;
      replayed: boolean;
      detail: string;
    }

    interface ScanResults {
      results: ScanResult[];
      sequence: number;
      server_time: string;
    }

    /** A response, and the server's clock minus this device's if the server told its time. */
    type WithClockOffset<Response> = Response & { clock_offset_ms?: number };

    // --- on the device -----------------------------------------------------------------------------

    /** The device's pairing and the event, as of the last snapshot. */
    interface Pairing extends Pick<
      Snapshot,
      "event" | "device" | "keys" | "checkpoints" | "sequence" | "presences_cursor"
    > {
      token: string;
      etag: string;
      clock_offset_ms?: number;
      /** By the device's clock. */
      fetched_at: number;
    }

    interface Scan {
      id: string;
      code: string;
      direction: Direction;
      at: string;
      checkpoint: number;
      clock_offset_ms: number | null;
      local_verdict: Verdict;
      /** The sequence of the snapshot by which the device decided. */
      snapshot: number;
      override_reason: string;
      /** The number of the scan on this device. */
      sequence: number;
    }

    /** A scan with what is not sent: its event, and the presence that it changed. */
    interface PendingScan extends Scan {
      event: string;
      presence_id: string | null;
    }

    /** A presence in the database, found by "door/key". */
    interface StoredPresence extends Presence {
      presence_id: string;
      /** The door while inside, else absent: indexed to count who is inside. */
      inside_at?: number;
      /** The scan on which this presence rests until the server has acknowledged it, and the presence before. */
      pending?: string;
      before?: Presence | null;
    }

    /** What a scan makes of a presence. */
    type ChangedPresence = Presence & Pick<StoredPresence, "pending" | "before">;

    interface DatabaseSchema extends DBSchema {
      // Two values by name: "pairing" and "sequence", which outlives a pairing.
      settings: { key: "pairing" | "sequence"; value: Pairing | number };
      registrations: { key: string; value: EncryptedRegistration };
      presences: {
        key: string;
        value: StoredPresence;
        indexes: { pending: string; inside: number };
      };
      outbox: { key: string; value: PendingScan; indexes: { sequence: number } };
    }

    type Database = IDBPDatabase<DatabaseSchema>;

    /** What a badge code claims before its signature is checked. */
    interface BadgeClaim {
      /** 125 characters of base32 */
      token: string;
      /** The number of the key that signed it. */
      key: number;
      /** 13 characters */
      registration: string;
      badgeVersion: number;
      purpose: number;
      signedBytes: Uint8Array<ArrayBuffer>;
      signature: Uint8Array<ArrayBuffer>;
    }

    interface BadgeIdentity {
      codeStatus: CodeStatus;
      /** The text to send. */
      code: string;
      claim: BadgeClaim | null;
      /** False where the browser cannot check signatures. */
      isSignatureChecked: boolean;
    }

    interface BadgeFacts {
      codeStatus: CodeStatus;
      person: BadgeRecord | null;
      key?: string;
      registration?: EncryptedRegistration;
      presence?: StoredPresence;
      isCurrent?: boolean;
    }

    interface VerdictFacts {
      source: "device" | "server";
      is_device_revoked: boolean;
      code_status: CodeStatus;
      registration_state: string;
      is_current: boolean;
      booking_status: "open" | "booked" | "missing";
      direction: Direction;
      at: number;
      opens_at: number | null;
      closes_at: number | null;
      is_strict: boolean;
      places_left: number | null;
      is_inside: boolean;
      is_same_device: boolean;
      last_read_at: number | null;
      local_verdict: Verdict | "";
      let_in: boolean | null;
      is_late: boolean;
      has_override: boolean;
      undo: "" | "allowed" | "not_allowed";
    }

    /** A badge as read: `key` names its registration in the snapshot. */
    interface Reading {
      codeStatus: CodeStatus;
      key: string | null;
      badgeVersion: number;
      direction: Direction;
      /** Milliseconds by the server's clock. */
      at: number;
      hasOverride: boolean;
    }

    /** A scan of this device that its last snapshot does not contain. */
    interface DeviceScan {
      id: string;
      key: string | null;
      door: number;
      direction: Direction;
      /** Milliseconds by the server's clock. */
      at: number;
      let_in: boolean;
      /** Whether it moved the badge in or out, as the device knew it: only then a place was taken or freed. */
      changes_inside: boolean;
      undoes: string;
    }

    type PresenceFacts = Pick<Presence, "is_inside" | "is_mine" | "read_at">;

    /** The rows of the snapshot that a verdict depends on. */
    interface DeviceData {
      checkpoint: Pick<Checkpoint, "door" | "session" | "opens_at" | "closes_at" | "is_strict">;
      registration: Pick<EncryptedRegistration, "state" | "badge_version"> | null;
      record: Pick<BadgeRecord, "sessions"> | null;
      presence: PresenceFacts | null;
      limit: CapacityLimit | null;
      unsentScans: DeviceScan[];
      /** Acknowledged after the snapshot: they count for presence, and the answer's lease counts them already. */
      sentScans: DeviceScan[];
    }

    interface Decision {
      verdict: Verdict;
      reason: string;
    }

    interface Outcome extends Decision {
      id: string;
      codeStatus?: CodeStatus;
      direction: Direction;
      /** By the device's clock. */
      at: number;
      person: BadgeRecord | null;
      /** Where the badge was before this scan. */
      presence: Pick<Presence, "entered_at" | "gate"> | null;
      scan: PendingScan;
      /** An undone scan: a later answer of the server interrupts nobody. */
      isUndo?: boolean;
      /** The verdict that was shown before the server's, after its badge had left the screen. */
      correctedVerdict?: Verdict;
    }

    interface VerdictView {
      id: string;
      verdict: Verdict;
      icon: Verdict | "out";
      label: string;
      name: string;
      hasLongName: boolean;
      company: string;
      ticket: string;
      detail: string;
      needsTap: boolean;
    }

    interface QueueState {
      pendingCount: number;
      isSending: boolean;
      /** The HTTP status with which the server failed last. */
      errorStatus: number | null;
    }

    interface ReadinessCheck {
      name: string;
      isPassed: boolean;
      text: string;
    }

    interface Readiness {
      isReady: boolean;
      checks: ReadinessCheck[];
    }

    // --- on the page -------------------------------------------------------------------------------

    interface Settings {
      reader: string;
      worker: string;
      scopes: string[];
      snapshot: string;
      scans: string;
    }

    /** The ids of the page's elements (templates/scanner/scan.html). */
    interface Elements
      extends Record<
          | `verdict-${"word" | "name" | "company" | "ticket" | "detail" | "hint"}`
          | `pair-${"steps" | "start" | "manually"}`
          | "verdict" | "announcement" | "status-bar" | "checkpoint" | "inside" | "connection" | "list-age" | "pending"
          | "welcome" | "message" | "scan-view" | "no-picture" | "camera-state" | "hint" | "last-scan" | "last-line"
          | "direction" | "event" | "ready" | "checks" | "queue" | "menu-error" | "type-error",
          HTMLElement
        >,
        Record<
          | `pair-${"camera" | "cancel"}`
          | "menu-open" | "camera-again" | "undo" | "override" | "torch" | "type-open" | "type-close"
          | "send-now" | "update-now" | "test-sound" | "leave",
          HTMLButtonElement
        >,
        Record<"pair-form" | "override-form" | "type-form", HTMLFormElement>,
        Record<"menu" | "type-dialog", HTMLDialogElement>,
        Record<"pair-text" | "type-text", HTMLTextAreaElement> {
      "override-reason": HTMLInputElement;
      "verdict-icon": SVGUseElement;
      video: HTMLVideoElement;
    }
  }

  // The torch is in the Media Capture specification, but not in TypeScript's DOM library.
  interface MediaTrackCapabilities {
    torch?: boolean;
  }
  interface MediaTrackConstraintSet {
    torch?: boolean;
  }
}
