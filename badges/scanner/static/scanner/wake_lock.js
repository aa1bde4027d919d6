/** Keep the screen on while scanning. Browsers release the lock whenever the page is hidden, or to save power. */

const RETRY_MS = 5000;

/** @type {WakeLockSentinel | null} */
let lock = null;
let isWanted = false;

/** Request the lock now, and again each time that it is released. */
export function keepScreenOn() {
  isWanted = true;
  return requestLock();
}

export function letScreenSleep() {
  isWanted = false;
  lock?.release().catch(() => {});
}

async function requestLock() {
  if (!isWanted || document.hidden || (lock && !lock.released)) return;
  lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  // Released while the page is visible, for a low battery: try again later.
  lock?.addEventListener("release", () => setTimeout(requestLock, RETRY_MS), { once: true });
}

document.addEventListener("visibilitychange", requestLock);
