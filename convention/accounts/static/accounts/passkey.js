/* Passkeys: asks the browser for one and posts its answer. A form says what it wants by data-passkey:
   "sign-in" (options are fetched; the browser may also offer passkeys in the address field), "show" (a
   passkey of this account) or "add" (a new one); for these two the options stand in #js_data. */

const FORMS = document.querySelectorAll("form[data-passkey]");
let waiting = null;
let fetched = Promise.resolve();

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const named = (credentials = []) => credentials.map((one) => ({ ...one, id: bytes(one.id) }));

function toCreate(options) {
  const selection = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
    authenticatorSelection: { ...options.authenticatorSelection, ...selection },
  };
}

function toGet(options) {
  return { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
}

function asJson(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function fetchOptions(form) {
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/* Fetched one after the other: the server knows only those that it gave last, which must be those used. */
function optionsOf(form) {
  if (form.dataset.passkey !== "sign-in") return JSON.parse(document.getElementById("js_data").textContent);
  fetched = fetched.catch(() => {}).then(() => fetchOptions(form));
  return fetched;
}

async function ask(form, more = {}) {
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const options = await optionsOf(form);
  const credential = form.dataset.passkey === "add"
    ? await navigator.credentials.create({ publicKey: toCreate(options.creation_options.publicKey), signal })
    : await navigator.credentials.get({ publicKey: toGet(options.request_options.publicKey), signal, ...more });
  form.elements.credential.value = asJson(credential);
  form.submit();
}

function say(form, name) {
  for (const sentence of form.querySelectorAll("[data-said]")) sentence.hidden = sentence.dataset.said !== name;
}

function prepare(form) {
  form.hidden = false;
  form.classList.remove("unready");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(form, "");
    if (!form.reportValidity()) return;
    try {
      await ask(form);
    } catch (error) {
      say(form, { InvalidStateError: "known", SecurityError: "unable" }[error.name] ?? "refused");
    }
  });
}

/* Passkeys offered where the address is typed, as the browser fills in passwords; not if the button was quicker. */
async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || waiting) return;
  ask(form, { mediation: "conditional" }).catch(() => {});
}

if (window.PublicKeyCredential && window.isSecureContext) {
  FORMS.forEach(prepare);
  const signIn = document.querySelector("form[data-passkey=sign-in]");
  if (signIn) offer(signIn);
} else {
  FORMS.forEach((form) => {
    if (form.dataset.passkey !== "sign-in") say(form, "unable");
    form.addEventListener("submit", (event) => event.preventDefault());
  });
}
