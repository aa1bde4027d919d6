/** On a phone the navigation of an event scrolls sideways: scroll to the entry of this page. */

for (const link of document.querySelectorAll(":is(.organize-nav, .tabs) [aria-current]")) {
  link.scrollIntoView({ block: "nearest", inline: "center" });
}
