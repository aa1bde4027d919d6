/** Say on the online desk that this browser still has entries to send, which needs the PIN. */

import { countEntries } from "./offline/store.js";

const notice = /** @type {HTMLElement} */ (document.querySelector("#unsent"));

/** A browser that was never enabled has no such database, and must not get one. */
async function hasUnsentEntries() {
  const databases = await indexedDB.databases?.();
  if (databases && !databases.some(({ name }) => name === "convention-desk")) return false;
  return (await countEntries(notice.dataset.event ?? "")) > 0;
}

hasUnsentEntries().then(
  (hasUnsent) => {
    notice.hidden = !hasUnsent;
  },
  () => undefined,
);
