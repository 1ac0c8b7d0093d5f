// Requests to the ground station; the session token comes with the start URL and stays in this tab.

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

async function request(path, options = {}) {
  const answer = await fetch(`/api/${path}`, options);
  const body = await answer.json();
  if (answer.status === 401) throw new Error(NO_TOKEN);
  if (!answer.ok) throw new Error(body.error ?? `${answer.status} ${answer.statusText}`);
  return body;
}

export const api = {
  requireToken() {
    if (!token) throw new Error(NO_TOKEN);
  },
  get: (path, options) => request(path, options),
  post: (path, body) =>
    request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Panewatch-Token': token },
      body: JSON.stringify(body),
    }),
};
