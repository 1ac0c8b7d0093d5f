// What an alarm rests on, as one file (docs/evidence.md): made by the station, saved by the browser.

import { api } from './api.js';
import { tell } from './dialog.js';
import { el } from './dom.js';

const making = new Set(); // alarms whose file is being made: it may take minutes
const listeners = new Set();

export function onEvidence(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

export function evidenceButton({ id, replay }) {
  if (replay) return null; // of a recording the command line makes it, from the recording itself
  const busy = making.has(id);
  const title = 'Save the packets, limits and versions that this alarm rests on';
  return el(
    'button',
    { class: 'pw-button pw-evidence', title, disabled: busy, 'aria-label': `Evidence of alarm ${id}`, onclick: () => save(id) },
    busy ? 'Making evidence …' : 'Evidence',
  );
}

async function save(id) {
  if (making.has(id)) return;
  change(() => making.add(id));
  try {
    download(await api.file(`evidence/${id}`), `alarm-${id}.evidence.zip`);
  } catch (error) {
    const why = error.status ? error.message : `the ground station did not answer (${error.message}).`;
    tell(`No evidence of alarm ${id} was saved: ${why}`);
  } finally {
    change(() => making.delete(id));
  }
}

function change(act) {
  act();
  listeners.forEach((callback) => callback());
}

function download(blob, name) {
  const url = URL.createObjectURL(blob);
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}
