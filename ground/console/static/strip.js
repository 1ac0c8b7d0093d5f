// The alarm strip: the most urgent alarm, how many wait, clocks, and whether we still hear anyone.

import { acknowledge, byUrgency, isOpen, isUnacknowledged, shape, source } from './alarms.js';
import { el, painter, swap } from './dom.js';
import { clockTime, dateTime, duration } from './format.js';
import { Sound } from './sound.js';

const STATE_WORDS = { live: '● live', silent: '✖ SILENT', never: '○ never heard' };

export function mountStrip(root, ground) {
  const { live, operator } = ground;
  const sound = new Sound(live);
  const what = el('div', { class: 'pw-strip-what' });
  const when = el('div', { class: 'pw-strip-when' });
  const action = el('div', { class: 'pw-strip-action' });
  const count = el('div', { class: 'pw-strip-count', 'aria-label': 'Unacknowledged alarms' });
  const soundButton = el('button', { class: 'pw-button', onclick: () => (sound.toggle(), paint()) });
  const operatorButton = el('button', { class: 'pw-button', onclick: () => operator.change() });
  const row = el('div', { 'aria-label': 'Alarm strip' }, what, when, action, count, soundButton, operatorButton);
  const states = el('div', { class: 'pw-states' });
  root.append(row, states);

  const paint = painter(() => {
    const open = live.topic('alarms').filter(isOpen).sort(byUrgency);
    const waiting = open.filter(isUnacknowledged).length;
    row.className = `pw-strip ${rowClass(live, open, waiting)}`;
    swap(what, headline(live, open));
    swap(when, live.lostAt === null && open.length ? timing(open[0]) : '');
    swap(action, live.lostAt === null && open.length ? disposal(open[0], operator) : '');
    swap(count, live.lostAt === null ? waitingWords(waiting, open) : '');
    swap(soundButton, sound.on ? 'Sound on' : 'Sound off');
    operatorButton.setAttribute('aria-label', `Operator: ${operator.name}`);
    swap(operatorButton, el('span', { class: 'pw-wide' }, 'Operator: '), operator.name || 'enter name …');
    swap(states, stateLine(ground));
  });
  live.onAny(['alarms', 'units', 'connection'], paint);
  operator.onChange(paint);
  setInterval(paint, 1000);
}

function rowClass(live, open, waiting) {
  if (live.lostAt !== null) return 'is-lost';
  if (open.length === 0) return 'is-quiet';
  return `is-${open[0].severity}${waiting ? ' is-waiting' : ''}`;
}

function headline(live, open) {
  if (live.lostAt !== null) {
    const age = duration((Date.now() - live.lostAt) / 1000);
    return [el('b', {}, '✖ GROUND STATION DOES NOT ANSWER'), ` for ${age}: all below is old; connecting again …`];
  }
  if (open.length === 0) return '✓ No open alarms';
  const alarm = open[0];
  return [
    el('b', { class: 'pw-strip-severity' }, `${shape(alarm)} ${alarm.severity.toUpperCase()}`),
    alarm.late ? [el('b', { class: 'pw-late' }, 'LATE'), ' '] : null,
    el('span', { title: alarm.what }, el('b', {}, source(alarm)), ` ${alarm.what}`),
  ];
}

function waitingWords(waiting, open) {
  const wide = el('span', { class: 'pw-wide' }, ` unacknowledged of ${open.length} open`);
  return [el('b', {}, String(waiting)), wide, el('span', { class: 'pw-narrow' }, ' waiting')];
}

function timing(alarm) {
  const age = duration((Date.now() - Date.parse(alarm.raised)) / 1000);
  return `${clockTime(alarm.time)} onboard · raised ${age} ago`;
}

function disposal(alarm, operator) {
  if (!isUnacknowledged(alarm)) return `acknowledged by ${alarm.acknowledged_by}`;
  const onclick = () => acknowledge(alarm, operator);
  return el('button', { class: 'pw-button pw-primary', 'data-alarm': alarm.id, onclick }, 'Acknowledge');
}

// Normal in the first seconds, when the ground has just learnt what the unit keeps.
function missingWords({ missing, lost }) {
  const words = [
    missing ? `${missing} missing: records not yet here; asked for, and kept on board until they are` : '',
    lost ? `${lost} lost on board: overwritten before the ground had them` : '',
  ];
  return words.filter(Boolean).join('. ') || null;
}

function stateLine({ live, clock }) {
  const onboard = clock.known ? dateTime(clock.currentValue()) : 'no packet yet';
  return [
    el('span', { class: 'pw-wide' }, 'Ground ', el('b', {}, clockTime(Date.now())), ' UTC'),
    el('span', {}, 'Onboard ', el('b', {}, onboard), ' UTC'),
    live.topic('units').map((unit) => unitChip(unit, live)),
    el('span', { class: live.connected ? 'pw-wide' : 'is-bad' }, live.connected ? '● feed connected' : '✖ FEED LOST'),
  ];
}

function unitChip(unit, live) {
  const key = `${unit.vehicle}/${unit.unit}`;
  const silentSince = unit.state === 'silent' && unit.last_received;
  return el(
    'span',
    { class: unit.state === 'live' && live.connected ? '' : 'is-bad', 'data-unit': key, title: missingWords(unit) },
    el('b', {}, key),
    ` ${live.connected ? STATE_WORDS[unit.state] : '? unknown'}`,
    silentSince ? ` since ${clockTime(unit.last_received)}` : '',
    unit.missing ? ` · ${unit.missing} missing${unit.refilling ? ', refilling' : ''}` : '',
    unit.lost ? ` · ${unit.lost} lost on board` : '',
  );
}
