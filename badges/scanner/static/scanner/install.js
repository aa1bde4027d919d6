/** The program on the phone: kept by a service worker, renewed when it disturbs nobody. */

import { settings } from "./page.js";

let renewed = null;
let isRenewing = false;

/**
 * Register the worker for the page in both languages.
 * @param {() => boolean} isIdle whether the page may be loaded anew right now
 * @param {() => void} onReady called when a newer version waits
 */
export async function install(isIdle, onReady) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isRenewing) location.reload();
  });
  const options = { updateViaCache: "none" };
  const asked = settings.scopes.map((scope) => navigator.serviceWorker.register(settings.worker, { ...options, scope }));
  const registrations = (await Promise.allSettled(asked)).map(({ value }) => value).filter(Boolean);
  registrations.forEach((registration) => follow(registration, isIdle, onReady));
}

/** Use the newer version now: scans wait in the database, so nothing is lost. */
export function renew() {
  if (!renewed) return;
  isRenewing = true;
  renewed.postMessage("take-over");
}

/** Whether a newer version waits. */
export const canRenew = () => renewed !== null;

function follow(registration, isIdle, onReady) {
  const isOurs = location.pathname === new URL(registration.scope).pathname;
  const offer = (worker) => {
    if (!navigator.serviceWorker.controller) return;
    if (!isOurs) return worker.postMessage("take-over");
    renewed = worker;
    onReady();
    if (isIdle()) renew();
  };
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
  });
}

/** Whether the program is wholly on the phone: kept in each language, and in charge of this page. */
export async function isInstalled() {
  if (!navigator.serviceWorker?.controller) return false;
  const registrations = await navigator.serviceWorker.getRegistrations();
  const ready = registrations.filter(({ active }) => active?.state === "activated");
  const scopes = ready.map(({ scope }) => new URL(scope).pathname);
  return settings.scopes.every((scope) => scopes.includes(scope));
}
