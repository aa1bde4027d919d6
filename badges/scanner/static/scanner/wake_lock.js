/** Keep the screen on while scanning. Browsers take the lock back whenever the page is hidden, or to save power. */

const RETRY_MS = 5000;

/** @type {WakeLockSentinel | null} */
let lock = null;
let isWanted = false;

/** Ask for the lock now, and again each time that it is lost. */
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
  // Released in front of the user, for a low battery: it may come back.
  lock?.addEventListener("release", () => setTimeout(requestLock, RETRY_MS), { once: true });
}

document.addEventListener("visibilitychange", requestLock);
