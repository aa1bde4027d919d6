/** What shell.py writes before the scanner's service worker. */
declare const OFFLINE: { version: string; pages: string[]; files: string[] };
