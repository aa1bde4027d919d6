/**
 * Keeps what is typed, field by field, in the visitor's session; and sends a form only once.
 * Without this script each screen keeps its fields when it is sent.
 */

const WAIT_MS = 600;

for (const form of document.querySelectorAll("form[data-draft]")) {
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), WAIT_MS);
  });
  if (form.dataset.draft === "questions") {
    form.addEventListener("change", (event) => {
      if (!event.target.matches("[type=radio], [type=checkbox]")) return;
      clearTimeout(timer);
      ask(form);
    });
  }
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (form.dataset.sent) event.preventDefault();
    if ("once" in form.dataset) form.dataset.sent = "yes";
  });
}

// A page shown again by "back" may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/** Sends the fields as a draft; being offline is no matter, the screen itself sends them again. Files wait for that. */
async function keep(form, wanted = "1") {
  const body = new FormData(form);
  body.delete("nonce");
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  try {
    return await fetch(form.action, { method: "POST", body, headers: { "X-Draft": wanted } });
  } catch {
    return null; // kept by the form itself until it is sent
  }
}

/** A choice may lead to other questions: those that come or go are exchanged, what stands is left alone. */
async function ask(form) {
  const answer = await keep(form, "questions");
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const asked of page.querySelectorAll("[data-person]")) {
    const shown = form.querySelector(`[data-person="${asked.dataset.person}"]`);
    if (shown) exchange(shown, asked);
  }
}

/** Typed words, chosen files and the keyboard's place stay with the questions that stay. */
function exchange(shown, asked) {
  const [box, wanted] = [shown, asked].map((part) => part.querySelector("[data-questions]"));
  if (!box || !wanted) return void shown.replaceChildren(...asked.childNodes);
  const standing = questionsIn(box);
  const asking = questionsIn(wanted);
  for (const [name, one] of standing) if (!asking.has(name)) one.remove();
  let last = box.querySelector("[name$='-shown']");
  last.value = wanted.querySelector("[name$='-shown']").value;
  for (const [name, one] of asking) {
    const here = standing.get(name) ?? one;
    if (here === one) last.after(one);
    last = here;
  }
}

function questionsIn(box) {
  return new Map([...box.querySelectorAll("[data-question]")].map((one) => [one.dataset.question, one]));
}
