/** Derive what the desk shows from the server's data and the entries that are still to be sent; search in it. */

import { normalizeEmail } from "../email_addresses.js";

/** Letters that Unicode does not decompose, as convention/text/normalize.py has them. */
const REPLACEMENTS = new Map([
  ["œ", "oe"], ["æ", "ae"], ["ø", "o"], ["ł", "l"], ["đ", "d"], ["ð", "d"], ["ħ", "h"], ["ŧ", "t"], ["þ", "th"], ["ı", "i"],
]);
const MAX_SHOWN = 30;
/** As in badges/desk/offline_data.py. */
const GROUP_PREFIX_LENGTH = 2;

/**
 * Return the words of a text in lower case without accents, each after one space.
 * @param {string} text
 */
function normalizeText(text) {
  const letters = text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  const words = [...letters].map((letter) => REPLACEMENTS.get(letter) ?? letter).join("").match(/[\p{L}\p{N}]+/gu);
  return ` ${(words ?? []).join(" ")}`;
}

/**
 * Return the data with what changed on the server.
 * @param {Desk.Data | null} data
 * @param {Desk.DataUpdate} update
 * @returns {Desk.Data}
 */
export function mergeUpdate(data, update) {
  const { setup, spares, guests, digests } = update;
  if (!data?.digests) return { .../** @type {Desk.Setup} */ (setup), spares: spares ?? [], guests, digests };
  const unchanged = data.guests.filter(({ reference }) => {
    const group = reference.slice(0, GROUP_PREFIX_LENGTH);
    return group in digests && digests[group] === data.digests[group];
  });
  return { ...data, ...setup, spares: spares ?? data.spares, guests: [...unchanged, ...guests], digests };
}

/**
 * Return the guests as they will be once the entries are sent.
 * @param {Desk.Data} data
 * @param {Desk.Entry[]} entries those without a result
 * @returns {Desk.Guest[]}
 */
export function applyEntries(data, entries) {
  const guests = new Map(data.guests.map((guest) => [guest.reference, { ...guest }]));
  const undone = new Set(entries.map((entry) => (entry.kind === "undo" ? entry.values.undoes : "")));
  for (const entry of entries.filter(({ id, kind }) => kind !== "undo" && !undone.has(id))) {
    const guest = entry.kind === "walk_in" ? makeWalkIn(data, entry) : guests.get(entry.reference);
    if (!guest) continue;
    if (entry.kind === "payment" || entry.kind === "invoice") {
      for (const member of listOrder([...guests.values()], guest)) {
        guests.set(member.reference, { ...member, ...settle(member, entry), isPending: true });
      }
      continue;
    }
    guests.set(guest.reference, { ...guest, ...changeGuest(guest, entry), isPending: true });
  }
  return [...guests.values()];
}

/**
 * Return the guests whose places are paid together with this one.
 * @param {Desk.Guest[]} guests
 * @param {Desk.Guest} guest
 */
function listOrder(guests, { reference, order }) {
  // A walk-in has no order until it is sent.
  return guests.filter((each) => each.reference === reference || (order !== "" && each.order === order));
}

/**
 * Return what a payment for the order changes, or its invoice: both confirm a pending place once nothing is to pay.
 * @param {Desk.Guest} guest
 * @param {Desk.Entry & {kind: "payment" | "invoice"}} entry
 * @returns {Partial<Desk.Guest>}
 */
function settle({ state, payment, amount_due_cents }, entry) {
  if (payment === "free" || payment === "paid") return {};
  const confirmed = state === "pending" ? /** @type {const} */ ({ state: "confirmed", scan_state: "confirmed" }) : {};
  if (entry.kind === "invoice") return payment === "to_pay" ? { payment: "to_invoice", ...confirmed } : {};
  const rest = Math.max(0, amount_due_cents - entry.values.amount);
  return rest ? { amount_due_cents: rest } : { payment: "paid", amount_due_cents: 0, ...confirmed };
}

/**
 * Return a typed amount in cents, with a comma or a point before at most two decimals; null for any other text.
 * @param {string} text
 */
export function parseCents(text) {
  const match = /^(\d+)(?:[,.](\d{1,2}))?$/.exec(text.replace(/[\s€]/g, ""));
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
}

