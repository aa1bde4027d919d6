/** From a text to a person: is it a badge, whose key signed it, who is it, and what is sealed for its holder. */

import { decodeBase32, decodeBase64, isSignedBy, parseBadgeCode } from "./codes.js";

const REGISTRATION_KEY_PREFIX = "convention registration\0";
const REGISTRATION_KEY_BYTES = 12;
const NONCE_BYTES = 12;
const RECORD_KEY_DERIVATION = {
  name: "HKDF",
  hash: "SHA-256",
  salt: new Uint8Array(),
  info: new TextEncoder().encode("convention sealed"),
};

/**
 * @typedef {object} Identity
 * @property {"valid" | "forged" | "other_event" | "not_a_badge"} codeStatus
 * @property {string} code the text as it is sent
 * @property {import("./codes.js").SignedClaim | null} claim
 * @property {boolean} isChecked whether the signature was checked here
 */

/**
 * What this text is; of several readings the first with a good signature.
 * @param {string[]} readings
 * @param {{number: number, public_key: string}[]} keys
 * @returns {Promise<Identity>}
 */
export async function identify(readings, keys) {
  const known = new Map(keys.map((key) => [key.number, decodeBase64(key.public_key)]));
  const claims = readings.map((code) => ({ code, claim: parseBadgeCode(code) })).filter(({ claim }) => claim);
  let worse = null;
  for (const { code, claim } of claims) {
    const checked = await checkSignature(claim, known.get(claim.key));
    if (checked.codeStatus === "valid") return { code, claim, ...checked };
    if (worse?.codeStatus !== "forged") worse = { code, claim, ...checked };
  }
  return worse ?? { code: readings[0], claim: null, codeStatus: classifyUnreadable(readings), isChecked: true };
}

async function checkSignature(claim, publicKey) {
  if (!publicKey) return { codeStatus: "other_event", isChecked: true };
  const isSigned = await isSignedBy(claim, publicKey);
  return { codeStatus: isSigned === false ? "forged" : "valid", isChecked: isSigned !== null };
}

/** A damaged code of ours, or any other text. */
function classifyUnreadable(readings) {
  return readings.some((text) => /\/B\/[A-Z2-7]{16,}$/.test(text.toUpperCase())) ? "forged" : "not_a_badge";
}

/** How the snapshot names a registration. */
export async function makeRegistrationKey(reference) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(REGISTRATION_KEY_PREFIX + reference));
  return encodeBase64(new Uint8Array(digest, 0, REGISTRATION_KEY_BYTES));
}

function encodeBase64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/**
 * The record that only the badge itself opens.
 * @param {string} token
 * @param {string} sealed
 * @returns {Promise<{name: string, company: string, ticket: string, ticket_en?: string, note: string} | null>} null: another code's
 */
export async function decryptRecord(token, sealed) {
  const raw = decodeBase64(sealed);
  const material = await crypto.subtle.importKey("raw", decodeBase32(token), "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(RECORD_KEY_DERIVATION, material, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const opening = { name: "AES-GCM", iv: raw.subarray(0, NONCE_BYTES) };
  const text = await crypto.subtle.decrypt(opening, key, raw.subarray(NONCE_BYTES)).catch(() => null);
  return text && JSON.parse(new TextDecoder().decode(text));
}
