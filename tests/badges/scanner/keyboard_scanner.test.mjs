/** Hand scanners that type: bursts told from people, and texts read back through the wrong keyboard. */

import assert from "node:assert/strict";
import test from "node:test";

import { KeyBurst, isIncompleteCode, listReadings } from "../../../badges/scanner/static/scanner/keyboard_scanner.js";

/** What a QWERTY scanner types on other machines, key by key in the order of US. */
const US = "qwertyuiopasdfghjklzxcvbnm1234567890/.:-";
const SEEN = {
  "AZERTY, small": { letters: "azertyuiopqsdfghjklwxcvbn,", digits: "&é\"'(-è_çà", slash: "!", dot: ":", colon: "M", hyphen: ")" },
  "AZERTY, capitals": { letters: "AZERTYUIOPQSDFGHJKLWXCVBN?", digits: "&é\"'(-è_çà", slash: "!", dot: ":", colon: "M", hyphen: ")" },
  "AZERTY, CapsLock on Windows": { letters: "azertyuiopqsdfghjklwxcvbn,", digits: "1234567890", slash: "§", dot: "/", colon: "m", hyphen: "°" },
  "AZERTY, CapsLock on Linux": { letters: "azertyuiopqsdfghjklwxcvbn?", digits: "&É\"'(-È_ÇÀ", slash: "!", dot: ":", colon: "m", hyphen: ")" },
  "AZERTY on a Mac": { letters: "AZERTYUIOPQSDFGHJKLWXCVBN?", digits: "&é\"'(§è!çà", slash: "=", dot: ":", colon: "M", hyphen: ")" },
  "CapsLock on QWERTY": { letters: "qwertyuiopasdfghjklzxcvbnm", digits: "1234567890", slash: "/", dot: ".", colon: ":", hyphen: "-" },
};
const TOKEN = "CEAAAQABCDEFGHIJKLMNOPQRSTUVWXYZ234567".repeat(4).slice(0, 125);
const ADDRESS = `HTTPS://CONVENTION-2026.EXAMPLE.ORG:8443/B/${TOKEN}`;

function typed(text, seen) {
  const machine = seen.letters + seen.digits + seen.slash + seen.dot + seen.colon + seen.hyphen;
  return [...text.toLowerCase()].map((key) => machine[US.indexOf(key)]).join("");
}

for (const [name, seen] of Object.entries(SEEN)) {
  test(`a QWERTY scanner, ${name}`, () => {
    const found = listReadings(typed(ADDRESS, seen)).map((text) => text.split("/B/").at(-1));
    assert.ok(found.includes(TOKEN), found.join("\n"));
  });
}

test("an AZERTY scanner on a QWERTY machine", () => {
  const digits = ")!@#$%^&*(";
  const seen = [...TOKEN].map((letter) => (/\d/.test(letter) ? digits[letter] : swapped(letter))).join("");
  assert.ok(listReadings(`HTTPS.>>X>B>${seen}`).some((text) => text.endsWith(`/B/${TOKEN}`)));
});

/** The US character on the key that says this letter in French. */
function swapped(letter) {
  return { A: "Q", Q: "A", Z: "W", W: "Z", M: ":" }[letter] ?? letter;
}

test("a text as it stands comes first", () => {
  assert.equal(listReadings(` ${ADDRESS.toLowerCase()}\n`)[0], ADDRESS);
});

function type(burst, text, pause, from = 0) {
  const keys = [...text, "Enter"];
  return keys.map((key, at) => burst.press(key, from + at * pause)).at(-1);
}

test("a scanner's burst is one text", () => {
  assert.equal(type(new KeyBurst(), ADDRESS, 4), ADDRESS);
});

test("a slow scanner too, with shift keys between", () => {
  const burst = new KeyBurst();
  [...ADDRESS].forEach((key, at) => {
    burst.press("Shift", at * 24);
    burst.press(key, at * 24 + 12);
  });
  assert.equal(burst.press("Enter", ADDRESS.length * 24), ADDRESS);
});

test("a person typing is none", () => {
  assert.equal(type(new KeyBurst(), "bonjour tout le monde", 90), null);
});

test("a fast short word is none", () => {
  assert.equal(type(new KeyBurst(), "oui", 10), null);
});

test("two scans one after the other are two texts", () => {
  const burst = new KeyBurst();
  assert.equal(type(burst, ADDRESS, 2), ADDRESS);
  assert.equal(type(burst, TOKEN, 2, 2 * ADDRESS.length + 10), TOKEN);
});

test("a scanner that sends no Enter is read after a pause", () => {
  const burst = new KeyBurst();
  [...ADDRESS].forEach((key, at) => burst.press(key, at * 3));
  assert.equal(burst.finishAfterPause(), ADDRESS);
  assert.equal(burst.finishAfterPause(), null);
});

test("what was typed by hand before does not stick to a scan", () => {
  const burst = new KeyBurst();
  burst.press("x", 0);
  assert.equal(type(burst, ADDRESS, 4, 1000), ADDRESS);
});

/** Type a code in two pieces with a pause between; return what its Enter ends. */
function typeInPieces(burst, text, pause, split = 60) {
  const keys = [...text, "Enter"];
  return keys.map((key, at) => burst.press(key, at * 4 + (at < split ? 0 : pause))).at(-1);
}

for (const pause of [160, 300, 600]) {
  for (const split of [10, 43, 60, 160]) {
    test(`a code with a pause of ${pause} ms after ${split} characters is one text`, () => {
      const text = typeInPieces(new KeyBurst(), ADDRESS, pause, split);

      assert.equal(text.split("/B/").at(-1), TOKEN);
    });
  }
}

test("a code with a pause, typed through the wrong keyboard, is one text", () => {
  const seen = typed(ADDRESS, SEEN["AZERTY, small"]);

  assert.equal(typeInPieces(new KeyBurst(), seen, 400), seen);
});

test("a pause in a code does not end the text of a scanner that sends no Enter", () => {
  const burst = new KeyBurst();
  [...ADDRESS].slice(0, 140).forEach((key, at) => burst.press(key, at * 3));

  assert.equal(burst.finishAfterPause(), null);
});

test("the rest that never comes ends a text without Enter", () => {
  const burst = new KeyBurst();
  [...ADDRESS].slice(0, 140).forEach((key, at) => burst.press(key, at * 3));

  assert.equal(burst.finishAfterPause(1000), ADDRESS.slice(0, 140));
});

test("after a longer pause only the rest is left, which is incomplete", () => {
  const rest = typeInPieces(new KeyBurst(), ADDRESS, 1500);

  assert.equal(isIncompleteCode(listReadings(rest)), true);
});

for (const [name, text] of Object.entries({
  "without its end": ADDRESS.slice(0, 120),
  "without a character": ADDRESS.slice(0, 80) + ADDRESS.slice(81),
  "without its beginning": TOKEN.slice(20),
})) {
  test(`a code ${name} is incomplete`, () => {
    assert.equal(isIncompleteCode(listReadings(text)), true);
  });
}

for (const text of [ADDRESS, TOKEN, "3760123456789", "HTTPS://EXAMPLE.ORG/", "BONJOUR TOUT LE MONDE"]) {
  test(`this is not an incomplete code: ${text.slice(0, 24)}`, () => {
    assert.equal(isIncompleteCode(listReadings(text)), false);
  });
}
