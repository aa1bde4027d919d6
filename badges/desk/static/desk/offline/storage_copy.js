/**
 * Copies in memory of what is stored, encrypted as it is there: a browser may evict its storage while the page is
 * open, and the entries that were not sent must survive that.
 */

/**
 * @typedef {object} StorageCopy
 * @property {Desk.Vault} vault
 * @property {Map<string, Desk.OutboxRow>} rows by id, in the order in which they were made
 */

/** @type {Map<string, StorageCopy>} by event */
const copies = new Map();

/** @param {string} event */
export const getStorageCopy = (event) => copies.get(event);

/** @param {Desk.Vault} vault */
export function copyVault(vault) {
  copies.set(vault.event, { rows: new Map(), ...copies.get(vault.event), vault });
}

/**
 * Replace the rows by those that are stored; nothing is copied of an event without a vault, which decrypts them.
 * @param {string} event
 * @param {Desk.OutboxRow[]} rows in order
 */
export function copyRows(event, rows) {
  const copy = copies.get(event);
  if (copy) copy.rows = new Map(rows.map((row) => [row.id, row]));
}

/** @param {Desk.OutboxRow} row */
export function copyRow(row) {
  copies.get(row.event)?.rows.set(row.id, row);
}

/** @param {string} id */
export function forgetRow(id) {
  for (const { rows } of copies.values()) rows.delete(id);
}

/** @param {string} event */
export function forgetStorage(event) {
  copies.delete(event);
}
