/**
 * Report that this browser, which may work offline, is at the online desk and has sent all its entries.
 * If it may not any more, erase its data.
 */

import { countUnsentEntries, eraseData, getVault, hasDatabase } from "./offline/store.js";

/** A desk counts as silent after two minutes; a browser calls a page in the background once per minute. */
const REPORT_MS = 30_000;

const { event = "", url = "", csrfToken = "" } = /** @type {HTMLElement} */ (
  document.querySelector("#online-contact")
).dataset;

async function report() {
  if (!(await hasDatabase())) return;
  const vault = await getVault(event);
  // A browser with unsent entries must count as silent until the offline desk has sent them.
  if (!vault || (await countUnsentEntries(event))) return;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ device: vault.device }) });
  // An active device gets no content.
  if (response.status === 200 && (await response.json()).erase) await eraseData(event);
}

function reportQuietly() {
  report().catch(() => undefined);
}

reportQuietly();
setInterval(reportQuietly, REPORT_MS);
