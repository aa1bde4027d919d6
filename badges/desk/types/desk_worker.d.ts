/** What offline_shell.py writes before the desk's service worker. */
declare const DESK_OFFLINE: { version: string; pages: string[]; scopes: string[]; files: string[] };
