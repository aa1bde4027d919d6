// Keep the numbers fresh: ask every ten seconds while the page is seen; unchanged costs a 304.

const EVERY = 10_000;
const place = document.querySelector("[data-live]");
let etag = "";

async function refresh() {
  if (document.hidden || place.contains(document.activeElement)) return;
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(place.dataset.live, { headers, cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  etag = answer.headers.get("ETag") ?? "";
  const open = [...place.querySelectorAll("details")].map((one) => one.open);
  place.innerHTML = await answer.text();
  place.querySelectorAll("details").forEach((one, at) => (one.open = open[at] ?? false));
}

if (place) {
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);
}
