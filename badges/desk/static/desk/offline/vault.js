/**
 * Encrypt what the desk stores, by a key that is derived from a PIN. The key is only in memory while the desk is
 * unlocked; neither the PIN nor the key is stored or sent.
 */

/** OWASP's number for PBKDF2 with SHA-256; about half a second on a desk's machine. */
const ITERATIONS = 600_000;
const CHECK_TEXT = "convention desk";
export const MAX_WRONG_TRIES = 10;
const MIN_PIN_LENGTH = 6;
/** From one digit to the next: repeated, counted up or down; 9 is followed by 0. */
const TRIVIAL_STEPS = [0, 1, 9];

/**
 * Return the name of the text that says why a new PIN is refused; "" if it is accepted.
 * @param {string} pin
 * @param {string} repeated
 */
export function findPinProblem(pin, repeated) {
  if (!/^\d*$/.test(pin) || pin.length < MIN_PIN_LENGTH) return "pin.short";
  const digits = [...pin].map(Number);
  const steps = new Set(digits.slice(1).map((digit, index) => (digit - digits[index] + 10) % 10));
  if (steps.size === 1 && TRIVIAL_STEPS.some((step) => steps.has(step))) return "pin.trivial";
  return pin === repeated ? "" : "pin.differs";
}

/**
 * @param {string} pin
 * @param {Uint8Array<ArrayBuffer>} salt
 * @param {number} iterations
 */
async function deriveKey(pin, salt, iterations) {
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations },
    secret,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/**
 * Encrypt a value that JSON can hold.
 * @param {CryptoKey} key
 * @param {unknown} value
 * @returns {Promise<Desk.EncryptedValue>}
 */
export async function encrypt(key, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = new TextEncoder().encode(JSON.stringify(value));
  return { iv, bytes: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text) };
}

/**
 * @param {CryptoKey} key
 * @param {Desk.EncryptedValue} sealed
 * @returns {Promise<any>}
 * @throws {DOMException} with another key than it was encrypted by
 */
export async function decrypt(key, { iv, bytes }) {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, bytes)));
}

/**
 * Make an empty vault with a new salt.
 * @param {string} pin
 * @param {Pick<Desk.Vault, "event" | "title" | "device" | "expires_at">} owner
 * @returns {Promise<{vault: Desk.Vault, key: CryptoKey}>}
 */
export async function makeVault(pin, owner) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await deriveKey(pin, salt, ITERATIONS);
  const check = await encrypt(key, CHECK_TEXT);
  const empty = { wrong_tries: 0, version: "", clock_offset_ms: 0, data: null };
  return { key, vault: { ...owner, ...empty, salt, iterations: ITERATIONS, check } };
}

/**
 * Return the key of a vault; null if the PIN is wrong.
 * @param {string} pin
 * @param {Desk.Vault} vault
 */
export async function openVault(pin, { salt, iterations, check }) {
  const key = await deriveKey(pin, salt, iterations);
  const text = await decrypt(key, check).catch(() => null);
  return text === CHECK_TEXT ? key : null;
}
