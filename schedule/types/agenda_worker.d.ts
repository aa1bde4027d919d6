/** Written by offline.py before the agenda's service worker. */
declare const AGENDA_OFFLINE: {
  version: string;
  scope: string;
  agenda: string;
  own: string;
  pages: string[];
  files: string[];
  language: string;
  zone: string;
  notice: string;
};
