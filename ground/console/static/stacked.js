// Our views stacked, without Open MCT: for a phone, and where Open MCT's files are missing.

import { acknowledge, askReason, byUrgency, isOpen, isShelved, isUnacknowledged, shape, shelve, source } from './alarms.js';
import { el, painter, swap } from './dom.js';
import { clockTime } from './format.js';
import { mountPanes } from './panes.js';
import { mountStatus } from './status.js';

const SHELVE_S = 600;

export async function start(root, ground) {
  const status = el('div');
  const panes = el('div');
  const list = el('ol', { class: 'pw-alarms', 'aria-label': 'Alarms' });
  root.classList.add('pw-stacked');
  root.append(
    el('h2', {}, 'Return status'), status,
    el('h2', {}, 'Alarms'), list,
    el('h2', {}, 'Panes'), panes,
  );
  mountStatus(status, ground);
  mountPanes(panes, ground);
  const paint = painter(() => swap(list, entries(ground)));
  ground.live.on('alarms', paint);
}

function entries({ live, operator }) {
  const alarms = live.topic('alarms').filter((a) => isOpen(a) || isShelved(a)).sort(byUrgency);
  if (alarms.length === 0) return el('li', { class: 'is-none' }, '✓ No open alarms');
  return alarms.map((alarm) =>
    el(
      'li',
      { class: `is-${alarm.severity}`, 'data-alarm': alarm.id },
      el('b', {}, `${shape(alarm)} ${alarm.severity.toUpperCase()} ${source(alarm)} ${alarm.late ? 'LATE' : ''}`),
      el('span', {}, alarm.what),
      el('small', {}, `${clockTime(alarm.time)} onboard · ${stateWords(alarm)}`),
      isUnacknowledged(alarm)
        ? el('button', { class: 'pw-button pw-primary', onclick: () => acknowledge(alarm, operator) }, 'Acknowledge')
        : null,
      isOpen(alarm)
        ? el('button', { class: 'pw-button', onclick: () => shelveFor(alarm, operator) }, 'Shelve 10 min')
        : el('button', { class: 'pw-button', onclick: () => shelve(alarm, operator, '', 0) }, 'Un-shelve'),
    ),
  );
}

async function shelveFor(alarm, operator) {
  const reason = await askReason(alarm.what);
  if (reason) await shelve(alarm, operator, reason, SHELVE_S);
}

function stateWords(alarm) {
  if (isShelved(alarm)) return `shelved until ${clockTime(alarm.shelved_until)}: ${alarm.shelve_reason}`;
  if (!isUnacknowledged(alarm)) return `acknowledged by ${alarm.acknowledged_by}`;
  return alarm.active ? 'active, unacknowledged' : 'returned to normal, unacknowledged';
}
