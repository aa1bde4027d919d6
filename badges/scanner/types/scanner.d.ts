/**
 * Types of the scanner's data. Names with underscores are fields of the API (badges/attendance/scanning/snapshot.py
 * and openapi.py) and of the facts that verdict.js shares with verdict.py.
 */

import type { DBSchema, IDBPDatabase } from "idb";

declare global {
  namespace Scanner {
    type Verdict = "admitted" | "already_in" | "refused" | "unverified" | "action";
    /** "lookup": found by name; "unchecked": only the server can tell whether it is genuine. */
    type CodeStatus = "valid" | "forged" | "other_event" | "not_a_badge" | "lookup" | "unchecked" | "typed" | "too_many_tries";
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
      /** Missing in a pairing that an earlier version stored, until the next snapshot. */
      starts_at?: string;
    }

    interface Device {
      id: number;
      name: string;
      checkpoint: number;
      expires_at: string;
      can_override: boolean;
      can_change_checkpoint: boolean;
    }

    interface PublicKey {
      number: number;
      /** 32 bytes, base64url */
      public_key: string;
    }

    interface Checkpoint {
      id: number;
      name: string;
      kind: "entrance" | "session" | "meal" | "visit" | "assembly" | "coach" | "exit" | "other";
      /** The checkpoint at which its scans count: two gates of one entrance share it. */
      door: number;
      opens_at: string | null;
      closes_at: string | null;
      is_strict: boolean;
      capacity: number | null;
      /** Set only if the session takes bookings. */
      session: number | null;
      /** The ids of tickets; with any, or with an add-on, only they may enter. */
      tickets: number[];
      addon: number | null;
    }

    interface EncryptedRegistration {
      key: string;
      badge_version: number;
      state: "confirmed" | "unnamed" | "cancelled" | "merged";
      /** A `BadgeRecord`, encrypted under the badge's own code. */
      sealed: string;
      /** A hash of the short code on the badge. */
      short?: string;
    }

    interface BadgeRecord {
      name: string;
      company: string;
      ticket: string;
      ticket_en?: string;
      note: string;
      no_photo?: boolean;
      /** Whether something is to be paid at the desk. */
      to_pay?: boolean;
      ticket_id?: number;
      /** The ids of booked sessions. */
      sessions?: number[];
      /** The ids of add-ons. */
      addons?: number[];
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
      /** The devices at this door that were not heard of for two minutes, and the scans that they may hold. */
      devices_silent: number;
      uncertain_entries: number;
      uncertain_exits: number;
    }

    /** An attendee who was found by name or by the badge's short code. */
    interface FoundRegistration {
      /** The reference, by which the scan names the attendee. */
      registration: string;
      key: string;
      person: BadgeRecord;
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
      /** With a conflict: the desk recorded the entry. */
      is_desk_entry: boolean;
      replayed: boolean;
      detail: string;
      /** The attendee whose short code was typed. */
      attendee?: FoundRegistration;
    }

    interface ScanResults {
      results: ScanResult[];
      /** As in the snapshot, after these scans. */
      limits?: CapacityLimit[];
      sequence: number;
      server_time: string;
    }

    /** A response, and the server's clock compared with this device's if the server told its time. */
    type WithClock<Response> = Response & { clock_offset_ms?: number; clock?: ClockReading };

    /** The server's time at a moment of a page load. */
    interface ClockReading {
      page: string;
      page_age_ms: number;
      server_ms: number;
      wall_ms: number;
    }

    /** What the device tells of itself with each request for the snapshot. */
    interface DeviceState {
      version: string;
      pending: number;
      oldest_pending_s: number | null;
      battery: number | null;
      camera: "ok" | "none" | "untried";
      test_badge: boolean;
      storage: "persistent" | "best-effort";
      clock_offset_ms: number | null;
    }

    // --- on the device -----------------------------------------------------------------------------

    /** The device's pairing and the event, as of the last snapshot. */
    interface Pairing extends Pick<
      Snapshot,
      | "event" | "device" | "keys" | "checkpoints" | "sequence" | "presences_cursor"
      | "limits" | "devices_silent" | "uncertain_entries" | "uncertain_exits"
    > {
      token: string;
      etag: string;
      clock_offset_ms?: number;
      clock?: ClockReading;
      /** By the device's clock. */
      fetched_at: number;
    }

    /** The device's own key pair; the private key cannot be read, only used. */
    interface DeviceKey {
      private_key: CryptoKey;
      /** The raw point of P-256, base64url. */
      public_key: string;
    }

    /** A key pair by the device that it belongs to: a phone that was paired anew was another device before. */
    interface StoredKey extends DeviceKey {
      device: number;
    }

    interface PairingText {
      /** A token that was made elsewhere, or a code that works once. */
      isToken: boolean;
      value: string;
    }

    interface Scan {
      id: string;
      code: string;
      /** Instead of a code: the reference of an attendee who was found by name. */
      registration?: string;
      direction: Direction;
      at: string;
      checkpoint: number;
      clock_offset_ms: number | null;
      local_verdict: Verdict;
      /** Whether the attendee passed. */
      let_in: boolean;
      /** The id of the scan that this one takes back. */
      undoes?: string;
      page: string;
      elapsed_ms: number;
      operator: string;
      /** The sequence of the snapshot by which the device decided. */
      snapshot: number;
      override_reason: string;
      /** The number of the scan on this device. */
      sequence: number;
    }

    interface SignedScan extends Scan {
      device: number;
      signature: string;
    }

    /** A scan with what is not sent: its event, the device that this phone was, and the presence that it changed. */
    interface PendingScan extends Scan {
      event: string;
      event_name?: string;
      /** This and the next three are missing in scans that an older version of the app made. */
      device?: number;
      /** Names the registration in the snapshot; null for a text that is no badge. */
      key?: string | null;
      door?: number;
      /** When it was made, in milliseconds by the server's clock. */
      server_at?: number;
      changes_inside?: boolean;
    }

    interface ReadOptions {
      isFromHandScanner?: boolean;
    }

    interface ScanOptions {
      isLetIn?: boolean;
      /** A supervisor's, for an override. */
      reason?: string;
      undone?: Outcome | null;
    }

    /** A presence in the database, found by "door/key". */
    interface StoredPresence extends Presence {
      presence_id: string;
      /** The door while inside, else absent: indexed to count who is inside. */
      inside_at?: number;
    }

    /** The settings beside the pairing. */
    interface OtherSettings {
      /** Of the last scan; it outlives a pairing. */
      sequence: number;
      operator: string;
      /** The id of the camera that was chosen. */
      lens: string;
      badge_tested_at: number;
      pairing_attempt: DeviceKey & { code: string };
      paired_code: string;
      is_unpaired: boolean;
    }

    type SettingName = "pairing" | keyof OtherSettings;
    type SettingsValue = Pairing | OtherSettings[keyof OtherSettings];

    interface DatabaseSchema extends DBSchema {
      settings: { key: SettingName; value: SettingsValue };
      device_keys: { key: number; value: StoredKey };
      registrations: { key: string; value: EncryptedRegistration };
      presences: {
        key: string;
        value: StoredPresence;
        indexes: { inside: number };
      };
      outbox: { key: string; value: PendingScan; indexes: { sequence: number } };
      /** Acknowledged scans that the last snapshot does not contain, with the page's elapsed time at the answer. */
      sent: { key: string; value: DeviceScan & { page: string; acknowledged_ms: number } };
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
      badgeVersion?: number;
    }

    /** A badge with what this device makes of it. */
    interface JudgedBadge extends Decision {
      badge: BadgeFacts;
      /** Where the badge was before, this device's unsent scans included. */
      presence?: Presence | null;
      changesInside?: boolean;
      code: string;
      reference?: string;
    }

    interface VerdictFacts {
      source: "device" | "server";
      is_device_revoked: boolean;
      code_status: CodeStatus;
      registration_state: string;
      is_current: boolean;
      entitlement: "open" | "included" | "not_booked" | "not_entitled";
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
      /** Made before the phone was paired anew: refused by the server if that device was revoked. */
      is_of_former_pairing?: boolean;
    }

    type PresenceFacts = Pick<Presence, "is_inside" | "is_mine" | "read_at">;

    /** The rows of the snapshot that a verdict depends on. */
    interface DeviceData {
      checkpoint: Pick<Checkpoint, "door" | "session" | "tickets" | "addon" | "opens_at" | "closes_at" | "is_strict">;
      registration: Pick<EncryptedRegistration, "state" | "badge_version"> | null;
      record: Pick<BadgeRecord, "sessions" | "ticket_id" | "addons"> | null;
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
      /** With a conflict: the desk recorded the entry in `presence`. */
      isDeskEntry?: boolean;
      /** Whom the server found by the short code that was typed. */
      attendee?: FoundRegistration;
      scan: PendingScan;
      /** Missing if the page was reloaded since. */
      judged?: JudgedBadge;
      /** Whether the attendee passed. */
      isLetIn: boolean;
      isUndone?: boolean;
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
      /** Signs beside the name, such as "No photos". */
      marks: ViewMark[];
      needsTap: boolean;
      /** Whether the next badge of a hand scanner clears it as a tap does: nobody passed, and nothing is to decide. */
      isReplaceable: boolean;
      /** Colours the screen where the verdict alone does not. */
      tone?: "full" | "test";
      /** Buttons below the explanation. */
      actions: ViewAction[];
      /** Says what a tap anywhere else means, if it is not just to go on. */
      hint?: string;
    }

    /** A short text with a sign: what the operator should know about the attendee. */
    interface ViewMark {
      icon: "pay" | "no-photo" | "note";
      text: string;
    }

    interface ViewAction {
      label: string;
      run: () => unknown;
    }

    /** A badge that was let in although it was inside, and the later scans that did it. */
    interface DeviceConflict {
      id: string;
      key: string;
      name: string;
      company: string;
      checkpoint: string;
      entered_at: string | null;
      gate: string;
      device: string;
      is_desk: boolean;
      is_mine: boolean;
      scans: { at: string; gate: string; device: string; is_desk: boolean; is_mine: boolean }[];
    }

    interface PendingCounts {
      pendingCount: number;
      /** Of other events. */
      otherCount: number;
      otherEvents: string[];
    }

    interface QueueState extends PendingCounts {
      isSending: boolean;
      /** The HTTP status with which the server failed last. */
      errorStatus: number | null;
    }

    interface ReadinessCheck {
      name: string;
      isPassed: boolean;
      text: string;
      /** What to do about it; empty if it passed. */
      advice: string;
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
      /** The addresses of the scripts that only a paired device needs. */
      scanning_scripts: string[];
      snapshot: string;
      scans: string;
      pair: string;
      search: string;
      attendees: string;
      conflicts: string;
      checkpoint: string;
      version: string;
    }

    /** The ids of the page's elements (templates/scanner/scan.html). */
    interface Elements
      extends Record<
          | `verdict-${"word" | "name" | "company" | "ticket" | "marks" | "actions" | "detail" | "hint"}`
          | `pair-${"steps" | "start" | "manually"}`
          | "verdict" | "announcement" | "status-bar" | "checkpoint" | "inside" | "connection" | "list-age" | "pending"
          | "welcome" | "message" | "scan-view" | "no-picture" | "camera-state" | "hint" | "last-scan" | "last-line"
          | "direction" | "event" | "ready" | "checks" | "queue" | "menu-error" | "type-error" | "other-pending"
          | "other-queue" | "search-results" | "search-error" | "recent-list" | "recent-empty" | "lens-choice"
          | "checkpoint-choice" | "early-notice" | "headcount-reason",
          HTMLElement
        >,
        Record<
          | `pair-${"camera" | "cancel"}`
          | "menu-open" | "camera-again" | "undo" | "override" | "torch" | "type-open" | "type-close"
          | "send-now" | "update-now" | "install-now" | "test-sound" | "test-badge" | "leave" | "leave-anyway"
          | "conflicts-open" | "search-open" | "search-close" | "recent-open",
          HTMLButtonElement
        >,
        Record<"pair-form" | "override-form" | "type-form" | "search-form", HTMLFormElement>,
        Record<"menu" | "type-dialog" | "search" | "recent", HTMLDialogElement>,
        Record<"pair-text" | "type-text", HTMLTextAreaElement> {
      "override-reason": HTMLInputElement;
      "search-text": HTMLInputElement;
      operator: HTMLInputElement;
      lens: HTMLSelectElement;
      "checkpoint-list": HTMLSelectElement;
      "verdict-icon": SVGUseElement;
      video: HTMLVideoElement;
    }
  }

  // Chromium alone has these two.
  interface BeforeInstallPromptEvent extends Event {
    prompt(): Promise<unknown>;
  }
  interface Navigator {
    getBattery?(): Promise<{ level: number }>;
  }

  // The torch is in the Media Capture specification, but not in TypeScript's DOM library.
  interface MediaTrackCapabilities {
    torch?: boolean;
  }
  interface MediaTrackConstraintSet {
    torch?: boolean;
  }
}
