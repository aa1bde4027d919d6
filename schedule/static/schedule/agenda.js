// The agenda without waiting: choices are kept without a new page, words and filters narrow at once.
// Everything works without this script too; it only spares the reload.

const form = document.querySelector("#choose");
const finder = document.querySelector("#finder");

/** The words of a text without accents, as the server folds them. */
export const foldWords = (text) =>
  ` ${text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/œ/g, "oe")
    .replace(/æ/g, "ae")
    .replace(/ß/g, "ss")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()}`;

const announce = (sentence) => {
  document.querySelector("#choose-status").textContent = sentence;
  document.querySelector(".toast")?.remove();
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = sentence;
  toast.setAttribute("aria-hidden", "true");
  document.body.append(toast);
  setTimeout(() => toast.remove(), 5000);
};

const showChoice = (button, chosen) => {
  button.name = chosen ? "drop" : "add";
  button.setAttribute("aria-pressed", String(chosen));
  button.closest(".entry")?.classList.toggle("chosen", chosen);
  if (button.dataset.add) button.textContent = chosen ? button.dataset.drop : button.dataset.add;
};

const choose = async (button) => {
  button.disabled = true;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ [button.name]: button.value }),
    });
    if (!response.ok) throw new Error(String(response.status));
    const answer = await response.json();
    showChoice(button, answer.chosen);
    announce(answer.message);
  } catch {
    announce(form.dataset.failed);
  } finally {
    button.disabled = false;
    button.focus({ preventScroll: true });
  }
};

form?.addEventListener("submit", (event) => {
  if (!event.submitter?.value) return;
  event.preventDefault();
  choose(event.submitter);
});

/** Hide at once what does not fit the words, on the page as it stands; the server's answer follows. */
const filterEntries = (words) => {
  const wanted = foldWords(words).split(" ").filter(Boolean);
  for (const entry of document.querySelectorAll("#results .entry")) {
    const text = (entry.folded ??= foldWords(entry.textContent));
    entry.hidden = !wanted.every((word) => text.includes(` ${word}`));
  }
};

let requestNumber = 0;
const refreshResults = async () => {
  const number = ++requestNumber;
  const query = new URLSearchParams([...new FormData(finder)].filter(([, value]) => value.trim()));
  const address = `${finder.action}${query.size ? `?${query}` : ""}`;
  try {
    const text = await (await fetch(address)).text();
    if (number !== requestNumber) return;
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of ["#results", ".agenda-bar"]) {
      const [old, replacement] = [document.querySelector(part), fresh.querySelector(part)];
      if (old && replacement) old.replaceWith(replacement);
    }
    history.replaceState(null, "", address);
    form.elements.next.value = `${location.pathname}${location.search}`;
  } catch {
    // Without a connection the page stays narrowed to what it holds.
  }
};

let waiting;
finder?.addEventListener("input", (event) => {
  clearTimeout(waiting);
  if (event.target.type === "search" && event.target.value.trim()) filterEntries(event.target.value);
  waiting = setTimeout(refreshResults, event.target.type === "search" ? 250 : 0);
});
finder?.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  refreshResults();
});

document.querySelector('.agenda-bar [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
for (const field of document.querySelectorAll(".elsewhere input")) {
  field.addEventListener("focus", () => field.select());
}
