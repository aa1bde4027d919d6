// On a phone the navigation of an event and its tabs scroll sideways: show the entry of this page.

for (const here of document.querySelectorAll(":is(.organize-nav, .tabs) [aria-current]"))
  here.scrollIntoView({ block: "nearest", inline: "center" });
