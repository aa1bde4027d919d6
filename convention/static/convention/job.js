// Poll the progress of a running job every two seconds until it is finished.

const EVERY = 2000;
const FINISHED = ["done", "refused"];

const look = async () => {
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#job");
    const shown = document.querySelector("#job");
    if (FINISHED.includes(fresh.dataset.state)) {
      location.reload();
      return;
    }
    const bar = shown.querySelector("progress");
    const next = fresh.querySelector("progress");
    for (const name of ["value", "max"]) {
      if (next.hasAttribute(name)) bar.setAttribute(name, next.getAttribute(name));
      else bar.removeAttribute(name);
    }
    const [note, told] = [fresh, shown].map((page) => page.querySelector("#job-note"));
    if (note.innerHTML !== told.innerHTML) told.replaceWith(note);
    shown.querySelector("#job-label").textContent = fresh.querySelector("#job-label").textContent;
  }
  setTimeout(look, EVERY);
};

setTimeout(look, EVERY);
