/**
 * Read badge codes, as convention/codes/badge_codes.py writes them: a signed token inside an upper-case address.
 *
 * A token is 78 bytes in base32 without padding (125 characters): version and purpose (4 bits each), key number
 * (3 bytes), registration (8), badge version (2), and the Ed25519 signature of all before it (64).
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SIGNATURE_CONTEXT = new TextEncoder().encode("convention badge\0");
const VERSION = 1;
const SIGNED_BYTES = 14;
const TOKEN_PATTERN = /(?:^|\/B\/)([A-Z2-7]{125})$/;
export const SHORT_CODE_LENGTH = 8;
const SHORT_CODE_PATTERN = new RegExp(`^[A-Z2-7]{${SHORT_CODE_LENGTH}}$`);
/**
 * Maps digits that no code contains to the letters that people misread as them.
 * @type {Record<string, string>}
 */
const MISREAD_DIGITS = { 0: "O", 1: "I", 8: "B" };

/**
 * Decode base32 without padding; surplus bits at the end are dropped.
 * @param {string} text
 */
export function decodeBase32(text) {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let buffer = 0;
  let index = 0;
  for (const letter of text) {
    buffer = ((buffer << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[index++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes;
}

/**
 * Encode as base32 without padding.
 * @param {Uint8Array} bytes
 */
export function encodeBase32(bytes) {
  let text = "";
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
  }
  return bits ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

/**
 * Read a code in either case, with or without an address before it. Return null if it is not a badge code.
 * @param {string} text
 * @returns {Scanner.BadgeClaim | null}
 */
export function parseBadgeCode(text) {
  const match = TOKEN_PATTERN.exec(text.trim().toUpperCase());
  if (!match) return null;
  const bytes = decodeBase32(match[1]);
  // The last letter has unused bits: without the second condition, several texts would decode to one badge.
  if (bytes[0] >> 4 !== VERSION || encodeBase32(bytes) !== match[1]) return null;
  return {
    token: match[1],
    key: (bytes[1] << 16) | (bytes[2] << 8) | bytes[3],
    registration: encodeBase32(bytes.subarray(4, 12)),
    badgeVersion: (bytes[12] << 8) | bytes[13],
    purpose: bytes[0] & 15,
    signedBytes: bytes.slice(0, SIGNED_BYTES),
    signature: bytes.slice(SIGNED_BYTES),
  };
}

/**
 * Return a text as the short code of a badge, however it was typed; null if it is none.
 * @param {string} text
 */
export function parseShortCode(text) {
  const letters = text.replace(/[\s-]/g, "").toUpperCase();
  const code = letters.replace(/[018]/g, (digit) => MISREAD_DIGITS[digit]);
  return SHORT_CODE_PATTERN.test(code) ? code : null;
}

/**
 * Return whether this key (32 bytes) made the signature; null where the browser cannot check.
 * @param {Scanner.BadgeClaim} claim
 * @param {Uint8Array<ArrayBuffer>} publicKey
 */
export async function isSignedBy(claim, publicKey) {
  const message = new Uint8Array(SIGNATURE_CONTEXT.length + SIGNED_BYTES);
  message.set(SIGNATURE_CONTEXT);
  message.set(claim.signedBytes, SIGNATURE_CONTEXT.length);
  const key = await importKey(publicKey);
  return key && crypto.subtle.verify("Ed25519", key, claim.signature, message);
}

/** @type {Map<string, Promise<CryptoKey | null>>} */
const importedKeys = new Map();

/**
 * Import a key once; null where Ed25519 is missing (browsers before 2025).
 * @param {Uint8Array<ArrayBuffer>} publicKey
 */
function importKey(publicKey) {
  const name = publicKey.join();
  const known = importedKeys.get(name);
  if (known) return known;
  const imported = crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]).catch(() => null);
  importedKeys.set(name, imported);
  return imported;
}

/**
 * Decode base64 or base64url.
 * @param {string} text
 */
export function decodeBase64(text) {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/**
 * Encode as base64url without padding.
 * @param {Uint8Array} bytes
 */
export function encodeBase64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/** @type {Promise<boolean> | null} */
let signatureSupport = null;

/** Return whether this browser can check signatures. */
export function canCheckSignatures() {
  signatureSupport ??= crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
  return signatureSupport;
}
