// One command of the lists: who, when, what, and each thing that has become of it.

import { api } from '../api.js';
import { attempt } from '../dialog.js';
import { el } from '../dom.js';
import { clockTime, moment } from '../format.js';
import { whyNot } from '../rights.js';
import { effectWords, key, sentence, stageWords, stateOf } from './words.js';

const UNTOLD = ['confirm']; // stands beside the names

export function historyEntry(command, words, { live, operator }, again) {
  const { symbol, words: state, kind } = stateOf(command);
  const confirmed = command.confirmed_by ? `, confirmed by ${command.confirmed_by}` : '';
  const effect = effectWords(command);
  return [
    el(
      'header',
      {},
      el('span', { class: `pw-chip is-${kind}` }, `${symbol} ${state}`),
      el('b', { class: 'pw-command-what' }, words),
      whyNot() ? null : buttons(command, operator, again),
    ),
    el('small', {}, `command ${command.id} · ${moment(command.created)} UTC · by ${command.author}${confirmed}`),
    command.hazard ? el('small', {}, `▲ hazardous: ${command.hazard}`) : null,
    command.state === 'queued' ? el('p', {}, `${waitWords(command, live)}; given up at ${moment(command.expires)} UTC.`) : null,
    command.reason ? el('p', { class: 'pw-reason' }, sentence(command.reason)) : null,
    stages(command),
    effect ? el('p', { class: 'pw-effect' }, effect) : null,
  ];
}

function stages({ stages: told }) {
  const shown = told.filter((s) => !UNTOLD.includes(s.what));
  if (shown.length === 0) return null;
  return el('ol', { class: 'pw-stages', 'aria-label': 'Stages' }, shown.map((s) => el('li', {}, stageWords(s), ' ', el('small', {}, clockTime(s.time)))));
}

function waitWords(command, live) {
  const unit = live.unit(key(command));
  if (unit?.state !== 'live') return `Waits until ${key(command)} is heard again`;
  return 'Waits for the answer to the command before it, or for the unit to tell its counter';
}

function buttons(command, operator, again) {
  const cancel = () => attempt(async () => api.post(`commands/${command.id}/cancel`, { author: await operator.require() }));
  const button = (words, name, onclick) => el('button', { type: 'button', class: 'pw-button', 'aria-label': `${name} command ${command.id}`, onclick }, words);
  return command.state === 'queued' ? button('Cancel', 'Cancel', cancel) : button('Again …', 'Fill the form again from', () => again(command));
}
