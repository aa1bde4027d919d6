/**
 * Keyboard-wedge scanners: they type the code very fast and end with Enter, wherever the cursor is.
 * A scanner set to one keyboard typing into a machine set to another yields garbled text; it is read back.
 */

const SHORTEST = 12;
const SLOWEST_MS = 60;
const PAUSE_MS = 150;
const TOKEN_LENGTH = 125;

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** What is seen of a QWERTY scanner on an AZERTY machine, and what it meant; shifted and not. */
const AZERTY_PC = table(
  ["AQ", "QA", "ZW", "WZ", ",M", "?M", "M:", ";,", ":.", "!/", "§/", "./", ")-", "°-"],
  ["à0", "&1", "é2", '"3', "'4", "(5", "-6", "è7", "_8", "ç9", "À0", "É2", "È7", "Ç9"],
);
/** The same on a French Mac or a Belgian machine, whose digit row and slash differ. */
const AZERTY_MAC = table(
  ["AQ", "QA", "ZW", "WZ", ",M", "?M", "M:", ";,", ":.", "=/", "+/", ")-", "°-"],
  ["à0", "&1", "é2", '"3', "'4", "(5", "§6", "è7", "!8", "ç9", "À0", "É2", "È7", "Ç9"],
);
/** What is seen of an AZERTY scanner on a QWERTY machine. */
const QWERTY = table(
  ["QA", "AQ", "WZ", "ZW", ":M", ";M", ".:", ">/", "?/", "<.", "6-"],
  [")0", "!1", "@2", "#3", "$4", "%5", "^6", "&7", "*8", "(9"],
);

function table(...rows) {
  const pairs = rows.flat().map((pair) => [pair[0], pair[1]]);
  const known = new Set(pairs.map(([seen]) => seen));
  const same = LETTERS.filter((letter) => !known.has(letter)).map((letter) => [letter, letter]);
  return new Map([...same, ...pairs]);
}

function through(layout, text) {
  return [...text].map((letter) => layout.get(letter) ?? layout.get(letter.toUpperCase()) ?? letter).join("");
}

/**
 * What a typed text may have meant, likeliest first: as it stands, then through each pair of keyboards.
 * The caller takes the first that reads as a code with a good signature.
 * @param {string} text
 * @returns {string[]}
 */
export function readings(text) {
  const plain = text.trim();
  const mapped = [AZERTY_PC, AZERTY_MAC, QWERTY].map((layout) => through(layout, plain));
  return [...new Set([plain, ...mapped].map((reading) => reading.toUpperCase()))];
}

/**
 * Tells a scanner's burst from a person's typing. Pure: keys and times go in, whole texts come out.
 */
export class Burst {
  #text = "";
  #last = -Infinity;
  #since = 0;

  /**
   * One key.
   * @param {string} key as in KeyboardEvent.key
   * @param {number} at milliseconds
   * @returns {string | null} the text, at the Enter or Tab that ends a burst
   */
  press(key, at) {
    if (at - this.#last > PAUSE_MS) this.#begin(at);
    this.#last = at;
    if (key === "Enter" || key === "Tab") return this.#finish(at);
    if ([...key].length === 1) this.#text += key;
    return null;
  }

  /** Whether keys of the moment come too fast for a person. */
  isFast(at) {
    return this.#text.length >= 3 && (at - this.#since) / this.#text.length < SLOWEST_MS;
  }

  /**
   * After a pause: the text of a scanner that sends no Enter, if it is as long as a code; else null.
   * @returns {string | null}
   */
  settle() {
    const text = this.#text;
    if (text.length < TOKEN_LENGTH || !this.isFast(this.#last)) return null;
    this.#begin(this.#last);
    return text;
  }

  #begin(at) {
    this.#text = "";
    this.#since = at;
  }

  #finish(at) {
    const text = this.#text;
    const whole = text.length >= SHORTEST && this.isFast(at) ? text : null;
    this.#begin(at);
    return whole;
  }
}

/**
 * Listen on the whole page.
 * @param {Document} page
 * @param {(text: string) => void} read called with each whole text
 */
export function listen(page, read) {
  const burst = new Burst();
  let timer = 0;
  const settle = () => {
    const text = burst.settle();
    if (text !== null) read(text);
  };
  page.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      clearTimeout(timer);
      timer = setTimeout(settle, PAUSE_MS);
      const text = burst.press(event.key, event.timeStamp);
      if (text === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      read(text);
    },
    { capture: true },
  );
}
