// The alarm strip: the most urgent alarm, how many wait, clocks, and whether we still hear anyone.

import { acknowledge, byUrgency, howMany, isOpen, isUnacknowledged, shape, source } from './alarms.js';
import { el, painter, swap } from './dom.js';
import { evidenceButton, onEvidence } from './evidence.js';
import { REPLAYED, clockTime, dateTime, duration } from './format.js';
import { goTo } from './nav.js';
import { whyNot } from './rights.js';
import { Sound } from './sound.js';

const STATE_WORDS = { live: '● live', silent: '✖ SILENT', never: '○ never heard' };

const stateWords = (state, replay) => (replay && state === 'live' ? REPLAYED : STATE_WORDS[state]);

export function mountStrip(root, ground) {
  const { live, operator } = ground;
  const sound = new Sound(live);
  const what = el('div', { class: 'pw-strip-what' });
  const when = el('div', { class: 'pw-strip-when' });
  const action = el('div', { class: 'pw-strip-action' });
  const count = el('div', { class: 'pw-strip-count', 'aria-label': 'Unacknowledged alarms' });
  const flood = el('div', { class: 'pw-strip-flood', 'aria-label': 'Alarm flood' });
  const soundButton = el('button', { class: 'pw-button', onclick: () => (sound.toggle(), paint()) });
  const operatorButton = el('button', { class: 'pw-button', onclick: () => operator.change() });
  const row = el('div', { 'aria-label': 'Alarm strip' }, what, when, action, count, flood, soundButton, operatorButton);
  const states = el('div', { class: 'pw-states' });
  root.append(row, states);

  const paint = painter(() => {
    const open = live.topic('alarms').filter(isOpen).sort(byUrgency);
    const many = howMany(live);
    row.className = `pw-strip ${rowClass(live, open, many.waiting)}`;
    swap(what, headline(live, open));
    swap(when, live.lostAt === null && open.length ? timing(open[0], now(ground)) : '');
    swap(action, live.lostAt === null && open.length ? disposal(open[0], operator) : '');
    swap(count, live.lostAt === null ? waitingWords(many) : '');
    swap(flood, live.lostAt === null ? floodWords(live.counts.flood) : '');
    const [state, other] = sound.on ? ['Sound is on', ': turn off'] : ['Sound is off', ': turn on'];
    soundButton.setAttribute('aria-label', state + other);
    swap(soundButton, state, el('span', { class: 'pw-wide' }, other));
    operatorButton.setAttribute('aria-label', `Operator: ${operator.name || operator.prompt}`);
    operatorButton.title = operator.title ?? '';
    swap(operatorButton, el('span', { class: 'pw-wide' }, 'Operator: '), operator.name || operator.prompt);
    swap(states, stateLine(ground));
  });
  live.onAny(['alarms', 'counts', 'units', 'connection'], paint);
  operator.onChange(paint);
  onEvidence(paint);
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
    alarm.replay ? [el('b', { class: 'pw-late' }, 'REPLAY'), ' '] : null,
    alarm.late ? [el('b', { class: 'pw-late' }, 'LATE'), ' '] : null,
    el('span', { title: alarm.what }, el('b', {}, source(alarm)), ` ${alarm.what}`),
  ];
}

function waitingWords({ waiting, open }) {
  const wide = el('span', { class: 'pw-wide' }, ` unacknowledged of ${open} open`);
  const words = [el('b', {}, String(waiting)), wide, el('span', { class: 'pw-narrow' }, ' waiting')];
  const label = `List of alarms: ${waiting} waiting of ${open} open`;
  return el('button', { class: 'pw-button', 'aria-label': label, title: 'To the list of alarms', onclick: () => goTo('alarms') }, words);
}

// More than one operator can take in (ISA-18.2): work from the top, ask for help.
function floodWords({ active, alarms, since, limit, window_s: seconds }) {
  if (!active) return '';
  const span = `${seconds / 60} min`;
  const title = `Alarm flood since ${clockTime(since)}: more than ${limit} alarms in ${span}. The gravest come first.`;
  return el('b', { title }, '▲ ', el('span', { class: 'pw-wide' }, 'ALARM '), `FLOOD: ${alarms} in ${span}`);
}

