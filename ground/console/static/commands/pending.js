// A hazardous command that waits: confirmed by another person or by the unit's name, or refused.

import { api } from '../api.js';
import { ask } from '../dialog.js';
import { el } from '../dom.js';
import { clockTime } from '../format.js';
import { needsSecondPerson, whyNot } from '../rights.js';
import { key, person, sentence } from './words.js';

// `words`: what is asked for. Made anew only when who is here changes: someone may be typing in it.
export function pendingEntry(command, words, { operator }) {
  const refusal = el('p', { class: 'pw-error', role: 'alert' });
  const isMine = Boolean(operator.name) && person(command.author) === operator.name;
  const act = async (button, change) => {
    button.disabled = true;
    refusal.textContent = '';
    try {
      await change(await operator.require());
    } catch (error) {
      refusal.textContent = `✖ ${error.message}`;
      button.disabled = false;
    }
  };
  const how = whyNot() ? [] : controls(command, words, isMine, act);
  return el(
    'li',
    { class: 'pw-command is-pending', 'data-command': command.id },
    el('p', {}, el('b', { class: 'pw-hazard' }, '▲ HAZARDOUS '), el('b', {}, words)),
    el('p', {}, sentence(command.hazard)),
    el('small', {}, `command ${command.id} · ${command.author} asked at ${clockTime(command.created)} UTC · dropped at ${clockTime(command.confirm_by)} UTC unless confirmed`),
    how,
    refusal,
  );
}

function controls(command, words, isMine, act) {
  if (isMine && !needsSecondPerson()) return ownConfirmation(command, act);
  const cancel = (author) => api.post(`commands/${command.id}/cancel`, { author });
  const refuse = el('button', { type: 'button', class: 'pw-button', 'aria-label': `${isMine ? 'Cancel' : 'Refuse'} command ${command.id}` }, isMine ? 'Cancel' : 'Refuse');
  refuse.addEventListener('click', () => act(refuse, cancel));
  if (isMine) return [el('p', {}, '… You asked for it: another person has to confirm it.'), el('div', { class: 'pw-command-buttons' }, refuse)];
  const confirm = el('button', { type: 'button', class: 'pw-button pw-primary', 'aria-label': `Confirm command ${command.id} …` }, 'Confirm …');
  const sure = `${command.author} asks for: ${words}. ${sentence(command.hazard)} Send it?`;
  confirm.addEventListener('click', () =>
    act(confirm, async (author) => {
      const confirmed = await ask(sure, [], 'Confirm and send', () => api.post(`commands/${command.id}/confirm`, { author }));
      if (!confirmed) confirm.disabled = false;
    }),
  );
  return el('div', { class: 'pw-command-buttons' }, confirm, refuse);
}

function ownConfirmation(command, act) {
  const id = `pw-confirm-${command.id}`;
  const typed = el('input', { id, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  const confirm = el('button', { class: 'pw-button pw-primary' }, 'Confirm and send');
  const cancel = el('button', { type: 'button', class: 'pw-button', 'aria-label': `Cancel command ${command.id}` }, 'Cancel');
  const form = el(
    'form',
    { class: 'pw-command-confirm' },
    el('label', { for: id }, "Type the unit's name, ", el('b', {}, key(command)), ', to confirm'),
    el('div', { class: 'pw-command-buttons' }, typed, confirm, cancel),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    act(confirm, async (author) => {
      const unit = typed.value.trim();
      if (unit !== key(command)) throw new Error(`“${unit}” is not ${key(command)}: nothing was sent.`);
      await api.post(`commands/${command.id}/confirm`, { author, unit });
    });
  });
  cancel.addEventListener('click', () => act(cancel, (author) => api.post(`commands/${command.id}/cancel`, { author })));
  return form;
}
