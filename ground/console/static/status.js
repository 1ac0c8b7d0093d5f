// Return status: who can go home in what, and which rule says so. It advises; people decide.

import { el, painter, swap } from './dom.js';
import { clockTime, moment } from './format.js';
import { inspect } from './inspection.js';

const SHAPE = { GREEN: '●', AMBER: '▲', RED: '■' };

export function mountStatus(root, ground) {
  const { live } = ground;
  const opened = new Set(); // vehicles whose details someone reads: a redraw must not close them
  root.classList.add('pw-status');
  const paint = painter(() => {
    const lost = live.lostAt && new Date(live.lostAt).toISOString();
    const vehicles = live.topic('status').map((v) => ({ ...v, unknown_since: v.unknown_since ?? lost }));
    swap(root, homeLine(vehicles, ground.fleet), overview(vehicles), vehicles.map((v) => card(v, ground, opened)));
  });
  return live.onAny(['status', 'leaks', 'units', 'connection'], paint);
}

function homeLine(vehicles, fleet) {
  const seats = { GREEN: 0, AMBER: 0, UNKNOWN: 0 };
  const given = fleet.some((craft) => craft.crew !== null);
  const crew = fleet.reduce((sum, craft) => sum + (craft.crew ?? 0), 0);
  for (const craft of fleet) {
    const now = vehicles.find((v) => v.id === craft.id);
    if (!now?.status) continue;
    const kind = now.unknown_since ? 'UNKNOWN' : now.status;
    if (kind in seats) seats[kind] += craft.seats;
  }
  const enough = seats.GREEN >= crew;
  return el(
    'p',
    { class: `pw-home ${enough ? '' : 'is-short'}`, 'aria-label': 'Seats home' },
    given
      ? el('b', {}, enough ? '✓ ' : '▲ ', `${seats.GREEN} GREEN seats for ${crew} crew`)
      : el('b', {}, `? ${seats.GREEN} GREEN seats, crew not given`),
    seats.AMBER ? ` · ${seats.AMBER} emergency only` : '',
    seats.UNKNOWN ? ` · ${seats.UNKNOWN} unknown` : '',
  );
}

// All vehicles at one glance, where the cards below need scrolling.
function overview(vehicles) {
  return el(
    'p',
    { class: 'pw-overview', 'aria-label': 'All vehicles' },
    vehicles.map((v) => {
      const leaks = v.leaks.some((k) => k.active);
      const state = v.status ? `${SHAPE[v.status]} ${v.status}` : leaks ? '▼ LEAK' : v.unknown_since ? 'leak' : '● no leak';
      const kind = v.unknown_since ? 'unknown' : (v.status ?? (leaks ? 'red' : 'station')).toLowerCase();
      return el('span', { class: `pw-chip is-${kind}` }, state, v.unknown_since ? ' ?' : '', el('small', {}, v.name));
    }),
  );
}

function card(vehicle, ground, opened) {
  const craft = ground.fleet.find((v) => v.id === vehicle.id);
  return el(
    'section',
    { class: `pw-card is-${(vehicle.status ?? 'station').toLowerCase()}`, 'data-vehicle': vehicle.id },
    el(
      'header',
      {},
      el('div', { class: 'pw-chips' }, chip(vehicle, craft, ground.live), unknownChip(vehicle)),
      el('h3', {}, vehicle.name, el('small', {}, facts(vehicle, craft))),
      craft?.windows.length
        ? el('button', { class: 'pw-button', onclick: () => inspect(craft, ground) }, 'Inspection …')
        : null,
    ),
    vehicle.tasks.map((task) => el('p', { class: 'pw-task' }, el('b', {}, '◎ Photo task: '), task.words)),
    vehicle.leaks.map(leakLine),
    vehicle.leaks.length === 0 && !vehicle.status ? noLeak(vehicle) : null,
    rules(vehicle, opened),
  );
}

// A GREEN that nobody knows to hold is hollow: what is filled with green is known now.
function chip(vehicle, craft, live) {
  if (!vehicle.status) {
    return el('span', { class: 'pw-chip' }, vehicle.role === 'station' ? 'STATION' : 'NOT CONFIGURED');
  }
  const past = vehicle.status === 'GREEN' && vehicle.unknown_since ? (isHeard(craft, live) ? 'last known' : 'never heard') : '';
  const kind = `is-${vehicle.status.toLowerCase()} ${past ? 'is-past' : ''}`;
  const words = past || vehicle.meaning;
  return el('span', { class: `pw-chip ${kind}` }, `${SHAPE[vehicle.status]} ${vehicle.status}`, el('small', {}, words));
}

const isHeard = (craft, live) => craft?.windows.some((w) => live.unit(`${craft.id}/${w.id}`)?.state !== 'never') ?? true;

function unknownChip(vehicle) {
  if (!vehicle.unknown_since) return null;
  return el('span', { class: 'pw-chip is-unknown' }, `? UNKNOWN SINCE ${clockTime(vehicle.unknown_since)}`);
}

function facts(vehicle, craft) {
  if (!craft || !vehicle.status) return vehicle.id;
  const last = vehicle.history.at(-1);
  const since = last ? ` · since ${moment(last.time)}` : '';
  return `${vehicle.id} · ${craft.seats} seats, crew ${craft.crew ?? 'not given'}${since}`;
}

// What decides the present status in full; what it outweighs by name; the rest behind a click.
function rules({ id, status, rules: fired }, opened) {
  if (fired.length === 0) return null;
  const deciding = fired.filter((rule) => rule.status === status);
  const others = [...new Set(fired.filter((rule) => rule.status !== status).map((rule) => rule.rule))];
  const also = others.length ? `also AMBER: ${others.map(spaced).join(', ')} · ` : '';
  const ontoggle = ({ target }) => (target.open ? opened.add(id) : opened.delete(id));
  return [
    el('ul', {}, deciding.map((rule) => el('li', {}, el('b', {}, SHAPE[rule.status]), ' ', shortly(id, rule)))),
    el(
      'details',
      { open: opened.has(id), ontoggle },
      el('summary', {}, also, 'inputs and uncertainty'),
      fired.map((rule) => ruleDetails(id, rule)),
    ),
  ];
}

const spaced = (name) => name.replaceAll('_', ' ');
const shortly = (vehicleId, rule) => rule.words.replace(`${vehicleId}/`, '');

function ruleDetails(vehicleId, rule) {
  return el(
    'p',
    { 'data-rule': rule.rule },
    el('b', {}, `${rule.status} ${spaced(rule.rule)} `),
    shortly(vehicleId, rule),
    el('small', {}, [rule.inputs_words, rule.uncertainty].filter(Boolean).join(' — ')),
  );
}

// "No leak seen" is only for a station that is heard now.
function noLeak({ unknown_since: since }) {
  return since ? el('p', { class: 'pw-old' }, `Leak unknown; none seen before ${clockTime(since)}`) : el('p', {}, 'No leak seen.');
}

function leakLine(leak) {
  const words = [
    leak.range_words ? `${leak.words} (${leak.range_words})` : leak.words,
    `±${leak.sigma_pa_s.toFixed(1)} Pa/s`,
    `hole ${leak.hole_mm.toFixed(2)} mm`,
    `since ${clockTime(leak.time)}`,
  ];
  const title = `${leak.active ? '▼ LEAK' : 'Leak ended'} ${leak.window} ${leak.volume}: `;
  return el('p', { class: leak.active ? 'pw-leak' : '' }, el('b', {}, title), words.join(' · '));
}
