/** Open the print dialog as soon as the badge is drawn; then Enter leads back to the desk. */

const printButton = /** @type {HTMLButtonElement} */ (document.querySelector("#print-again"));
const deskLink = /** @type {HTMLAnchorElement} */ (document.querySelector("#back-to-desk"));

printButton.hidden = false;
printButton.addEventListener("click", () => print());
addEventListener("load", () => {
  print();
  deskLink.focus();
});
