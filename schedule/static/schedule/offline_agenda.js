/** Near the event, have a service worker store the programme for offline use; afterwards delete what it stored. */

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#choose"));
const { workerUrl, workerScope } = form?.dataset ?? {};

/** @param {string} scope */
async function removeWorker(scope) {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  if (registration && new URL(registration.scope).pathname === scope) await registration.unregister();
  for (const name of [`agenda-${scope}`, `personal-agenda-${scope}`]) await caches.delete(name);
}

if ("serviceWorker" in navigator && workerScope) {
  if (workerUrl) navigator.serviceWorker.register(workerUrl, { scope: workerScope, updateViaCache: "none" }).catch(() => undefined);
  else removeWorker(workerScope);
}
