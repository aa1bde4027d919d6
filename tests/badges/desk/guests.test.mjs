/** The guests of a desk without network, as they are after what it did. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  applyEntries, findSamePerson, findTransferProblem, listTypedTexts, mergeUpdate, parseCents, searchGuests,
  splitSearchedName,
} from "../../../badges/desk/static/desk/offline/guests.js";

const guest = { reference: "A", first_name: "Zoé", last_name: "Lefèvre", badge_version: 1, code: ["1"], next_code: ["2"], printed_at: null };
const values = { first_name: "Léo", last_name: "Bêta", company: "", email: "leo@example.org" };

/** @param {object} before */
const substitute = (before) =>
  applyEntries({ guests: [{ ...guest, ...before }], tickets: [], spares: [] }, [{ id: "x", at: "", kind: "substitute", reference: "A", values }])[0];

test("another person gets the next badge", () => {
  const { code, badge_version } = substitute({});

  assert.deepEqual([code, badge_version], [["2"], 2]);
});

test("another person has not arrived, although the former attendee was inside", () => {
  const { is_inside, arrived_at } = substitute({ is_inside: true, arrived_at: "2027-06-15T08:30:00Z" });

  assert.equal(is_inside, false);
  assert.equal(arrived_at, null);
});

test("outlines of a name are dropped with the name", () => {
  const chinese = { guests: [{ ...guest, company: "", outlined_names: ["小"] }], tickets: [], spares: [] };
  const correct = (/** @type {object} */ changes) =>
    applyEntries(chinese, [{ id: "x", at: "", kind: "correct", reference: "A", values: { ...guest, company: "", ...changes } }])[0];

  assert.deepEqual(correct({ email: "new@example.org" }).outlined_names, ["小"]);
  assert.equal(correct({ first_name: "Zoë" }).outlined_names, null);
});

test("a place that gets its first name keeps its badge", () => {
  const { code, badge_version, first_name } = substitute({ first_name: "", last_name: "" });

  assert.deepEqual([code, badge_version, first_name], [["1"], 1, "Léo"]);
});

const current = { ...guest, company: "Port", email: "zoe@example.org" };

test("the current attendee's address is refused before the badge is printed", () => {
  assert.equal(findTransferProblem(current, { ...values, email: "ZOE@example.org" }, undefined), "transfer.same_address");
  assert.equal(findTransferProblem(current, values, undefined), "");
});

test("a place without a name may get its own address", () => {
  const unnamed = { ...current, first_name: "", last_name: "" };

  assert.equal(findTransferProblem(unnamed, { ...values, email: current.email }, undefined), "");
});

test("names of spaces are refused", () => {
  assert.equal(findTransferProblem(current, { ...values, first_name: " " }, undefined), "names.missing");
});

test("a member's place needs an address", () => {
  assert.equal(findTransferProblem(current, { ...values, email: "" }, { needs_member: true }), "transfer.member_address");
});

test("what was typed for a correction is what it changed", () => {
  const before = { ...values, company: "Eau" };

  assert.deepEqual(listTypedTexts({ kind: "correct", values: { ...values, company: "Réseaux", before } }), ["Réseaux"]);
});

const zoe = { reference: "AAZ", first_name: "Zoé" };
const leo = { reference: "BBL", first_name: "Léo" };
const setup = { tickets: [], has_addons: false };
const data = mergeUpdate(null, { setup, spares: ["1"], guests: [zoe, leo], digests: { setup: "1", spares: "1", AA: "1", BB: "1" } });

test("an update replaces the groups of guests that changed", () => {
  const renamed = { ...zoe, first_name: "Zoë" };

  const merged = mergeUpdate(data, { setup: null, spares: null, guests: [renamed], digests: { ...data.digests, AA: "2" } });

  assert.deepEqual(merged.guests, [leo, renamed]);
  assert.deepEqual(merged.spares, ["1"]);
  assert.equal(merged.has_addons, false);
});

test("a group that is gone takes its guests with it", () => {
  const { BB, ...digests } = data.digests;

  assert.deepEqual(mergeUpdate(data, { setup: null, spares: null, guests: [], digests }).guests, [zoe]);
});

test("setup and spare badges are replaced when they changed", () => {
  const update = { setup: { ...setup, has_addons: true }, spares: ["2"], guests: [], digests: data.digests };

  const { has_addons, spares, guests } = mergeUpdate(data, update);

  assert.equal(has_addons, true);
  assert.deepEqual(spares, ["2"]);
  assert.deepEqual(guests, [zoe, leo]);
});

const makeGuest = (/** @type {object} */ values) => ({ first_name: "Zoé", company: "", email: "", order: "", reference: "", ...values });
const kaddour = makeGuest({ last_name: "Kaddour", company: "Technique", reference: "TEAAAAAAAAAAA", order: "TEBBBBBB" });
const testGuest = makeGuest({ last_name: "Test" });

