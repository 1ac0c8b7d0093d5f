// Asking for a command once: one id for what is sent, again until the station has answered.

import { api } from '../api.js';

const KEY = 'panewatch.command';
const UNKNOWN =
  'No answer came, so it is not known whether the station has it. Send it again: the station takes it once.';

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

// What was sent from this tab and not answered, over a reload too: {request_id, ...body} or null.
export function unanswered() {
  return JSON.parse(sessionStorage.getItem(KEY));
}

export const answered = () => sessionStorage.removeItem(KEY);

export async function send(body) {
  const before = unanswered();
  const isSame = before && JSON.stringify({ ...body, request_id: before.request_id }) === JSON.stringify(before);
  const asked = isSame ? before : { ...body, request_id: newId() };
  sessionStorage.setItem(KEY, JSON.stringify(asked));
  try {
    const placed = await api.post('commands', asked);
    answered();
    return placed;
  } catch (error) {
    if (!error.status || error.status >= 500) throw Object.assign(error, { message: UNKNOWN });
    answered();
    throw error;
  }
}
