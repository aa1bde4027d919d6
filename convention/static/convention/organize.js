// On a phone the navigation of an event scrolls sideways: show the entry of this page.

document
  .querySelector(".organize-nav [aria-current]")
  ?.scrollIntoView({ block: "nearest", inline: "center" });
