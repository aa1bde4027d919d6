/**
 * Read keyboard-wedge scanners: they type a code very fast and end with Enter, wherever the cursor is.
 * A scanner set to one keyboard layout types wrong characters on a machine set to another; they are mapped back.
 */

const MIN_LENGTH = 12;
const MAX_KEY_INTERVAL_MS = 60;
const PAUSE_MS = 150;
/** Cordless scanners stutter: a code that has begun may go on after this long a pause. */
const MAX_PAUSE_IN_CODE_MS = 1000;
export const TOKEN_LENGTH = 125;

/** The address of a badge that has begun: the path may be still to come. */
const STARTED_CODE_PATTERN = /^HTTPS?:\/\/[^/\s]+(?:\/(?:B(?:\/[A-Z2-7]*)?)?)?$/;
const COMPLETE_CODE_PATTERN = new RegExp(`(?:^|/B/)[A-Z2-7]{${TOKEN_LENGTH}}$`);
/** What is left of a code without its end or its beginning. */
const INCOMPLETE_CODE_PATTERN = new RegExp(`(?:/B/[A-Z2-7]{0,${TOKEN_LENGTH - 1}}|^[A-Z2-7]{16,${TOKEN_LENGTH - 1}})$`);

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

/**
 * Return whether the readings of a text are of a part of a badge code, not of another text.
 * @param {string[]} readings
 */
export function isIncompleteCode(readings) {
  if (readings.some((reading) => COMPLETE_CODE_PATTERN.test(reading))) return false;
  return readings.some((reading) => INCOMPLETE_CODE_PATTERN.test(reading));
}

/**
 * Return whether the rest of a badge code is still to come.
 * @param {string} text
 */
function isStartedCode(text) {
  const readings = listReadings(text);
  if (readings.some((reading) => COMPLETE_CODE_PATTERN.test(reading))) return false;
  return readings.some((reading) => STARTED_CODE_PATTERN.test(reading));
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
    const pause = at - this.#lastKeyAt;
    if (pause > PAUSE_MS && !(pause <= MAX_PAUSE_IN_CODE_MS && isStartedCode(this.#text))) this.#restart(at);
    this.#lastKeyAt = at;
    if (key === "Enter" || key === "Tab") return this.#finish(at);
    // Names of other keys, such as "Shift", are longer.
    if ([...key].length === 1) this.#text += key;
    return null;
  }

  /**
   * After a pause, return the text of a scanner that sends no Enter: a text as long as a code, or the part of a
   * code of which no more can come.
   * @param {number} pause milliseconds since the last key
   * @returns {string | null}
   */
  finishAfterPause(pause = PAUSE_MS) {
    const text = this.#text;
    if (!this.#isTooFastForPerson(this.#lastKeyAt)) return null;
    if (isStartedCode(text)) {
      if (pause < MAX_PAUSE_IN_CODE_MS || !isIncompleteCode(listReadings(text))) return null;
    } else if (text.length < TOKEN_LENGTH) {
      return null;
    }
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
  /** @type {number[]} */
  let timers = [];
  const onPause = (/** @type {number} */ pause) => {
    const text = burst.finishAfterPause(pause);
    if (text !== null) onText(text);
  };
  page.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      for (const timer of timers) clearTimeout(timer);
      timers = [PAUSE_MS, MAX_PAUSE_IN_CODE_MS].map((pause) => setTimeout(onPause, pause, pause));
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
