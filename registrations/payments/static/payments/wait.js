// The page of a buyer who came back from the bank: ask every few seconds, and show what is new.

const EVERY = 3000;

const look = async () => {
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.redirected || !page.querySelector("[data-waiting]")) {
      location.replace(answer.url);
      return;
    }
  }
  setTimeout(look, EVERY);
};

setTimeout(look, EVERY);