// Of a recording its own time: by the wall clock its alarms rose months ago.
const now = ({ replay, clock }) => (replay && clock.known ? clock.currentValue() : Date.now());

function timing(alarm, nowMs) {
  const since = (time) => duration((nowMs - Date.parse(time)) / 1000);
  if (alarm.silence?.last_good && alarm.active) {
    const { last_good: lastGood, missing } = alarm.silence;
    return `last good packet ${since(lastGood)} ago · ${missing} missing before`;
  }
  return `${clockTime(alarm.time)} onboard · raised ${since(alarm.raised)} ago`;
}

function disposal(alarm, operator) {
  const onclick = () => acknowledge(alarm, operator);
  const why = whyNot('acknowledge');
  return [
    isUnacknowledged(alarm)
      ? el('button', { class: 'pw-button pw-primary', 'data-alarm': alarm.id, disabled: Boolean(why), title: why || null, onclick }, 'Acknowledge')
      : `acknowledged by ${alarm.acknowledged_by}`,
    ' ',
    el('span', { class: 'pw-wide' }, evidenceButton(alarm)),
  ];
}

const CLOCK_TITLE = 'How exactly onboard times are known in UTC, and how fast the onboard clock gains';

// Normal in the first seconds, when the ground has just learnt what the unit keeps.
function missingWords({ missing, given_up: givenUp, lost }) {
  const words = [
    missing - givenUp ? `${missing - givenUp} not yet fetched: asked for, and kept on board until they are here` : '',
    givenUp ? `${givenUp} given up: no answer to repeated requests; fetch them by command` : '',
    lost ? `${lost} lost on board: overwritten before the ground had them` : '',
  ];
  return words.filter(Boolean).join('. ') || null;
}

function clockWords({ correlation }) {
  if (!correlation || correlation.accuracy_s === null) return '';
  const { accuracy_s: accuracy, drift_ppm: drift } = correlation;
  const within = accuracy < 1 ? `${Math.ceil(accuracy * 1000)} ms` : `${accuracy.toFixed(1)} s`;
  const ppm = drift === null ? '' : ` ${drift < 0 ? '−' : '+'}${Math.abs(drift).toFixed(1)} ppm`;
  return ` · clock ±${within}${ppm}`;
}

function stateLine({ live, clock, replay }) {
  const onboard = clock.known ? [el('b', {}, dateTime(clock.currentValue())), ' UTC'] : 'no packet yet';
  return [
    el('span', { class: 'pw-wide' }, 'Ground ', el('b', {}, clockTime(Date.now())), ' UTC'),
    el('span', {}, 'Onboard ', onboard),
    live.topic('units').map((unit) => unitChip(unit, live, replay)),
    el('span', { class: live.connected ? 'pw-wide' : 'is-bad' }, live.connected ? '● feed connected' : '✖ FEED LOST'),
  ];
}

function unitChip(unit, live, replay) {
  const key = `${unit.vehicle}/${unit.unit}`;
  const silentSince = unit.state === 'silent' && unit.last_received;
  return el(
    'span',
    { class: unit.state === 'live' && live.connected ? '' : 'is-bad', 'data-unit': key, title: missingWords(unit) },
    el('b', {}, key),
    ` ${live.connected ? stateWords(unit.state, replay) : '? unknown'}`,
    silentSince ? ` since ${clockTime(unit.last_received)}` : '',
    unit.missing ? ` · ${unit.missing} missing${unit.refilling ? ', refilling' : ''}` : '',
    unit.given_up ? ` · ${unit.given_up} given up` : '',
    unit.lost ? ` · ${unit.lost} lost on board` : '',
    el('span', { class: 'pw-wide', title: CLOCK_TITLE }, clockWords(unit)),
  );
}
