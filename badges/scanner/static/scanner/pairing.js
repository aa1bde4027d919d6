/** Pair this device: by a code that works once, with a key of its own, or by a token that was made elsewhere. */

import { fetchSnapshot, requestField, requestToken } from "./api.js";
import { getPairing, getSetting, savePairing, saveSetting, updatePairing } from "./database.js";
import { createDeviceKey } from "./device_key.js";
import { settings } from "./page.js";

const CODE_PATTERN = /^[A-Za-z0-9_-]{6,200}$/;
/** Codes are shorter: a text without an address that is as long as this is a token. */
const TOKEN_LENGTH = 43;

/**
 * Return the code or token in a pairing address or a plain text; null if there is none.
 * @param {string} text
 * @returns {Scanner.PairingText | null}
 */
export function parsePairingText(text) {
  const match = /^(?:.*#(?<kind>pair|code)=)?(?<value>.*)$/s.exec(text.replace(/\s/g, ""));
  const value = match?.groups?.value ?? "";
  if (!CODE_PATTERN.test(value)) return null;
  const isToken = match?.groups?.kind ? match.groups.kind === "pair" : value.length >= TOKEN_LENGTH;
  return { isToken, value };
}

/** @param {string} text */
export const isPairingAddress = (text) => /#(pair|code)=/.test(text);

/**
 * Return whether this device is paired by this text already, so that its address can be opened again.
 * @param {Scanner.PairingText} text
 */
export async function isPairedBy({ isToken, value }) {
  const pairing = await getPairing();
  if (!pairing) return false;
  return isToken ? pairing.token === value : (await getSetting("paired_code")) === value;
}

/**
 * Return whether the device is still paired by this token: the pairing may have ended during a request.
 * @param {string} token
 */
export async function isCurrentToken(token) {
  return (await getPairing())?.token === token;
}

/**
 * Pair this device: all or nothing.
 * @param {Scanner.PairingText} text
 * @throws {import("./api.js").PairingEnded | import("./api.js").ServerError | import("./api.js").Unreachable}
 */
export async function pairDevice({ isToken, value }) {
  if (isToken) return fetchFirstSnapshot(value, null);
  const deviceKey = await getAttemptKey(value);
  const name = (await getSetting("operator")) ?? "";
  const token = await requestToken(settings.pair, { code: value, public_key: deviceKey.public_key, name });
  await fetchFirstSnapshot(token, deviceKey);
  await saveSetting("paired_code", value);
}

/**
 * Return the key for pairing by this code: the same at each try, to be recognized after a lost answer.
 * @param {string} code
 * @returns {Promise<Scanner.DeviceKey>}
 */
async function getAttemptKey(code) {
  const attempt = await getSetting("pairing_attempt");
  if (attempt?.code === code) return attempt;
  const deviceKey = await createDeviceKey();
  await saveSetting("pairing_attempt", { ...deviceKey, code });
  return deviceKey;
}

/**
 * Move this device to another checkpoint; the next snapshot is complete, since it is of another door.
 * @param {number} checkpoint
 * @throws {import("./api.js").PairingEnded | import("./api.js").ServerError | import("./api.js").Unreachable}
 */
export async function changeCheckpoint(checkpoint) {
  const pairing = await getPairing();
  if (!pairing) return;
  /** @type {{device: Scanner.Device}} */
  const { device } = await requestField(settings.checkpoint, pairing.token, "device", { checkpoint });
  await updatePairing(pairing.token, { device, sequence: 0, presences_cursor: "", etag: "", limits: [] });
}

/**
 * @param {string} token
 * @param {Scanner.DeviceKey | null} deviceKey
 */
async function fetchFirstSnapshot(token, deviceKey) {
  const { snapshot, ...state } = await fetchSnapshot(settings.snapshot, { token });
  if (snapshot) await savePairing(snapshot, { ...state, token, fetched_at: Date.now() }, deviceKey);
}
