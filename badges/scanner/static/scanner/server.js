/** The two questions a scanner asks the server, and what can go wrong with the answers. */

const TIMEOUT_MS = 20_000;

/** The server does not answer, or something between us and it answers in its place. */
export class Unreachable extends Error {}

/** This token is unknown, expired or withdrawn. */
export class Ended extends Error {
  constructor(token) {
    super("The pairing has ended.");
    this.token = token;
  }
}

/** The server answered, but not with what was asked; `status` says how. */
export class Trouble extends Error {
  constructor(status, retryAfter = 0) {
    super(`The server answered ${status}.`);
    this.status = status;
    this.retryAfterMs = retryAfter * 1000;
  }
}

/**
 * What changed since the phone asked last.
 * @returns {Promise<{snapshot: object | null, etag: string, clock_offset_ms?: number}>} snapshot null: nothing
 */
export async function fetchSnapshot(address, { token, sequence, presences_cursor, etag }) {
  const query = new URLSearchParams({ since: sequence ?? "", presences: presences_cursor ?? "" });
  const headers = etag ? { "If-None-Match": etag } : {};
  const { response, sent, received } = await ask(sequence ? `${address}?${query}` : address, token, { headers });
  if (response.status === 304) return { snapshot: null, etag };
  const snapshot = await bodyOf(response, "registrations", token);
  const tag = response.headers.get("ETag") ?? "";
  return { snapshot, etag: tag, clock_offset_ms: offset(snapshot, sent, received) };
}

/**
 * Send scans; every one that has a result is kept by the server.
 * @returns {Promise<{results: object[], clock_offset_ms?: number}>}
 */
export async function sendScans(address, token, scans) {
  const headers = { "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify({ scans }) };
  const { response, sent, received } = await ask(address, token, request);
  const body = await bodyOf(response, "results", token);
  return { results: body.results, clock_offset_ms: offset(body, sent, received) };
}

async function ask(address, token, request) {
  const sent = Date.now();
  const headers = { ...request.headers, Authorization: `Bearer ${token}`, Accept: "application/json" };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const options = { ...request, headers, signal, cache: "no-store", credentials: "omit", redirect: "error" };
  const response = await fetch(address, options).catch(() => {
    throw new Unreachable();
  });
  return { response, sent, received: Date.now() };
}

/** The JSON body, if it is one of ours: a hotel's sign-in page on status 200 is not. */
async function bodyOf(response, list, token) {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.status === 401 && type.startsWith("application/problem+json")) throw new Ended(token);
  if (!response.ok) throw new Trouble(response.status, Number(response.headers.get("Retry-After")) || 0);
  const body = await response.json().catch(() => null);
  if (!Array.isArray(body?.[list])) throw new Unreachable();
  return body;
}

function offset({ server_time }, sent, received) {
  const time = Date.parse(server_time);
  return Number.isNaN(time) ? undefined : Math.round(time - (sent + received) / 2);
}
