/** Identify the badge of a scanned text, check its signature, and decrypt the record of its holder. */

import { decodeBase32, decodeBase64, encodeBase64, isSignedBy, parseBadgeCode } from "./badge_codes.js";

const REGISTRATION_KEY_PREFIX = "convention registration\0";
const REGISTRATION_KEY_BYTES = 12;
const NONCE_BYTES = 12;
const RECORD_KEY_DERIVATION = {
  name: "HKDF",
  hash: "SHA-256",
  salt: new Uint8Array(),
  info: new TextEncoder().encode("convention sealed"),
};
const DAMAGED_CODE_PATTERN = /\/B\/[A-Z2-7]{16,}$/;

/**
 * Identify a badge; of several readings of one text, take the first with a valid signature.
 * @param {string[]} readings
 * @param {Scanner.PublicKey[]} keys
 * @returns {Promise<Scanner.BadgeIdentity>}
 */
export async function identifyBadge(readings, keys) {
  const publicKeys = new Map(keys.map((key) => [key.number, decodeBase64(key.public_key)]));
  /** @type {Scanner.BadgeIdentity | null} */
  let best = null;
  for (const code of readings) {
    const claim = parseBadgeCode(code);
    if (!claim) continue;
    const identity = { code, claim, ...(await checkSignature(claim, publicKeys.get(claim.key))) };
    if (identity.codeStatus === "valid") return identity;
    if (best?.codeStatus !== "forged") best = identity;
  }
  return best ?? { code: readings[0], claim: null, codeStatus: classifyUnreadable(readings), isSignatureChecked: true };
}

/**
 * @param {Scanner.BadgeClaim} claim
 * @param {Uint8Array<ArrayBuffer> | undefined} publicKey
 * @returns {Promise<Pick<Scanner.BadgeIdentity, "codeStatus" | "isSignatureChecked">>}
 */
async function checkSignature(claim, publicKey) {
  if (!publicKey) return { codeStatus: "other_event", isSignatureChecked: true };
  const isSigned = await isSignedBy(claim, publicKey);
  return { codeStatus: isSigned === false ? "forged" : "valid", isSignatureChecked: isSigned !== null };
}

/**
 * Tell a damaged badge code from any other text.
 * @param {string[]} readings
 */
function classifyUnreadable(readings) {
  return readings.some((text) => DAMAGED_CODE_PATTERN.test(text.toUpperCase())) ? "forged" : "not_a_badge";
}

/**
 * Return the key by which the snapshot names a registration.
 * @param {string} reference
 */
export async function makeRegistrationKey(reference) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(REGISTRATION_KEY_PREFIX + reference));
  return encodeBase64(new Uint8Array(digest, 0, REGISTRATION_KEY_BYTES));
}

/**
 * Decrypt a record with the badge's token; null if it was encrypted under another token.
 * @param {string} token
 * @param {string} encryptedRecord in base64
 * @returns {Promise<Scanner.BadgeRecord | null>}
 */
export async function decryptRecord(token, encryptedRecord) {
  const encrypted = decodeBase64(encryptedRecord);
  const material = await crypto.subtle.importKey("raw", decodeBase32(token), "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    RECORD_KEY_DERIVATION,
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["decrypt"],
  );
  const algorithm = { name: "AES-GCM", iv: encrypted.subarray(0, NONCE_BYTES) };
  const text = await crypto.subtle.decrypt(algorithm, key, encrypted.subarray(NONCE_BYTES)).catch(() => null);
  return text && JSON.parse(new TextDecoder().decode(text));
}
