/** The evacuation list on a phone: kept for when the network is gone, and counted as people are found. */

const FORGOTTEN = "personal-found:"; // by kept.js, with the list
const place = document.getElementById("evacuation");
const boxes = [...document.querySelectorAll("[name=found]")];
const name = FORGOTTEN + location.pathname;

/** Have the page and its files kept. */
async function keep() {
  if (!("serviceWorker" in navigator)) return;
  const scope = location.pathname;
  const registration = await navigator.serviceWorker.register(place.dataset.worker, { scope }).catch(() => null);
  if (!registration) return;
  const { active } = await navigator.serviceWorker.ready;
  const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=preload]"), ...document.scripts];
  active.postMessage([location.pathname, ...files.map((one) => one.href || one.src).filter(Boolean)]);
  document.getElementById("kept").hidden = false;
}

function count() {
  const met = document.getElementById("met");
  if (!met) return;
  const found = boxes.filter((box) => box.checked).map((box) => box.value);
  met.hidden = false;
  met.textContent = met.dataset.said.replace("{met}", found.length).replace("{all}", met.dataset.all);
  sessionStorage.setItem(name, JSON.stringify(found));
}

function restore() {
  const found = JSON.parse(sessionStorage.getItem(name) ?? "[]");
  for (const box of boxes) box.checked = found.includes(box.value);
}

function tellNetwork() {
  document.getElementById("offline").hidden = navigator.onLine;
}

restore();
count();
tellNetwork();
for (const box of boxes) box.addEventListener("change", count);
for (const kind of ["online", "offline"]) window.addEventListener(kind, tellNetwork);
keep();
