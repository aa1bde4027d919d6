/** The page's parts, words and settings, as the server rendered them. */

const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const settings = read("settings");
export const language = document.documentElement.lang;
const words = read("words");

/** An element by its id. */
export const part = (id) => document.getElementById(id);

/**
 * A sentence in the page's language.
 * @param {string} name
 * @param {Record<string, string | number>} values for {name} in the sentence
 */
export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Whether there is a sentence of this name. */
export const knows = (name) => name in words;

/** Show a message where there is one, else hide its place. */
export function tell(id, message) {
  part(id).textContent = message ?? "";
  part(id).hidden = !message;
}

/** A time of day at the event, with the day if it is another one. */
export function timeOf(moment, timeZone) {
  const at = new Date(moment);
  const day = new Intl.DateTimeFormat(language, { dateStyle: "short", timeZone });
  const isToday = day.format(at) === day.format(new Date());
  const shape = { hour: "2-digit", minute: "2-digit", timeZone, ...(isToday ? {} : { weekday: "short" }) };
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, shape).format(at);
}

/** Switch between the page's faces: opening, welcome, pairing, gate. */
export function face(name) {
  document.body.dataset.view = name;
  part("strip").hidden = name !== "gate";
  part("welcome").hidden = name !== "welcome";
  part("gate").hidden = !["gate", "pairing"].includes(name);
  part("direction").hidden = part("type-open").hidden = name !== "gate";
  part("pair-cancel").hidden = name !== "pairing";
}
