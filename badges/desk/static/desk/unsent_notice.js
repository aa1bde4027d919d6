/** Say on the online desk that this browser has entries to send or to resolve, which needs the PIN. */

import { countEntries, countUnsentEntries } from "./offline/store.js";

const unsentNotice = /** @type {HTMLElement} */ (document.querySelector("#unsent"));
const unresolvedNotice = /** @type {HTMLElement} */ (document.querySelector("#unresolved"));

async function showNotice() {
  // A browser that was never enabled has no such database, and must not get one.
  const databases = await indexedDB.databases?.();
  if (databases && !databases.some(({ name }) => name === "convention-desk")) return;
  const event = unsentNotice.dataset.event ?? "";
  const unsentCount = await countUnsentEntries(event);
  unsentNotice.hidden = unsentCount === 0;
  unresolvedNotice.hidden = unsentCount > 0 || (await countEntries(event)) === 0;
}

showNotice().catch(() => undefined);
