/** Show the results while somebody types a name; without this script the form works by itself. */

const PAUSE_MS = 120;
const form = /** @type {HTMLFormElement} */ (document.querySelector("#desk-search"));
const field = /** @type {HTMLInputElement} */ (form.querySelector("input"));
const results = /** @type {HTMLElement} */ (document.querySelector("#results"));
let timer = 0;
let running = new AbortController();

async function search() {
  running.abort();
  running = new AbortController();
  const url = new URL(location.pathname, location.origin);
  if (field.value) url.searchParams.set("q", field.value);
  history.replaceState(null, "", url);
  url.searchParams.set("part", "");
  try {
    const response = await fetch(url, { signal: running.signal });
    // Signed out, or an error: its page is better shown as a page.
    if (!response.ok || response.redirected) return form.submit();
    results.innerHTML = await response.text();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) form.submit();
  }
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, PAUSE_MS);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  search();
  field.select();
});

// The field has autofocus, which leaves the cursor before the words of the last search.
field.setSelectionRange(field.value.length, field.value.length);
