/** Ask the server for snapshots and send it scans; tell apart what can go wrong. */

const TIMEOUT_MS = 20_000;

/** The server does not answer, or something in between answers in its place. */
export class Unreachable extends Error {}

/** The token is unknown, expired or revoked. */
export class PairingEnded extends Error {
  /** @param {string} token */
  constructor(token) {
    super("The pairing has ended.");
    this.token = token;
  }
}

/** The server answered, but not with what was requested. */
export class ServerError extends Error {
  /**
   * @param {number} status
   * @param {number} retryAfterSeconds
   */
  constructor(status, retryAfterSeconds = 0) {
    super(`The server answered ${status}.`);
    this.status = status;
    this.retryAfterMs = retryAfterSeconds * 1000;
  }
}

/**
 * Fetch the changes since the last snapshot of this pairing, or everything; `snapshot` is null without changes.
 * @param {string} url
 * @param {Pick<Scanner.Pairing, "token"> & Partial<Scanner.Pairing>} pairing
 * @returns {Promise<Scanner.WithClockOffset<{snapshot: Scanner.Snapshot | null, etag: string}>>}
 * @throws {PairingEnded | ServerError | Unreachable}
 */
export async function fetchSnapshot(url, { token, sequence, presences_cursor, etag }) {
  const query = new URLSearchParams({ since: String(sequence ?? ""), presences: presences_cursor ?? "" });
  /** @type {Record<string, string>} */
  const headers = etag ? { "If-None-Match": etag } : {};
  const { response, sentAt, receivedAt } = await request(sequence ? `${url}?${query}` : url, token, { headers });
  if (response.status === 304) return { snapshot: null, etag: etag ?? "" };
  const snapshot = /** @type {Scanner.Snapshot} */ (await readBody(response, "registrations", token));
  return {
    snapshot,
    etag: response.headers.get("ETag") ?? "",
    clock_offset_ms: measureClockOffset(snapshot.server_time, sentAt, receivedAt),
  };
}

/**
 * Send scans; the server has stored each one for which it returns a result.
 * @param {string} url
 * @param {string} token
 * @param {Scanner.Scan[]} scans
 * @returns {Promise<Scanner.WithClockOffset<{results: Scanner.ScanResult[]}>>}
 * @throws {PairingEnded | ServerError | Unreachable}
 */
export async function sendScans(url, token, scans) {
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify({ scans }) };
  const { response, sentAt, receivedAt } = await request(url, token, options);
  const body = /** @type {Scanner.ScanResults} */ (await readBody(response, "results", token));
  return { results: body.results, clock_offset_ms: measureClockOffset(body.server_time, sentAt, receivedAt) };
}

/**
 * @param {string} url
 * @param {string} token
 * @param {RequestInit & {headers: Record<string, string>}} options
 */
async function request(url, token, options) {
  const sentAt = Date.now();
  const response = await fetch(url, {
    ...options,
    headers: { ...options.headers, Authorization: `Bearer ${token}`, Accept: "application/json" },
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
 * Return the JSON body. A hotel's sign-in page has status 200 too, so the body must hold the expected list.
 * @param {Response} response
 * @param {string} listName
 * @param {string} token
 * @returns {Promise<unknown>}
 */
async function readBody(response, listName, token) {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.status === 401 && type.startsWith("application/problem+json")) throw new PairingEnded(token);
  if (!response.ok) throw new ServerError(response.status, Number(response.headers.get("Retry-After")) || 0);
  const body = await response.json().catch(() => null);
  if (!Array.isArray(body?.[listName])) throw new Unreachable();
  return body;
}

/**
 * @param {string} serverTime
 * @param {number} sentAt
 * @param {number} receivedAt
 */
function measureClockOffset(serverTime, sentAt, receivedAt) {
  const time = Date.parse(serverTime);
  return Number.isNaN(time) ? undefined : Math.round(time - (sentAt + receivedAt) / 2);
}
