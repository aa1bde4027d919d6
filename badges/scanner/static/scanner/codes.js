/**
 * Badge codes, as convention/codes/badge_codes.py writes them: a signed token inside an upper-case address.
 *
 * A token is 78 bytes in base32 without padding (125 characters): version and purpose (4 bits each),
 * key number (3 bytes), registration (8), badge version (2), Ed25519 signature of what stands before it (64).
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CONTEXT = new TextEncoder().encode("convention badge\0");
const VERSION = 1;
const HEAD_BYTES = 14;
const TOKEN_PATTERN = /(?:^|\/B\/)([A-Z2-7]{125})$/;

/**
 * @typedef {object} SignedClaim What a code says; the signature is not checked yet.
 * @property {string} token the 125 characters
 * @property {number} key number of the key that signed
 * @property {string} registration reference, 13 characters
 * @property {number} badgeVersion raised when the badge is replaced
 * @property {number} purpose
 * @property {Uint8Array} head the bytes that are signed
 * @property {Uint8Array} signature
 */

/** The bytes that base32 text without padding stands for; stray bits at the end are dropped. */
export function decodeBase32(text) {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    held = ((held << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  return bytes;
}

/** Base32 without padding. */
export function encodeBase32(bytes) {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  return bits ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

/**
 * Read a code, with or without an address in front, in either case.
 * @param {string} text
 * @returns {SignedClaim | null} null for anything that is no badge code of ours
 */
export function parseBadgeCode(text) {
  const match = TOKEN_PATTERN.exec(text.trim().toUpperCase());
  if (!match) return null;
  const raw = decodeBase32(match[1]);
  if (raw[0] >> 4 !== VERSION || encodeBase32(raw) !== match[1]) return null;
  return {
    token: match[1],
    key: (raw[1] << 16) | (raw[2] << 8) | raw[3],
    registration: encodeBase32(raw.subarray(4, 12)),
    badgeVersion: (raw[12] << 8) | raw[13],
    purpose: raw[0] & 15,
    head: raw.slice(0, HEAD_BYTES),
    signature: raw.slice(HEAD_BYTES),
  };
}

/** Whether this key (32 raw bytes) made the signature; null where the browser cannot tell. */
export async function isSignedBy(claim, publicKey) {
  const message = new Uint8Array(CONTEXT.length + HEAD_BYTES);
  message.set(CONTEXT);
  message.set(claim.head, CONTEXT.length);
  const key = await importedKey(publicKey);
  return key && crypto.subtle.verify("Ed25519", key, claim.signature, message);
}

const imported = new Map();

/** The key for WebCrypto, imported once; null where Ed25519 is missing (browsers before 2025). */
function importedKey(publicKey) {
  const name = publicKey.join();
  if (!imported.has(name)) {
    imported.set(name, crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]).catch(() => null));
  }
  return imported.get(name);
}

/** The bytes of base64 or base64url text. */
export function decodeBase64(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

let ability = null;

/** Whether this browser can check signatures. @returns {Promise<boolean>} */
export function canVerify() {
  ability ??= crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
  return ability;
}
