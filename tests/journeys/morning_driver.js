// Runs in the page of a scanner or a desk on the morning: notes what the device stores and shows, and shows it badges.
(() => {
  const RealDate = Date;
  let clockErrorMs = 0;
  // The monotonic clock, which no fault of this test touches, tells the true time.
  const getTrueTime = () => performance.timeOrigin + performance.now();
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  /** Scans that were stored, by id. */
  const stored = {};
  /** The first verdict that the screen showed of each scan, and when. */
  const shown = {};
  const waits = [];
  const uuids = [];
  const queue = [];
  let begin = null;
  let isStopped = false;

  window.Date = class extends RealDate {
    constructor(...values) {
      if (values.length) super(...values);
      else super(RealDate.now() + clockErrorMs);
    }

    static now() {
      return RealDate.now() + clockErrorMs;
    }
  };
  const randomUUID = crypto.randomUUID.bind(crypto);
  crypto.randomUUID = () => {
    uuids.push(randomUUID());
    return uuids.at(-1);
  };
  const add = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = function (value, ...rest) {
    if (this.name === "outbox") {
      const { id, code, direction, let_in } = value;
      stored[id] = { id, code, direction, let_in, at: getTrueTime() };
    }
    return add.call(this, value, ...rest);
  };
  const getScreen = () => document.getElementById("verdict");
  const noteScreen = () => {
    const screen = getScreen();
    if (!screen?.dataset.scan || screen.hidden) return;
    const { scan, verdict, milliseconds } = screen.dataset;
    shown[scan] ??= { verdict, at: performance.now(), milliseconds };
  };
  new MutationObserver(noteScreen).observe(document, { subtree: true, childList: true, attributes: true });

  const typeKeys = (text) => {
    const makeKey = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    // Made before the first is handled: a hand scanner types at its own pace, however busy the page is.
    for (const event of [...text, "Enter"].map(makeKey)) document.activeElement.dispatchEvent(event);
  };
  const mustTap = () => document.getElementById("verdict-hint").textContent !== "";
  /** Tap away what waits for a tap, as an operator does who has read it. */
  const clearScreen = async () => {
    while (!getScreen().hidden && mustTap()) {
      await pause(300);
      getScreen().click();
    }
  };
  const findStored = (code, since) => Object.values(stored).find((scan) => scan.code === code && scan.at >= since);

  /** Show a badge until the screen says something about it; note how long its holder waited. */
  const presentBadge = async ({ code, direction }) => {
    await clearScreen();
    const button = document.querySelector(`input[name="direction"][value="${direction}"]`);
    if (!button.checked) button.click();
    const [since, from] = [getTrueTime(), performance.now()];
    let tries = 0;
    let triedAt = -Infinity;
    for (;;) {
      const scan = findStored(code, since);
      if (scan && shown[scan.id]) {
        waits.push({ id: scan.id, at: since, wait: shown[scan.id].at - from, tries, direction });
        return;
      }
      // An alarm about an earlier badge came in between: it is read, tapped away, and the badge shown again.
      await clearScreen();
      if (!scan && performance.now() - triedAt > 2000) {
        tries += 1;
        triedAt = performance.now();
        typeKeys(code);
      }
      await pause(10);
    }
  };

  window.morning = {
    setClockError: (ms) => {
      clockErrorMs = ms;
    },
    stop: () => {
      isStopped = true;
    },
    /** Show badges, each at its time in milliseconds since the first call, or as soon after as it is their turn. */
    async run(badges) {
      queue.push(...badges);
      queue.sort((first, second) => first.at - second.at);
      if (window.morning.isRunning) return;
      window.morning.isRunning = true;
      begin ??= performance.now();
      while (queue.length && !isStopped) {
        const late = performance.now() - begin - queue[0].at;
        if (late >= 0) await presentBadge(queue.shift());
        else await pause(Math.min(-late, 200));
      }
      await pause(500);
      await clearScreen();
      window.morning.isRunning = false;
    },
    /** Tap away whatever waits for a tap, while a camera shows the badges. */
    async watch() {
      while (!isStopped) {
        await clearScreen();
        await pause(50);
      }
    },
    /** Do something at a desk; return the milliseconds until its verdict names the guest. */
    async measureVerdict(selector, name) {
      const from = performance.now();
      const verdict = document.getElementById("verdict");
      verdict.replaceChildren();
      document.querySelector(selector).requestSubmit();
      while (verdict.querySelector(".person-name")?.textContent !== name) await pause(5);
      return performance.now() - from;
    },
    read: () => ({ queue, stored, shown, waits, uuids }),
    isRunning: false,
  };
})();
