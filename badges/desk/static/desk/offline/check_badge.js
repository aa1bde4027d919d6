/** Check a scanned badge by its signature and version, as the online desk does (badges/desk/search.py). */

import { encodeBase32 } from "../../scanner/badge_codes.js";
import { identifyBadge } from "../../scanner/identify_badge.js";
import { isIncompleteCode } from "../../scanner/keyboard_scanner.js";

const BADGE_PURPOSE = 1;
const SHORT_CODE_PREFIX = new TextEncoder().encode("convention short code\0");
const SHORT_CODE_BYTES = 5;

/** @typedef {import("./desk_state.js").DeskState} DeskState */

/**
 * Return the guest whose badge was scanned, with the name of the text that says what is wrong; "" if it is valid.
 * @param {string[]} readings of the scanned text, likeliest first
 * @param {DeskState} desk
 * @returns {Promise<{reference: string, problem: string}>}
 */
export async function checkBadge(readings, desk) {
  if (isIncompleteCode(readings)) return { reference: "", problem: "scan.incomplete" };
  const { claim, codeStatus, isSignatureChecked } = await identifyBadge(readings, desk.data?.keys ?? []);
  if (codeStatus === "not_a_badge") return { reference: "", problem: "scan.not_a_badge" };
  if (!claim || codeStatus === "forged" || claim.purpose !== BADGE_PURPOSE) return { reference: "", problem: "scan.forged" };
  if (codeStatus === "other_event") return { reference: "", problem: "scan.other_event" };
  const guest = desk.findGuest(claim.registration);
  if (!guest) return { reference: "", problem: "scan.unknown" };
  const { reference } = guest;
  if (claim.badgeVersion < guest.badge_version) return { reference, problem: "scan.revoked" };
  const isNewer = claim.badgeVersion > guest.badge_version;
  // Without Ed25519 (browsers before 2025), a code is proven genuine only by the short codes that the server sent.
  if (!isSignatureChecked && !(await hasKnownCode(guest, claim))) {
    return { reference: "", problem: isNewer ? "scan.unknown" : "scan.forged" };
  }
  // A newer badge is genuine: this list is from before it was reprinted or the place transferred.
  return { reference, problem: isNewer ? "scan.newer" : "" };
}

/**
 * @param {Desk.Guest} guest
 * @param {Scanner.BadgeClaim} claim
 */
async function hasKnownCode({ code, next_code }, { token }) {
  const shortCode = await makeShortCode(token);
  return [code, next_code].some((known) => known?.short_code === shortCode);
}

/**
 * Return the short code of a badge, as badges/codes.py makes it.
 * @param {string} token
 */
async function makeShortCode(token) {
  const text = new Uint8Array(SHORT_CODE_PREFIX.length + token.length);
  text.set(SHORT_CODE_PREFIX);
  text.set(new TextEncoder().encode(token), SHORT_CODE_PREFIX.length);
  return encodeBase32(new Uint8Array(await crypto.subtle.digest("SHA-256", text), 0, SHORT_CODE_BYTES));
}
