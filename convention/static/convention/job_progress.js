/** Show the progress of a running job: load the page every two seconds until the job is finished. */

import { pollPage } from "./page_parts.js";

const INTERVAL_MS = 2000;
const FINISHED_STATES = ["done", "refused"];

/**
 * @param {string} name
 * @param {Element} from
 * @param {Element} to
 */
function copyAttribute(name, from, to) {
  const value = from.getAttribute(name);
  if (value === null) to.removeAttribute(name);
  else to.setAttribute(name, value);
}

/** @param {Document} page the page as the server renders it now */
function updateProgress(page) {
  const [bar, newBar] = [document, page].map((parent) => parent.querySelector("#job progress"));
  if (bar && newBar) for (const name of ["value", "max"]) copyAttribute(name, newBar, bar);
  for (const id of ["job-note", "job-label"]) {
    const [element, replacement] = [document, page].map((parent) => parent.getElementById(id));
    // Only what changed: a screen reader would read out the rest again.
    if (element && replacement && element.innerHTML !== replacement.innerHTML) element.innerHTML = replacement.innerHTML;
  }
}

pollPage(INTERVAL_MS, ({ page }) => {
  const job = page.getElementById("job");
  // Without a job it is another page, such as that for signing in.
  const isOver = !job || FINISHED_STATES.includes(job.dataset.state ?? "");
  if (isOver) location.reload();
  else updateProgress(page);
  return isOver;
});
