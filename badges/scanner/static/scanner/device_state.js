/** Describe the state of this device, which each request for the snapshot sends to the organizer. */

import { listAllPendingScans, getSetting } from "./database.js";
import { settings } from "./page.js";

/** @type {Scanner.DeviceState["camera"]} */
let cameraState = "untried";

/** @param {Scanner.CameraState} state */
export function noteCameraState(state) {
  if (state === "on") cameraState = "ok";
  else if (state !== "off") cameraState = "none";
}

export const getCameraState = () => cameraState;

/**
 * @param {Scanner.Pairing} pairing
 * @returns {Promise<Scanner.DeviceState>}
 */
export async function describeDevice(pairing) {
  const pending = (await listAllPendingScans()).filter(({ event }) => event === pairing.event.slug);
  return {
    version: settings.version,
    pending: pending.length,
    oldest_pending_s: pending.length ? measureAge(pending[0].at) : null,
    battery: await getBatteryLevel(),
    camera: cameraState,
    test_badge: Boolean(await getSetting("badge_tested_at")),
    storage: (await navigator.storage?.persisted?.()) ? "persistent" : "best-effort",
    clock_offset_ms: pairing.clock_offset_ms ?? null,
  };
}

/** @param {string} time by this device's clock */
const measureAge = (time) => Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));

/** Return the battery's level from 0 to 1; null where the browser does not report it. */
async function getBatteryLevel() {
  const battery = await navigator.getBattery?.().catch(() => null);
  return battery ? Math.round(battery.level * 100) / 100 : null;
}