/**
 * @param {Desk.Data} data
 * @param {Desk.Entry & {kind: "walk_in"}} entry
 * @returns {Desk.Guest}
 */
function makeWalkIn(data, { reference, values }) {
  const spare = data.spares.find((badge) => badge.reference === reference);
  const ticket = data.tickets.find(({ slug }) => slug === values.ticket);
  return {
    ...values,
    reference,
    order: "",
    no_photo: false,
    state: "confirmed",
    scan_state: "confirmed",
    note: "",
    payment: ticket?.price_cents ? "to_invoice" : "free",
    amount_due_cents: ticket?.price_cents ?? 0,
    order_size: 1,
    is_inside: false,
    arrived_at: null,
    printed_at: null,
    badge_version: 1,
    code: spare?.code ?? null,
    next_code: null,
    outlined_names: null,
  };
}

/**
 * @param {Desk.Guest} guest
 * @param {Desk.Entry} entry
 * @returns {Partial<Desk.Guest>}
 */
function changeGuest(guest, entry) {
  switch (entry.kind) {
    case "check_in":
      return entry.values.direction === "in"
        ? { is_inside: true, arrived_at: guest.arrived_at ?? entry.at }
        : { is_inside: false };
    case "note":
      return { note: entry.values.note };
    case "correct":
      return changeTexts(guest, entry.values);
    case "substitute":
      // A place without a name had no attendee whose badge would become void.
      return hasName(guest)
        ? { ...changeTexts(guest, entry.values), ...startNextBadge(guest), ...NEW_ATTENDEE }
        : changeTexts(guest, entry.values);
    case "print":
      return { ...(entry.values.reason ? startNextBadge(guest) : {}), printed_at: entry.at };
    default:
      return {};
  }
}

/** What another person does not take over from the former attendee. */
const NEW_ATTENDEE = { is_inside: false, arrived_at: null, printed_at: null, note: "" };

/**
 * @param {Desk.Guest} guest
 * @param {Desk.GuestTexts} values
 * @returns {Partial<Desk.Guest>}
 */
function changeTexts(guest, values) {
  const names = /** @type {const} */ (["first_name", "last_name", "company"]);
  const areSame = names.every((name) => guest[name] === values[name]);
  // Only the server draws outlines.
  return { ...pickTexts(values), ...(areSame ? {} : { outlined_names: null }) };
}

/**
 * Return what changes with a new badge; the one after it cannot be signed offline.
 * @param {Desk.Guest} guest
 * @returns {Partial<Desk.Guest>}
 */
const startNextBadge = ({ badge_version, next_code }) => ({
  badge_version: badge_version + 1,
  code: next_code,
  next_code: null,
});

/** @param {Desk.GuestTexts} texts */
const hasName = ({ first_name, last_name }) => Boolean(first_name || last_name);

/** @param {Desk.GuestTexts} texts */
export const hasBothNames = ({ first_name, last_name }) => Boolean(first_name.trim() && last_name.trim());

/**
 * Return the name of the text that says why the place cannot go to this person; "" if nothing speaks against it.
 * The server applies the same rules (registrations/changes/substitute.py), but only after the badge was printed.
 * @param {Desk.Guest} guest
 * @param {Desk.GuestTexts} values
 * @param {Desk.OfflineTicket | undefined} ticket
 */
export function findTransferProblem(guest, values, ticket) {
  if (!hasBothNames(values)) return "names.missing";
  if (ticket?.needs_member && !values.email) return "transfer.member_address";
  const isSameAddress = values.email !== "" && normalizeEmail(values.email) === normalizeEmail(guest.email);
  return hasName(guest) && isSameAddress ? "transfer.same_address" : "";
}

/**
 * Return the guests with a place who have this name or e-mail address, as `register_walk_in` finds them.
 * @param {Desk.Guest[]} guests
 * @param {Desk.GuestTexts} values
 */
export function findSamePerson(guests, values) {
  const nameKey = (/** @type {Desk.GuestTexts} */ { first_name, last_name }) => normalizeText(`${last_name} ${first_name}`);
  const email = normalizeEmail(values.email);
  return guests.filter(
    (guest) =>
      ["confirmed", "pending"].includes(guest.state) &&
      (nameKey(guest) === nameKey(values) || (email !== "" && normalizeEmail(guest.email) === email)),
  );
}

