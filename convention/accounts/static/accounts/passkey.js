/**
 * Ask the browser for a passkey and post it. The form's data-passkey is "sign-in" (the options are fetched, and the
 * browser may also offer passkeys in the address field), "show" (one of this account) or "add" (a new one); the
 * options of the last two are in #js_data.
 */

const FORMS = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"));

/**
 * @typedef {object} PasskeyOptions
 * @property {{publicKey: PublicKeyCredentialCreationOptionsJSON}} creation_options
 * @property {{publicKey: PublicKeyCredentialRequestOptionsJSON}} request_options
 */

/** @type {AbortController | null} */
let currentRequest = null;
/** @type {Promise<unknown>} */
let lastFetch = Promise.resolve();

/** @param {PublicKeyCredentialCreationOptionsJSON} options */
function parseCreationOptions(options) {
  /** @type {AuthenticatorSelectionCriteria} */
  const authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  };
  return PublicKeyCredential.parseCreationOptionsFromJSON({ ...options, authenticatorSelection });
}

/**
 * @param {HTMLFormElement} form
 * @returns {Promise<PasskeyOptions>}
 */
async function fetchOptions(form) {
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/**
 * Return the options, fetched one after the other: the server accepts only the latest that it sent.
 * @param {HTMLFormElement} form
 * @returns {Promise<PasskeyOptions>}
 */
async function loadOptions(form) {
  if (form.dataset.passkey !== "sign-in") return JSON.parse(document.getElementById("js_data")?.textContent ?? "");
  const fetching = lastFetch.catch(() => {}).then(() => fetchOptions(form));
  lastFetch = fetching;
  return fetching;
}

/**
 * @param {HTMLFormElement} form
 * @param {CredentialRequestOptions} options
 */
async function requestPasskey(form, options = {}) {
  currentRequest?.abort();
  currentRequest = new AbortController();
  const { signal } = currentRequest;
  const { creation_options, request_options } = await loadOptions(form);
  const credential =
    form.dataset.passkey === "add"
      ? await navigator.credentials.create({ publicKey: parseCreationOptions(creation_options.publicKey), signal })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(request_options.publicKey),
          signal,
          ...options,
        });
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("credential"));
  field.value = JSON.stringify(credential);
  form.submit();
}

/**
 * Show one of the form's messages, or none.
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function showMessage(form, name) {
  /** @type {NodeListOf<HTMLElement>} */
  const messages = form.querySelectorAll("[data-message]");
  for (const message of messages) message.hidden = message.dataset.message !== name;
}

/** @param {unknown} error */
function classifyError(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return "known";
  return name === "SecurityError" ? "unable" : "refused";
}

/** @param {HTMLFormElement} form */
function connectForm(form) {
  form.hidden = false;
  form.classList.remove("awaits-script");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    showMessage(form, "");
    if (!form.reportValidity()) return;
    try {
      await requestPasskey(form);
    } catch (error) {
      showMessage(form, classifyError(error));
    }
  });
}

/**
 * Offer passkeys in the address field, as browsers fill in passwords, unless the button was already pressed.
 * @param {HTMLFormElement} form
 */
async function offerInAddressField(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || currentRequest) return;
  requestPasskey(form, { mediation: "conditional" }).catch(() => {});
}

// Browsers before 2025 have passkeys, but not these methods.
const canUsePasskeys = "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;
if (canUsePasskeys && window.isSecureContext) {
  for (const form of FORMS) {
    connectForm(form);
    if (form.dataset.passkey === "sign-in") offerInAddressField(form);
  }
} else {
  for (const form of FORMS) {
    if (form.dataset.passkey !== "sign-in") showMessage(form, "unable");
    form.addEventListener("submit", (event) => event.preventDefault());
  }
}
