/** Send requests as the signed-in desk staff; distinguish no network, an ended session, and refusals. */

import { getElapsedMs, PAGE_ID } from "../../scanner/clock.js";
import { settings } from "./page.js";

const TIMEOUT_MS = 20_000;

/** The server does not answer, or something in between answers in its place. */
export class Unreachable extends Error {}

/** Nobody who works at this desk is signed in any more. */
export class SignedOut extends Error {}

/** The server refused; `message` is its sentence. */
export class RequestRefused extends Error {}

/** @type {Record<string, string>} */
const csrfTokens = {};

/**
 * @param {string} pattern an address with "EVENT" in the place of the slug
 * @param {string} event
 */
export const fillAddress = (pattern, event) => pattern.replace("EVENT", event);

/**
 * @param {string} url
 * @param {RequestInit} options
 * @returns {Promise<any>}
 */
async function request(url, options = {}) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { Accept: "application/json", ...options.headers };
  const response = await fetch(url, { ...options, headers, signal, cache: "no-store" }).catch(() => {
    throw new Unreachable();
  });
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  if ([401, 403].includes(response.status) || response.redirected) throw new SignedOut();
  // A page of a captive portal is not a response of our server.
  if (!isJson || response.status >= 500) throw new Unreachable();
  const body = await response.json();
  if (!response.ok) throw new RequestRefused(String(body.detail ?? body.title ?? response.status));
  return body;
}

/**
 * Return the event, if the visitor works at its desk; also gets the token without which nothing can be sent.
 * @param {string} event
 * @returns {Promise<{event: string, title: string}>}
 */
export async function openSession(event) {
  const session = await request(fillAddress(settings.session, event));
  csrfTokens[event] = session.csrf_token;
  return session;
}

/**
 * @param {string} pattern
 * @param {string} event
 * @param {unknown} body
 */
async function post(pattern, event, body) {
  const send = () => {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfTokens[event] };
    return request(fillAddress(pattern, event), { method: "POST", headers, body: JSON.stringify(body) });
  };
  if (!csrfTokens[event]) await openSession(event);
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof SignedOut)) throw error;
    // After another sign-in the token is another one; this throws again if nobody is signed in.
    await openSession(event);
    return send();
  }
}

/**
 * @param {string} event
 * @param {string} name
 * @returns {Promise<{device: string, expires_at: string}>}
 */
export const enableDevice = (event, name) => post(settings.enable, event, { name });

/**
 * Send entries and get what changed in the data.
 * @param {Desk.Vault} vault
 * @param {Record<string, string>} digests of the data that this device has
 * @param {Desk.Entry[]} entries
 * @returns {Promise<Desk.SyncResponse & {clock_offset_ms: number}>}
 */
export async function synchronize({ event, device, version, clock_offset_ms }, digests, entries) {
  const sentAt = Date.now();
  // The age of each entry is the difference of two elapsed times, whatever clock the device shows.
  const clock = { page: PAGE_ID, elapsed_ms: getElapsedMs(), sent_at: new Date(sentAt).toISOString() };
  const body = { device, version, digests, clock_offset_ms, ...clock, entries };
  const response = await post(settings.sync, event, body);
  const midpoint = (sentAt + Date.now()) / 2;
  return { ...response, clock_offset_ms: Math.round(Date.parse(response.server_time) - midpoint) };
}
