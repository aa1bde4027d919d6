/** Fetch snapshots from the server and send scans to it; throw a distinct error for each kind of failure. */

import { getElapsedMs, makeClockReading, PAGE_ID } from "./clock.js";

const TIMEOUT_MS = 20_000;

/** The server does not answer, or a proxy or sign-in page answers in its place. */
export class Unreachable extends Error {}

/** The token is unknown, expired or revoked. */
export class PairingEnded extends Error {
  /** @param {string} token */
  constructor(token) {
    super("The pairing has ended.");
    this.token = token;
  }
}

/** The server answered, but not with what was requested; `sentence` says why, if the server does. */
export class ServerError extends Error {
  /**
   * @param {number} status
   * @param {number} retryAfterSeconds
   * @param {string} sentence
   */
  constructor(status, retryAfterSeconds = 0, sentence = "") {
    super(`The server answered ${status}.`);
    this.status = status;
    this.retryAfterMs = retryAfterSeconds * 1000;
    this.sentence = sentence;
  }
}

/**
 * Fetch the changes since the last snapshot, or everything; `snapshot` is null without changes.
 * @param {string} url
 * @param {Pick<Scanner.Pairing, "token"> & Partial<Scanner.Pairing>} pairing
 * @param {Scanner.DeviceState | null} state of this device, for the organizers' page
 * @returns {Promise<Scanner.WithClock<{snapshot: Scanner.Snapshot | null, etag: string}>>}
 * @throws {PairingEnded | ServerError | Unreachable}
 */
export async function fetchSnapshot(url, { token, sequence, presences_cursor, etag }, state = null) {
  const query = new URLSearchParams({ since: String(sequence ?? ""), presences: presences_cursor ?? "" });
  /** @type {Record<string, string>} */
  const headers = etag ? { "If-None-Match": etag } : {};
  if (state) headers["Scanner-State"] = JSON.stringify(state);
  const { response, sentAt, receivedAt } = await request(sequence ? `${url}?${query}` : url, token, { headers });
  if (response.status === 304) return { snapshot: null, etag: etag ?? "" };
  const snapshot = /** @type {Scanner.Snapshot} */ (await readBody(response, "registrations", token));
  return {
    snapshot,
    etag: response.headers.get("ETag") ?? "",
    ...readClock(snapshot.server_time, sentAt, receivedAt),
  };
}

/**
 * Send scans; the server has stored each one for which it returns a result.
 * @param {string} url
 * @param {string} token
 * @param {Scanner.Scan[]} scans
 * @returns {Promise<Scanner.WithClock<Pick<Scanner.ScanResults, "results" | "limits">>>}
 * @throws {PairingEnded | ServerError | Unreachable}
 */
export async function sendScans(url, token, scans) {
  // The age of each scan is the difference of two elapsed times, whatever clock the device shows.
  const payload = { scans, page: PAGE_ID, elapsed_ms: getElapsedMs(), sent_at: new Date().toISOString() };
  const { response, sentAt, receivedAt } = await request(url, token, makePost(payload));
  const body = /** @type {Scanner.ScanResults} */ (await readBody(response, "results", token));
  return { results: body.results, limits: body.limits, ...readClock(body.server_time, sentAt, receivedAt) };
}

/**
 * Exchange a pairing code for a token; the same public key gets the same one again.
 * @param {string} url
 * @param {{code: string, public_key: string, name: string}} body
 * @returns {Promise<string>} the token
 * @throws {ServerError | Unreachable}
 */
export async function requestToken(url, body) {
  const { response } = await request(url, "", makePost(body));
  if (!response.ok) throw await readError(response);
  const answer = await response.json().catch(() => null);
  if (typeof answer?.token !== "string") throw new Unreachable();
  return answer.token;
}

/**
 * Return the JSON body of any other endpoint, which must have this field.
 * @template Body
 * @param {string} url
 * @param {string} token
 * @param {string} field
 * @param {object | null} body to post; null for a GET request
 * @returns {Promise<Body>}
 * @throws {PairingEnded | ServerError | Unreachable}
 */
export async function requestField(url, token, field, body = null) {
  const { response } = await request(url, token, body ? makePost(body) : { headers: {} });
  return /** @type {Body} */ (await readBody(response, field, token, (value) => value !== undefined));
}

/** @param {object} body */
const makePost = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/**
 * @param {string} url
 * @param {string} token empty if this request needs none
 * @param {RequestInit & {headers: Record<string, string>}} options
 */
async function request(url, token, options) {
  const sentAt = Date.now();
  /** @type {Record<string, string>} */
  const authorization = token ? { Authorization: `Bearer ${token}` } : {};
  const language = globalThis.document?.documentElement.lang ?? "";
  const response = await fetch(url, {
    ...options,
    headers: { ...options.headers, ...authorization, Accept: "application/json", "Accept-Language": language },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
  }).catch(() => {
    throw new Unreachable();
  });
  return { response, sentAt, receivedAt: Date.now() };
}

/**
 * Return the JSON body, if it has the field: a hotel's sign-in page has status 200 too.
 * @param {Response} response
 * @param {string} field
 * @param {string} token
 * @param {(value: unknown) => boolean} isExpected
 * @returns {Promise<unknown>}
 */
async function readBody(response, field, token, isExpected = Array.isArray) {
  if (response.status === 401 && isProblem(response)) throw new PairingEnded(token);
  if (!response.ok) throw await readError(response);
  const body = await response.json().catch(() => null);
  if (!isExpected(body?.[field])) throw new Unreachable();
  return body;
}

/** @param {Response} response */
const isProblem = ({ headers }) => (headers.get("Content-Type") ?? "").startsWith("application/problem+json");

/** @param {Response} response */
async function readError(response) {
  const problem = isProblem(response) ? await response.json().catch(() => null) : null;
  const retryAfterSeconds = Number(response.headers.get("Retry-After")) || 0;
  return new ServerError(response.status, retryAfterSeconds, String(problem?.detail ?? ""));
}

/**
 * @param {string} serverTime
 * @param {number} sentAt
 * @param {number} receivedAt
 */
function readClock(serverTime, sentAt, receivedAt) {
  const time = Date.parse(serverTime);
  if (Number.isNaN(time)) return {};
  const halfway = (sentAt + receivedAt) / 2;
  return { clock_offset_ms: Math.round(time - halfway), clock: makeClockReading(time, halfway) };
}
