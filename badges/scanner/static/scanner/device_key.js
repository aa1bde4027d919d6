/** Make the device's own key pair, and sign scans with it, so that any device of the event may deliver them. */

import { encodeBase64 } from "./badge_codes.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const CANONICAL_VERSION = "scan-1";

/**
 * Make a key pair whose private key never leaves the browser's storage.
 * @returns {Promise<Scanner.DeviceKey>}
 */
export async function createDeviceKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const point = await crypto.subtle.exportKey("raw", publicKey);
  return { private_key: privateKey, public_key: encodeBase64(new Uint8Array(point)) };
}

/**
 * Return a scan as this device has signed it, with the device and the signature.
 * @param {Scanner.Scan} scan
 * @param {number} device
 * @param {CryptoKey} privateKey
 * @returns {Promise<Scanner.SignedScan>}
 */
export async function signScan(scan, device, privateKey) {
  const text = new TextEncoder().encode(writeCanonicalText(scan, device));
  const signature = await crypto.subtle.sign(SIGNATURE, privateKey, text);
  return { ...scan, device, signature: encodeBase64(new Uint8Array(signature)) };
}

/**
 * Return the text that is signed; badges/attendance/scanning writes the same from what it receives.
 * @param {Scanner.Scan} scan
 * @param {number} device
 */
export function writeCanonicalText(scan, device) {
  return JSON.stringify([
    CANONICAL_VERSION,
    device,
    scan.id,
    scan.code ?? "",
    scan.registration ?? "",
    scan.direction,
    scan.at,
    scan.checkpoint ?? null,
    scan.sequence ?? null,
    scan.clock_offset_ms ?? null,
    scan.local_verdict ?? "",
    scan.let_in ?? null,
    scan.undoes ?? "",
    scan.page ?? "",
    scan.elapsed_ms ?? null,
    scan.operator ?? "",
    scan.override_reason ?? "",
  ]);
}
