// Tick names of a sign-in sheet by keyboard: type, Enter ticks the highlighted name, the field clears.
// Without this script the page is a plain list of boxes to tick.

// The names to tick, and those that are recorded already.
const lists = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-tick-list]")]);
const search = /** @type {HTMLElement | null} */ (document.querySelector("[data-tick-search]"));
const field = /** @type {HTMLInputElement | null} */ (document.querySelector("#find"));
const statusLine = document.querySelector("[data-tick-status]");

/** @param {string} text */
const normalize = (text) =>
    text
        .normalize("NFD")
        .replace(/\p{M}/gu, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, " ")
        .trim();

if (lists.length && search && field) {
    const items = lists.flatMap((list) => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-tick-name]")]));
    const rows = items.map((item) => ({
        item,
        words: normalize(item.dataset.tickName ?? "").split(" "),
        box: /** @type {HTMLInputElement | null} */ (item.querySelector("input[type=checkbox]")),
    }));
    let current = 0;

    // Every word typed begins a word of the name: "du cam" finds Camille Dupré.
    const findMatches = () => {
        const typed = normalize(field.value).split(" ");
        return rows.filter((row) => typed.every((part) => row.words.some((word) => word.startsWith(part))));
    };

    const showMatches = () => {
        const isSearching = normalize(field.value) !== "";
        const matches = findMatches();
        current = Math.max(0, Math.min(current, matches.length - 1));
        for (const row of rows) {
            row.item.hidden = isSearching && !matches.includes(row);
            row.item.classList.toggle("highlighted", isSearching && row === matches[current]);
        }
        matches[current]?.item.scrollIntoView({ block: "nearest" });
    };

    field.addEventListener("input", () => {
        current = 0;
        showMatches();
    });
    field.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            current += event.key === "ArrowDown" ? 1 : -1;
            showMatches();
        }
        if (event.key !== "Enter") return;
        event.preventDefault();
        const row = normalize(field.value) === "" ? undefined : findMatches()[current];
        if (!row?.box) return;
        row.box.checked = !row.box.checked;
        if (statusLine) statusLine.textContent = `${row.box.checked ? "✓" : "–"} ${row.item.dataset.tickName}`;
        field.value = "";
        current = 0;
        showMatches();
    });
    // One field for all ticks: the server limits the number of fields, and a large event exceeds it.
    lists[0].closest("form")?.addEventListener("formdata", ({ formData }) => {
        const ticked = formData.getAll("signed");
        if (ticked.length) formData.set("signed", ticked.join(" "));
    });
    field.focus();
}