test("guests found by name come first", () => {
  assert.deepEqual(searchGuests([kaddour, testGuest], "zoe te").shown, [testGuest, kaddour]);
});

test("a reference matches whole and alone", () => {
  assert.deepEqual(searchGuests([kaddour, testGuest], "tebbbbbb").shown, [kaddour]);
  assert.deepEqual(searchGuests([kaddour, testGuest], "TEAAAAAAAAAAA").shown, [kaddour]);
  assert.deepEqual(searchGuests([kaddour, testGuest], "teb").shown, []);
  assert.deepEqual(searchGuests([kaddour, testGuest], "zoe tebbbbbb").shown, []);
});

test("the short code of a badge finds its holder until the badge is replaced", () => {
  const [code, next_code] = ["MFRGGZDF", "NNSWKZ22"].map((short_code) => ({ elements: [], short_code }));
  const holder = makeGuest({ last_name: "Abel", badge_version: 1, code, next_code });
  const print = { id: "x", at: "", kind: "print", reference: "", values: { reason: "lost", badge_version: 2 } };
  const reprinted = applyEntries({ guests: [holder], tickets: [], spares: [] }, [print]);

  assert.deepEqual(searchGuests([testGuest, holder], "mfrg gzdf", "MFRGGZDF").shown, [holder]);
  assert.equal(searchGuests(reprinted, "mfrg gzdf", "MFRGGZDF").total, 0);
  assert.equal(searchGuests(reprinted, "nnsw kz22", "NNSWKZ22").total, 1);
});

const unpaid = { state: "pending", scan_state: "pending", payment: "to_pay", amount_due_cents: 9000, order: "O" };
const family = ["A", "B"].map((reference) => ({ ...unpaid, reference }));

/**
 * @param {string} kind
 * @param {object} values
 */
const settleOrder = (kind, values) =>
  applyEntries({ guests: [...family, { ...unpaid, reference: "C", order: "P" }], tickets: [], spares: [] }, [
    { id: "x", at: "", kind, reference: "A", values },
  ]);

test("a payment of all that is due confirms the places of the order, and no other", () => {
  const guests = settleOrder("payment", { amount: 9000, method: "cash", note: "" });

  assert.deepEqual(guests.map(({ state }) => state), ["confirmed", "confirmed", "pending"]);
  assert.deepEqual(guests.map(({ payment }) => payment), ["paid", "paid", "to_pay"]);
});

test("a part payment leaves the rest to pay", () => {
  const [guest] = settleOrder("payment", { amount: 4000, method: "cash", note: "" });

  assert.deepEqual([guest.state, guest.payment, guest.amount_due_cents], ["pending", "to_pay", 5000]);
});

test("an invoice confirms the places of the order, which still owes the amount", () => {
  const [guest] = settleOrder("invoice", {});

  assert.deepEqual([guest.state, guest.payment, guest.amount_due_cents], ["confirmed", "to_invoice", 9000]);
});

test("an amount is read with a comma or a point", () => {
  assert.deepEqual(["90", "90,5", "1 090.05 €"].map(parseCents), [9000, 9050, 109005]);
  assert.deepEqual(["", "x", "-5", "1,234", "1.2.3"].map(parseCents), [null, null, null, null, null]);
});

test("a walk-in is the same person by name, or by address", () => {
  const confirmed = { ...current, state: "confirmed" };
  const find = (/** @type {object} */ typed, guests = [confirmed]) => findSamePerson(guests, { ...values, ...typed });

  assert.deepEqual(find({ first_name: "ZOE", last_name: "lefevre", email: "" }), [confirmed]);
  assert.deepEqual(find({ email: "Zoe@Example.org" }), [confirmed]);
  assert.deepEqual(find({}), []);
});

test("a walk-in without an address is nobody else without one", () => {
  assert.deepEqual(findSamePerson([{ ...current, email: "", state: "confirmed" }], { ...values, email: "" }), []);
});

test("a guest who cancelled may be registered again", () => {
  const typed = { ...values, first_name: "Zoé", last_name: "Lefèvre" };

  assert.deepEqual(findSamePerson([{ ...current, state: "cancelled" }], typed), []);
});

test("a searched name is split and gets capitals as at the online desk", () => {
  assert.deepEqual(splitSearchedName("inès de la tour"), { first_name: "Inès", last_name: "De La Tour" });
  assert.deepEqual(splitSearchedName("Inès de la Tour "), { first_name: "Inès", last_name: "de la Tour" });
  assert.deepEqual(splitSearchedName("durand"), { first_name: "", last_name: "Durand" });
});

test("a code, an address or an empty search is no name", () => {
  for (const query of ["MFRG GZD2", "ines@example.org", " "]) assert.equal(splitSearchedName(query), null);
});
