/** Fetch the page every few seconds until it no longer waits for the bank's confirmation, then show it. */

const INTERVAL_MS = 3000;

async function poll() {
  const response = await fetch(location.href).catch(() => null);
  if (response?.ok) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.redirected || !page.querySelector("[data-awaiting-payment]")) return location.replace(response.url);
  }
  setTimeout(poll, INTERVAL_MS);
}

setTimeout(poll, INTERVAL_MS);