/**
 * @param {Desk.GuestTexts} values
 * @returns {Desk.GuestTexts}
 */
export function pickTexts({ first_name, last_name, company, email }) {
  return { first_name, last_name, company, email };
}

/**
 * Return first and last name as far as a search that found nobody tells, as the online desk does; null if it is no name.
 * @param {string} query
 */
export function splitSearchedName(query) {
  // A badge's short code, a reference or an address is no name.
  if (!query.trim() || /[\d@]/.test(query)) return null;
  const isLowerCase = query === query.toLowerCase();
  const words = query.trim().split(/\s+/).map((word) => (isLowerCase ? word.charAt(0).toUpperCase() + word.slice(1) : word));
  const [first, ...rest] = words;
  return rest.length ? { first_name: first, last_name: rest.join(" ") } : { first_name: "", last_name: first };
}

/** @param {Pick<Desk.GuestTexts, "first_name" | "last_name" | "email">} guest */
export const formatName = (guest) => `${guest.first_name} ${guest.last_name}`.trim() || guest.email;

/**
 * Return what was typed for an entry: the fields that it changed, in the order of its fields.
 * @param {Desk.Entry} entry
 * @returns {string[]}
 */
export function listTypedTexts(entry) {
  const { kind, values } = entry;
  if (kind === "note") return [values.note].filter(Boolean);
  if (kind === "payment") return [values.note].filter(Boolean);
  if (kind === "check_in") return [values.reason ?? ""].filter(Boolean);
  if (kind !== "walk_in" && kind !== "correct" && kind !== "substitute") return [];
  const before = /** @type {Partial<Desk.GuestTexts>} */ (kind === "walk_in" ? {} : values.before);
  const names = /** @type {const} */ (["first_name", "last_name", "company", "email"]);
  return names.filter((name) => values[name] !== before[name]).map((name) => values[name]).filter(Boolean);
}

/**
 * Return how well a guest matches: 2 if each word of the query begins a word of the name, 1 if one of the company or
 * the e-mail address, or if the query is a whole reference or the badge's short code; else 0. See badges/desk/search.py.
 * @param {Desk.Guest} guest
 * @param {string[]} words
 * @param {string | null} shortCode
 */
function rankMatch(guest, words, shortCode) {
  const { first_name, last_name, company, email, order, reference } = guest;
  const matches = (/** @type {string[]} */ ...texts) => {
    const text = normalizeText(texts.join(" "));
    return words.every((word) => text.includes(` ${word}`));
  };
  if (matches(first_name, last_name)) return 2;
  const isReference = words.length === 1 && [order, reference].includes(words[0].toUpperCase());
  const isBadge = shortCode !== null && guest.code?.short_code === shortCode;
  return isReference || isBadge || matches(first_name, last_name, company, email) ? 1 : 0;
}

/**
 * Return the first guests that match, those by name first, and how many match.
 * @param {Desk.Guest[]} guests
 * @param {string} query
 * @param {string | null} shortCode the query as the short code of a badge, if it can be one
 */
export function searchGuests(guests, query, shortCode = null) {
  const words = normalizeText(query).split(" ").filter(Boolean);
  if (!words.length) return { shown: [], total: 0 };
  const found = guests.map((guest) => ({ guest, rank: rankMatch(guest, words, shortCode) })).filter(({ rank }) => rank > 0);
  const key = (/** @type {Desk.Guest} */ guest) => normalizeText(`${guest.last_name} ${guest.first_name}`);
  found.sort((first, second) => second.rank - first.rank || key(first.guest).localeCompare(key(second.guest)));
  return { shown: found.slice(0, MAX_SHOWN).map(({ guest }) => guest), total: found.length };
}

/**
 * Return a spare badge that no walk-in of this device has yet; undefined if all are used.
 * @param {Desk.Data} data
 * @param {Desk.Entry[]} entries all, also those with a result
 */
export function findSpareBadge(data, entries) {
  const usedReferences = new Set(entries.map(({ reference }) => reference));
  const guestReferences = new Set(data.guests.map(({ reference }) => reference));
  return data.spares.find(({ reference }) => !usedReferences.has(reference) && !guestReferences.has(reference));
}
