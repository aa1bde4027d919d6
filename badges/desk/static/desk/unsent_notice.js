/** Say on the online desk that this browser has entries to send or to resolve, which needs the PIN. */

import { countEntries, countUnsentEntries, hasDatabase } from "./offline/store.js";

const unsentNotice = /** @type {HTMLElement} */ (document.querySelector("#unsent"));
const unresolvedNotice = /** @type {HTMLElement} */ (document.querySelector("#unresolved"));

async function showNotice() {
  if (!(await hasDatabase())) return;
  const event = unsentNotice.dataset.event ?? "";
  const unsentCount = await countUnsentEntries(event);
  unsentNotice.hidden = unsentCount === 0;
  unresolvedNotice.hidden = unsentCount > 0 || (await countEntries(event)) === 0;
}

showNotice().catch(() => undefined);
