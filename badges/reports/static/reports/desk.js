// Types along: the results follow the search field; without this script the form works by itself.

const PAUSE_MS = 120;
const form = document.querySelector("#desk-search");
const field = form.querySelector("input");
const results = document.querySelector("#results");
let timer = 0;
let running = new AbortController();

async function find() {
  running.abort();
  running = new AbortController();
  const address = new URL(location.pathname, location.origin);
  if (field.value) address.searchParams.set("q", field.value);
  history.replaceState(null, "", address);
  address.searchParams.set("part", "");
  try {
    const response = await fetch(address, { signal: running.signal });
    if (!response.ok || response.redirected) return form.submit();
    results.innerHTML = await response.text();
  } catch (error) {
    if (error.name !== "AbortError") form.submit();
  }
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE_MS);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  find();
  field.select();
});

field.setSelectionRange(field.value.length, field.value.length);
