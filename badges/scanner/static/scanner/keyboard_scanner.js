/**
 * Read keyboard-wedge scanners: they type a code very fast and end with Enter, wherever the cursor is.
 * A scanner set to one keyboard layout types wrong characters on a machine set to another; they are mapped back.
 */

const MIN_LENGTH = 12;
const MAX_KEY_INTERVAL_MS = 60;
const PAUSE_MS = 150;
export const TOKEN_LENGTH = 125;

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** Maps what a QWERTY scanner types on an AZERTY machine to the characters that it read, shifted or not. */
const AZERTY_PC = makeLayout(
  ["AQ", "QA", "ZW", "WZ", ",M", "?M", "M:", ";,", ":.", "!/", "§/", "./", ")-", "°-"],
  ["à0", "&1", "é2", '"3', "'4", "(5", "-6", "è7", "_8", "ç9", "À0", "É2", "È7", "Ç9"],
);
/** The same on a French Mac or a Belgian machine, where the digits and the slash are on other keys. */
const AZERTY_MAC = makeLayout(
  ["AQ", "QA", "ZW", "WZ", ",M", "?M", "M:", ";,", ":.", "=/", "+/", ")-", "°-"],
  ["à0", "&1", "é2", '"3', "'4", "(5", "§6", "è7", "!8", "ç9", "À0", "É2", "È7", "Ç9"],
);
/** Maps what an AZERTY scanner types on a QWERTY machine. */
const QWERTY = makeLayout(
  ["QA", "AQ", "WZ", "ZW", ":M", ";M", ".:", ">/", "?/", "<.", "6-"],
  [")0", "!1", "@2", "#3", "$4", "%5", "^6", "&7", "*8", "(9"],
);

/**
 * @param {string[][]} rows pairs of a typed character and the one that was read; other letters are the same
 * @returns {Map<string, string>}
 */
function makeLayout(...rows) {
  /** @type {[string, string][]} */
  const pairs = rows.flat().map((pair) => [pair[0], pair[1]]);
  /** @type {[string, string][]} */
  const unchanged = LETTERS.map((letter) => [letter, letter]);
  return new Map([...unchanged, ...pairs]);
}

/**
 * @param {Map<string, string>} layout
 * @param {string} text
 */
function mapBack(layout, text) {
  return [...text].map((letter) => layout.get(letter) ?? layout.get(letter.toUpperCase()) ?? letter).join("");
}

/**
 * Return the texts that may have been read, likeliest first. The caller takes the first that is signed.
 * @param {string} text
 */
export function listReadings(text) {
  const trimmed = text.trim();
  const mapped = [AZERTY_PC, AZERTY_MAC, QWERTY].map((layout) => mapBack(layout, trimmed));
  return [...new Set([trimmed, ...mapped].map((reading) => reading.toUpperCase()))];
}

/** Tells a scanner's burst of keys from a person's typing. */
export class KeyBurst {
  #text = "";
  #lastKeyAt = -Infinity;
  #startedAt = 0;

  /**
   * Add one key; return the text at the Enter or Tab that ends a burst.
   * @param {string} key as in KeyboardEvent.key
   * @param {number} at milliseconds
   * @returns {string | null}
   */
  press(key, at) {
    if (at - this.#lastKeyAt > PAUSE_MS) this.#restart(at);
    this.#lastKeyAt = at;
    if (key === "Enter" || key === "Tab") return this.#finish(at);
    // Names of other keys, such as "Shift", are longer.
    if ([...key].length === 1) this.#text += key;
    return null;
  }

  /**
   * After a pause, return the text of a scanner that sends no Enter, if it is as long as a code.
   * @returns {string | null}
   */
  finishAfterPause() {
    const text = this.#text;
    if (text.length < TOKEN_LENGTH || !this.#isTooFastForPerson(this.#lastKeyAt)) return null;
    this.#restart(this.#lastKeyAt);
    return text;
  }

  /** @param {number} at */
  #isTooFastForPerson(at) {
    return (at - this.#startedAt) / this.#text.length < MAX_KEY_INTERVAL_MS;
  }

  /** @param {number} at */
  #restart(at) {
    this.#text = "";
    this.#startedAt = at;
  }

  /** @param {number} at */
  #finish(at) {
    const text = this.#text;
    const isScan = text.length >= MIN_LENGTH && this.#isTooFastForPerson(at);
    this.#restart(at);
    return isScan ? text : null;
  }
}

/**
 * Listen to the keys of the whole page.
 * @param {Document} page
 * @param {(text: string) => void} onText called with each scanned text
 */
export function listenToKeys(page, onText) {
  const burst = new KeyBurst();
  let timer = 0;
  const onPause = () => {
    const text = burst.finishAfterPause();
    if (text !== null) onText(text);
  };
  page.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      clearTimeout(timer);
      timer = setTimeout(onPause, PAUSE_MS);
      const text = burst.press(event.key, event.timeStamp);
      if (text === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      onText(text);
    },
    // Captured before the focused field: the Enter of a scanner must not submit a form.
    { capture: true },
  );
}
