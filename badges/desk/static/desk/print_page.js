/** Open the print dialog as soon as the badge is drawn; then Enter leads back to the desk. */

const again = /** @type {HTMLButtonElement} */ (document.querySelector("#print-again"));
const back = /** @type {HTMLAnchorElement} */ (document.querySelector("#back-to-desk"));

again.hidden = false;
again.addEventListener("click", () => print());
addEventListener("load", () => {
  print();
  back.focus();
});
