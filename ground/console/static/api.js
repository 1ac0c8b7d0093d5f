// Requests to the ground station, in the name of who signed in, or with the token of a run's start URL,
// which stays in this tab.

const KEY = 'panewatch.token';

function takeToken() {
  const url = new URL(location.href);
  const given = url.searchParams.get('token');
  if (given) {
    sessionStorage.setItem(KEY, given);
    url.searchParams.delete('token'); // not left in the address bar for a screenshot to show
    history.replaceState(null, '', url);
  }
  return sessionStorage.getItem(KEY) ?? '';
}

const token = takeToken();
const NO_TOKEN =
  "Nothing was done: this page may look, not act. Open the address that `make run` printed (it carries the session's token).";
const NO_SESSION = 'Nothing was done: sign in first (the button at the top right).';
let session = { user: null, role: null, csrf: null, sign_in: false, open_reading: true };

async function request(path, options = {}) {
  const answer = await fetch(`/api/${path}`, options);
  if (answer.status === 401 && options.method) await failed();
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

async function refusal(answer) {
  const body = await answer.json().catch(() => ({})); // perhaps a proxy's page
  const words = body.error ?? `${answer.status} ${answer.statusText}`;
  return Object.assign(new Error(words), { status: answer.status, fields: body.fields });
}

// Not let through: perhaps the session has ended since.
async function failed() {
  await api.check();
  throw new Error(session.sign_in ? NO_SESSION : NO_TOKEN);
}

// A token of this tab counts only where nobody has signed in.
const proof = () => (session.user ? { 'X-Panewatch-CSRF': session.csrf } : { 'X-Panewatch-Token': token });

export const api = {
  get session() {
    return session;
  },
  requireRight() {
    if (!session.user && (session.sign_in || !token)) throw new Error(session.sign_in ? NO_SESSION : NO_TOKEN);
  },
  // Who is here; to the sign-in page where nothing is shown without.
  async check() {
    session = await request('session');
    if (!session.open_reading && !session.user) api.goToSignIn();
  },
  goToSignIn() {
    location.assign(`/signin?to=${encodeURIComponent(location.pathname + location.search)}`);
  },
  async signOut() {
    await request('session', { method: 'DELETE', headers: proof() });
    location.reload();
    return true;
  },
  get: (path, options) => request(path, options),
  // A file's bytes, as a Blob.
  async file(path) {
    const answer = await fetch(`/api/${path}`);
    if (!answer.ok) throw await refusal(answer);
    return answer.blob();
  },
  post: (path, body) =>
    request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...proof() },
      body: JSON.stringify(body),
    }),
};
