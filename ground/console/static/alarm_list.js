// The alarms, the most urgent first, with all that an operator does with them.

import { SHOWN, acknowledge, acknowledgeSeen, askReason, byPriority, howMany, isOpen, isShelved, isUnacknowledged, shape, shelve, source } from './alarms.js';
import { el, painter, swap } from './dom.js';
import { evidenceButton, onEvidence } from './evidence.js';
import { clockTime } from './format.js';
import { whyNot } from './rights.js';

const SHELVE_S = 600;

export function mountAlarms(root, ground) {
  const { live, operator } = ground;
  const all = el('div', { class: 'pw-alarm-all' });
  const list = el('ol', { class: 'pw-alarms', 'aria-label': 'Alarms' });
  let most = SHOWN;
  let painted = []; // what the operator sees, while newer ones may be here already
  const more = () => ((most += SHOWN), paint());
  const paint = painter(() => {
    const alarms = live.topic('alarms').filter((a) => isOpen(a) || isShelved(a)).sort(byPriority);
    // What waits is not crowded out by what is acknowledged, shelved, or graver and known.
    const waiting = alarms.filter(isUnacknowledged).slice(0, most);
    const others = alarms.filter((a) => !isUnacknowledged(a)).slice(0, most);
    painted = [...waiting, ...others].sort(byPriority);
    swap(all, acknowledgeAll(painted, () => acknowledgeSeen(painted.filter(isUnacknowledged), operator)));
    swap(list, entries(painted, alarms.length, howMany(live), operator, more));
  });
  root.classList.add('pw-alarm-view');
  root.append(all, list);
  const ends = [live.onAny(['alarms', 'counts'], paint), onEvidence(paint)];
  operator.onChange(paint);
  return () => {
    paint.end();
    ends.forEach((end) => end());
  };
}

function acknowledgeAll(painted, onclick) {
  const waiting = painted.filter(isUnacknowledged).length;
  if (waiting < 2) return null;
  const why = whyNot('acknowledge');
  return [
    el('button', { class: 'pw-button', disabled: Boolean(why), onclick }, `Acknowledge all ${waiting} shown …`),
    why ? el('small', {}, `○ ${why}`) : null,
  ];
}

function entries(painted, here, many, operator, more) {
  if (painted.length === 0) return el('li', { class: 'is-none' }, '✓ No open alarms');
  const rest = many.open - painted.filter(isOpen).length;
  const button = here > painted.length ? el('button', { class: 'pw-button', onclick: more }, 'Show more') : null;
  const last = rest > 0 ? el('li', { class: 'is-none' }, `and ${rest} more, less urgent`, button) : null;
  return [...painted.map((alarm) => entry(alarm, operator)), last];
}

function entry(alarm, operator) {
  return el(
    'li',
    { class: `is-${alarm.severity}`, 'data-alarm': alarm.id },
    el('b', {}, `${shape(alarm)} ${alarm.severity.toUpperCase()} ${source(alarm)} ${alarm.late ? 'LATE' : ''}`),
    el('span', {}, alarm.what),
    el('small', {}, `${clockTime(alarm.time)} onboard · ${stateWords(alarm)}`),
    el(
      'div',
      { class: 'pw-alarm-buttons' },
      isUnacknowledged(alarm)
        ? el('button', { class: 'pw-button pw-primary', ...may('acknowledge'), onclick: () => acknowledge(alarm, operator) }, 'Acknowledge')
        : null,
      isOpen(alarm)
        ? el('button', { class: 'pw-button', ...may('shelve'), onclick: () => shelveFor(alarm, operator) }, 'Shelve 10 min')
        : el('button', { class: 'pw-button', ...may('shelve'), onclick: () => shelve(alarm, operator, '', 0) }, 'Un-shelve'),
      evidenceButton(alarm),
    ),
  );
}

// Who may not sees why before pressing.
function may(what) {
  const why = whyNot(what);
  return { disabled: Boolean(why), title: why || null };
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
