/** Talk to the board's endpoints. */

const TIMEOUT_MS = 20_000;

/** A refusal of the server, with its problem details; status 0 if it was not reached. */
export class ServerRefusal extends Error {
  /**
   * @param {number} status
   * @param {{ detail?: string, changes?: Board.Changes, current?: Record<string, Board.Slot | null> }} problem
   */
  constructor(status, problem) {
    super(problem.detail ?? "");
    this.status = status;
    this.problem = problem;
  }
}

export class BoardServer {
  /**
   * @param {string} address of the board's page
   * @param {string} csrfToken
   */
  constructor(address, csrfToken) {
    this.address = address;
    this.csrfToken = csrfToken;
  }

  /** @returns {Promise<Board.Data>} */
  loadBoard() {
    return this.#request("data/");
  }

  /**
   * @param {number} revision
   * @param {boolean} withConflicts also if nobody else moved anything
   * @returns {Promise<Board.Changes>}
   */
  loadChanges(revision, withConflicts) {
    return this.#request(`moves/?since=${revision}${withConflicts ? "&conflicts=1" : ""}`);
  }

  /**
   * @param {number} seenRevision
   * @param {Board.Placement[]} moves
   * @returns {Promise<Board.Changes>}
   */
  sendMoves(seenRevision, moves) {
    return this.#request("moves/", { seen_revision: seenRevision, moves });
  }

  /**
   * @param {number} seenRevision
   * @param {number | undefined} batch
   * @returns {Promise<Board.Changes>}
   */
  undo(seenRevision, batch = undefined) {
    return this.#request("undo/", { seen_revision: seenRevision, batch });
  }

  /**
   * @param {number} seenRevision
   * @returns {Promise<Board.Changes>}
   */
  redo(seenRevision) {
    return this.#request("redo/", { seen_revision: seenRevision });
  }

  /** @returns {Promise<{ batches: Board.JournalEntry[] }>} */
  loadJournal() {
    return this.#request("journal/");
  }

  /**
   * @param {number} session
   * @returns {Promise<{ costs: Board.Cost[] }>}
   */
  loadCosts(session) {
    return this.#request(`costs/?session=${session}`);
  }

  /**
   * @param {number} session
   * @param {number} other
   * @returns {Promise<{ costs: Board.SwapCost[] }>}
   */
  loadSwapCosts(session, other) {
    return this.#request(`costs/?session=${session}&swap=${other}`);
  }

  /**
   * @param {string} path
   * @param {object | undefined} body posted as JSON
   * @throws {ServerRefusal}
   */
  async #request(path, body = undefined) {
    const options = body && {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrfToken },
      body: JSON.stringify(body),
    };
    // Requests are sent one after the other: one that never ends would block the others.
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const headers = { Accept: "application/json" };
    const response = await fetch(this.address + path, { headers, signal, ...options }).catch(() => null);
    const data = await response?.json().catch(() => null);
    if (!response?.ok || !data) throw new ServerRefusal(response?.status ?? 0, data ?? {});
    return data;
  }
}
