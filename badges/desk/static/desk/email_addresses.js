/** Find the address that a mistyped one was probably meant to be: as convention/text/address_suggestions.py does. */

const MIN_CORRECTED_NAME_CHARS = 5;
const MIN_NAME_CHARS_FOR_TWO_EDITS = 8;
const MAX_DOMAIN_CHARS = 50;

/**
 * What the server knows about domains.
 * @typedef {{providers: string[], country_codes: string[]}} MailDomains
 */

/** @param {string} address As convention/text/email_addresses.py: only ASCII letters lose their case. */
export const normalizeEmail = (address) => address.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Return the address with its domain corrected to a provider's; "" if nothing looks mistyped.
 * @param {string} address
 * @param {MailDomains} domains
 */
export function suggestAddress(address, domains) {
  const typed = address.trim();
  const at = typed.lastIndexOf("@");
  const domain = normalizeEmail(typed.slice(at + 1));
  if (at < 1 || domain.length > MAX_DOMAIN_CHARS || domains.providers.includes(domain)) return "";
  let [fewest, closest] = [Infinity, ""];
  // In the order of their names, which decides between two that are as close.
  for (const provider of domains.providers.toSorted()) {
    const edits = measureDomain(domain, provider, domains.country_codes);
    if (edits < fewest) [fewest, closest] = [edits, provider];
  }
  return closest && `${typed.slice(0, at)}@${closest}`;
}

/**
 * Return the typing errors in a domain that was meant to be the provider's; infinity if it was not.
 * @param {string} typed
 * @param {string} provider
 * @param {string[]} countryCodes
 */
function measureDomain(typed, provider, countryCodes) {
  const [typedName, typedSuffix] = splitDomain(typed);
  const [name, suffix] = splitDomain(provider);
  const suffixEdits = countEdits(typedSuffix, suffix);
  // A provider may have the same name in another country; “gmail.co” lacks a letter.
  const isShortened = suffix === "com" && name.length >= MIN_CORRECTED_NAME_CHARS;
  const isOtherCountry = countryCodes.includes(typedSuffix.toUpperCase()) && !isShortened;
  if (suffixEdits > 1 || (suffixEdits && isOtherCountry)) return Infinity;
  if (typedName === name) return suffixEdits;
  // The first letter is rarely wrong, and tells “grange” from “orange”.
  const isSimilar = typedName[0] === name[0] || typedName.slice(0, 2) === name[1] + name[0];
  if (name.length < MIN_CORRECTED_NAME_CHARS || !isSimilar) return Infinity;
  const nameEdits = countEdits(typedName, name);
  return nameEdits <= (name.length >= MIN_NAME_CHARS_FOR_TWO_EDITS ? 2 : 1) ? nameEdits + suffixEdits : Infinity;
}

/** @param {string} domain Split it at its first dot. */
function splitDomain(domain) {
  const [name, ...suffix] = domain.split(".");
  return [name, suffix.join(".")];
}

/**
 * Return how many letters were added, removed, replaced or swapped: convention/text/edit_distance.py.
 * @param {string} one
 * @param {string} other
 */
function countEdits(one, other) {
  const [rowLetters, columnLetters] = [[...one], [...other]];
  /** @type {number[][]} */
  const rows = [[...columnLetters, ""].map((_letter, column) => column)];
  rowLetters.forEach((letter, above) => {
    const row = [above + 1];
    columnLetters.forEach((otherLetter, left) => {
      const replaced = rows[above][left] + (letter === otherLetter ? 0 : 1);
      let edits = Math.min(rows[above][left + 1] + 1, row[left] + 1, replaced);
      const isSwapped = above && left && letter === columnLetters[left - 1] && rowLetters[above - 1] === otherLetter;
      if (isSwapped) edits = Math.min(edits, rows[above - 1][left - 1] + 1);
      row.push(edits);
    });
    rows.push(row);
  });
  return rows[rowLetters.length][columnLetters.length];
}
