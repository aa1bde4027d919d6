/** Install the app by a service worker, and update it when it is not in use. */

import { settings } from "./page.js";

/** @type {ServiceWorker | null} */
let waitingWorker = null;
let isUpdating = false;

/**
 * Register the worker for the page in both languages.
 * @param {() => boolean} isIdle whether the page may be reloaded now
 * @param {() => void} onUpdate called when a newer version waits
 */
export async function installApp(isIdle, onUpdate) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isUpdating) location.reload();
  });
  const results = await Promise.allSettled(
    settings.scopes.map((scope) => navigator.serviceWorker.register(settings.worker, { updateViaCache: "none", scope })),
  );
  for (const result of results) {
    if (result.status === "fulfilled") followUpdates(result.value, isIdle, onUpdate);
  }
}

/** Use the newer version now: scans wait in the database, so none is lost. */
export function updateApp() {
  if (!waitingWorker) return;
  isUpdating = true;
  waitingWorker.postMessage("take-over");
}

/** @type {BeforeInstallPromptEvent | null} */
let installPrompt = null;

// Browsers fire this once; stored until the operator chooses it in the menu.
globalThis.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installPrompt = /** @type {BeforeInstallPromptEvent} */ (event);
});
globalThis.addEventListener("appinstalled", () => {
  installPrompt = null;
});

export const canInstall = () => installPrompt !== null;

/** Ask the browser to put the app on the home screen. */
export async function offerInstallation() {
  await installPrompt?.prompt().catch(() => {});
  installPrompt = null;
}

export const canUpdate = () => waitingWorker !== null;

/**
 * @param {ServiceWorkerRegistration} registration
 * @param {() => boolean} isIdle
 * @param {() => void} onUpdate
 */
function followUpdates(registration, isIdle, onUpdate) {
  const isThisPage = location.pathname === new URL(registration.scope).pathname;
  /** @param {ServiceWorker} worker */
  const offerUpdate = (worker) => {
    if (!navigator.serviceWorker.controller) return;
    // The other language's page is not open here.
    if (!isThisPage) return worker.postMessage("take-over");
    waitingWorker = worker;
    onUpdate();
    if (isIdle()) updateApp();
  };
  if (registration.waiting) offerUpdate(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => worker.state === "installed" && offerUpdate(worker));
  });
}

/** Return whether the app is cached in each language and serves this page. */
export async function isInstalled() {
  if (!navigator.serviceWorker?.controller) return false;
  const registrations = await navigator.serviceWorker.getRegistrations();
  const active = registrations.filter((registration) => registration.active?.state === "activated");
  const scopes = active.map(({ scope }) => new URL(scope).pathname);
  return settings.scopes.every((scope) => scopes.includes(scope));
}
