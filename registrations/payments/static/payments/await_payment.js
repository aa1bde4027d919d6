/** Fetch the page every few seconds until it no longer waits for the bank's confirmation, then show it. */

import { pollPage } from "../convention/page_parts.js";

const INTERVAL_MS = 3000;

pollPage(INTERVAL_MS, ({ page, url, isRedirected }) => {
  const isOver = isRedirected || !page.querySelector("[data-awaiting-payment]");
  if (isOver) location.replace(url);
  return isOver;
});
